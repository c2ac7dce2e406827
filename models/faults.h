// What can be broken from outside, one struct for each verb, named and filled as the lab's scripts do.
// inject() does it, at this instant; when that is, is the scenario's business.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/node/command.h"
#include "engine/node/ids.h"

namespace fencepost::models {

class Machine;
class World;

// Where a node is asked for, a name may be: a node, @dc, @other (the first that is not DC), @active:RES,
// @promoted:RES.
using NodeRef = std::string;

namespace fault {

// --- node ---
struct Crash {  // power is lost at once
  NodeRef node;
  std::optional<Duration> back_after;
};
struct PowerOn {
  NodeRef node;
};
struct PowerLoss {  // the supply fails, and with it a BMC that shares it
  NodeRef node;
  std::optional<Duration> lasts;
};
struct Pause {  // cgroup freezer, VM pause: everything stands still, clocks go on
  NodeRef node;
  std::optional<Duration> lasts;
};
struct Resume {
  NodeRef node;
};
struct Shutdown {  // orderly stop of Pacemaker, then Corosync
  NodeRef node;
  bool power_off = false;
  std::optional<Duration> back_after;
};
struct StartCluster {
  NodeRef node;
};
struct SlowNode {  // agents and forks take `factor` times as long
  NodeRef node;
  double factor = 1;
  std::optional<Duration> lasts;
};
struct ClockJump {
  NodeRef node;
  Duration by{};
};

// --- daemons ---
struct KillDaemon {
  NodeRef node;
  std::string daemon;  // corosync, pacemakerd, pacemaker-controld …
};

// --- network ---
struct Partition {
  std::vector<std::vector<NodeRef>> groups;  // nodes not named are alone
  std::optional<Duration> heal_after;
  std::string network;  // empty: all networks
};
struct Heal {
  std::string network;
};
struct LinkDown {
  NodeRef node;
  std::string network;  // empty: all networks
  std::optional<Duration> lasts;
};
struct LinkUp {
  NodeRef node;
  std::string network;
};
struct OneWay {  // packets from one to the other are lost, not the other way round
  NodeRef from, to;
  std::string network;
  std::optional<Duration> lasts;
};
struct Loss {  // a share of all packets to and from the node
  NodeRef node;
  double share = 0;  // 0 … 1; 0 ends it
  std::string network;
  std::optional<Duration> lasts;
};
struct Delay {
  NodeRef node;
  Duration delay{};  // each way; 0 ends it
  std::string network;
  std::optional<Duration> lasts;
};

// --- agents ---
struct AgentFault {
  enum class Mode : std::uint8_t {
    rc,     // do nothing, return rc
    apply,  // do it, return rc
    hang,   // for `seconds` (0: for ever) before anything else; SIGKILL ends it
    stuck,  // as in D state: nothing ends it until cleared
    delay,  // takes `seconds` longer
  };
  std::string resource;  // or *
  std::string action;    // or *
  NodeRef node = "*";
  Mode mode = Mode::rc;
  int rc = 1;
  Duration seconds{};
  std::optional<int> count;       // the next so many calls; else until cleared
  std::optional<Duration> lasts;  // for_s
  std::optional<bool>
      probe;         // of monitors: only probes, or only others; the lab's default for "monitor" is false
  std::string role;  // only while the resource has this role there
  std::string id;
};
struct AgentClear {  // what is given must match
  std::optional<std::string> id, resource, action;
  std::optional<NodeRef> node;
};
struct KillResource {  // the service is gone, as if it had crashed
  std::string resource;
  NodeRef node;  // empty: everywhere
};

// --- fencing ---
struct FenceMode {
  enum class Mode : std::uint8_t {
    ok,
    slow,          // `seconds` longer
    fail,          // after `seconds` (0: as long as power takes), says it failed
    hang,          // never answers
    fail_monitor,  // only the monitor fails
    lie,           // says it did, and did not
    unreachable,   // no connection: fails after the login timeout
  };
  std::string device = "*";  // its `device` parameter or its resource id
  NodeRef target;            // empty: any
  NodeRef requester;         // empty: any
  Mode mode = Mode::ok;
  Duration seconds{};
  std::optional<int> count;
};

// --- people ---
struct Ask {  // standby, move, ban, clear, cleanup, refresh, set_property, set_meta, cib …
  node::Command command;
  std::string verb;  // as the script has it
  NodeRef on;        // empty: the DC, or any node that can
};
struct Exec {  // shell text on the node; what no model understands is an error
  NodeRef node;
  std::string text;
};
struct Note {
  std::string text;
};

// A verb of another area of the models (DRBD, NFS, databases …), which registers how to do it: see
// FaultCatalogue.
struct Other {
  std::string verb;
  std::map<std::string, std::string> arguments;  // as text: {"server": "filer", "for": "10m"}
};

}  // namespace fault

using Fault =
    std::variant<fault::Crash, fault::PowerOn, fault::PowerLoss, fault::Pause, fault::Resume, fault::Shutdown,
                 fault::StartCluster, fault::SlowNode, fault::ClockJump, fault::KillDaemon, fault::Partition,
                 fault::Heal, fault::LinkDown, fault::LinkUp, fault::OneWay, fault::Loss, fault::Delay,
                 fault::AgentFault, fault::AgentClear, fault::KillResource, fault::FenceMode, fault::Ask,
                 fault::Exec, fault::Note, fault::Other>;

// A fault of a scenario: what is injected, and how the record names it.
struct ScenarioFault {
  int index = 0;  // its place in the scenario, from 0
  Fault fault;
  std::string text;  // in one line, as the scenario has it
};

// Injects it now and records FaultInjected; what has an end ends by itself and records FaultEnded. An error
// says what cannot be done (no such node, nobody is promoted now) and has changed nothing.
Result<void> inject(World& world, const ScenarioFault& fault);

// SIGKILL to a daemon of the cluster stack. False: there is no such daemon.
bool kill_daemon(Machine& machine, std::string_view daemon);

std::string verb(const Fault& fault);    // "crash"
std::string target(const Fault& fault);  // "node1", "fs on node1"

// The node that a reference means at this moment.
Result<node::NodeId> resolve(World& world, const NodeRef& node);

// Every verb there is, for `fencepost faults` and for people who mistype one.
struct FaultVerb {
  std::string name;       // nfs_hang
  std::string family;     // node, daemons, network, agents, fencing, people, drbd, filesystem, nfs …
  std::string arguments;  // "server, [for]": what may be left out stands in brackets
  std::string about;      // one sentence
  std::string example;    // "{at: 60s, verb: nfs_hang, server: filer, for: 10m}"
  // Does a fault::Other. `ended` is to be called when the fault ends by itself. Empty for verbs that have a
  // struct.
  std::function<Result<void>(World&, const fault::Other&, std::function<void()> ended)> inject;
};
// In families, in the order in which they are to be read. Each area adds its own list in fault_verbs.cpp.
const std::vector<FaultVerb>& fault_verbs();
const FaultVerb* find_fault_verb(std::string_view name);

}  // namespace fencepost::models
