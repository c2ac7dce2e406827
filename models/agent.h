// Agents: what start, stop and monitor of a resource really do on a simulated machine, and what fence agents
// do.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/node/agent_run.h"
#include "engine/sim/random.h"
#include "models/alarm.h"
#include "models/faults.h"
#include "models/process.h"
#include "models/script.h"

namespace fencepost::models {

// Exit codes of OCF agents (resource-agent API 1.1; Pacemaker Administration, "OCF return codes").
namespace ocf {
inline constexpr int kSuccess = 0;
inline constexpr int kGenericError = 1;
inline constexpr int kBadArguments = 2;
inline constexpr int kUnimplemented = 3;
inline constexpr int kNoPermission = 4;
inline constexpr int kNotInstalled = 5;
inline constexpr int kNotConfigured = 6;
inline constexpr int kNotRunning = 7;
inline constexpr int kRunningPromoted = 8;
inline constexpr int kFailedPromoted = 9;
}  // namespace ocf

class Agent;

// What a fault does to one run of an agent.
struct AgentFaultRule {
  fault::AgentFault::Mode mode = fault::AgentFault::Mode::rc;
  int rc = 1;
  Duration seconds{};
};

// One run of one action: what the agent finds in its environment, and what it says besides its exit code.
class AgentRun {
 public:
  explicit AgentRun(Machine& machine);
  ~AgentRun();

  const node::AgentCommand& command() const { return *command_; }
  node::CallId call() const { return call_; }
  std::string_view resource() const;  // without the instance number: "drbd" for "drbd:0"
  const std::string& action() const { return command_->action; }
  bool is_probe() const;
  // OCF_RESKEY_name, or the default.
  std::string_view parameter(std::string_view name, std::string_view otherwise = {}) const;
  std::string_view meta(std::string_view name,
                        std::string_view otherwise = {}) const;  // OCF_RESKEY_CRM_meta_name
  const std::string& fence_target() const { return target_; }
  SimTime started() const { return started_; }  // the order to run it
  SimTime began() const { return began_; }      // its own first line
  Duration left() const;                        // of the action's timeout

  void exit_reason(std::string text) { exit_.exit_reason = std::move(text); }  // ocf-exit-reason:
  void print(std::string text) { exit_.output = std::move(text); }
  const std::string& said() const { return exit_.exit_reason; }

 private:
  friend class Machine;
  friend class Process;
  void waits_until(SimTime at);  // a process of the run does
  void overdue();                // the timeout has passed and the leader is still there
  void report();                 // the leader is gone

  void reset(node::CallId call, node::AgentCommandPtr command, std::string target);

  Machine& machine_;
  node::CallId call_;
  node::AgentCommandPtr command_;
  std::string target_;
  SimTime started_{}, began_{};
  Agent* agent_ = nullptr;
  std::optional<AgentFaultRule> fault_;
  Process* leader_ = nullptr;
  std::vector<Process*> group_;  // all processes of the run, oldest first
  node::AgentExit exit_;
  Alarm overdue_;
  Alarm report_;
  bool was_overdue_ = false;
};

// One type of agent. run() is called when fork, exec and the head start are over.
class Agent {
 public:
  virtual ~Agent() = default;
  virtual Script run(Process& self, AgentRun& run) = 0;
  // From its first line to where it looks at the world for the first time: its shell reads functions and
  // parameters. An agent that knows how long it will only compute may say more, and saves itself a sleep.
  virtual Duration head_start(Machine& machine, const AgentRun& run);
  // What processors have to do from fork to that first line: an interpreter and its libraries, for nearly
  // all, and the daemons that fork and wait. Told by how crowds slow each other (models/core/cores.h).
  virtual Duration cpu_to_first_line() const { return 44ms; }
  // All of it, when nothing is wrong.
  virtual Duration usual_duration(Machine& machine, const AgentRun& run) { return head_start(machine, run); }
};

struct AgentName {
  node::AgentClass standard = node::AgentClass::ocf;
  std::string provider;
  std::string type;
  auto operator<=>(const AgentName&) const = default;
};
std::string to_string(const AgentName& name);  // ocf:heartbeat:IPaddr2

// Which agents there are. What is not modelled runs as a generic agent with given durations, and the run says
// so.
class AgentRegistry {
 public:
  void add(AgentName name, std::unique_ptr<Agent> agent);
  // For all agents of a class that nobody added by name ("stonith", any type).
  void add_fallback(node::AgentClass standard, std::unique_ptr<Agent> agent);
  Agent* find(const AgentName& name) const;  // added by name; else null
  Agent& find_or_generic(const node::AgentCommand& command) const;

 private:
  struct Named {
    AgentName name;
    std::unique_ptr<Agent> agent;
  };
  std::unordered_map<std::string, std::vector<Named>> by_type_;  // asked at every run, and never gone through
  std::map<node::AgentClass, std::unique_ptr<Agent>> fallbacks_;
};

// Key `agents` of a script: how long actions of generic agents take, on top of fork, exec and interpreter.
struct AgentDurations {
  // resource -> action ("start", "monitor", "probe" …) -> duration
  using Actions = std::map<std::string, sim::Distribution>;
  using Resources = std::map<std::string, Actions>;
  Resources everywhere;
  std::map<std::string, Resources> on_node;  // these go first

  const sim::Distribution* find(const std::string& node, std::string_view resource,
                                std::string_view action) const;
};

// crm_attribute --promotion, as an agent calls it: sets or deletes this node's promotion score for the
// resource, and waits until the attribute manager has it.
Task<bool> set_promotion_score(Process& self, const AgentRun& run, std::optional<std::string> score);

// Registers ocf:lab:Sim, ocf:lab:Stateful, ocf:pacemaker:Dummy and Stateful, ocf:heartbeat:Dummy, and the
// generic fallbacks for ocf, systemd, lsb and service.
void add_generic_agents(AgentRegistry& registry);

}  // namespace fencepost::models
