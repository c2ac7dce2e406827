// Every verb there is. An area of the models adds its own list below.
#include <algorithm>

#include "models/core/world_faults.h"
#include "models/faults.h"
#include "models/fencing/fencing_faults.h"
#include "models/os/storage_faults.h"
#include "models/services/virtual_machine_faults.h"

namespace fencepost::models {
namespace {

std::vector<FaultVerb> core_verbs() {
  const auto verb = [](const char* name, const char* family, const char* arguments, const char* about,
                       const char* example) {
    return FaultVerb{name, family, arguments, about, example, {}};
  };
  return {
      verb("crash", "node", "node, [back_after]",
           "Power is lost at once; the node is up again after back_after.",
           "{at: 60s, verb: crash, node: db1, back_after: 2min}"),
      verb("power_on", "node", "node", "A node that is off is up at once.",
           "{at: 5min, verb: power_on, node: db1}"),
      verb("power_loss", "node", "node, [for]",
           "All its power supplies fail, and with them a management board that shares them.",
           "{at: 60s, verb: power_loss, node: db1, for: 10min}"),
      verb("pause", "node", "node, [seconds]",
           "The node stands still and its clocks go on, as a paused virtual machine.",
           "{at: 60s, verb: pause, node: db1, seconds: 6}"),
      verb("resume", "node", "node", "Ends a pause.", "{at: 70s, verb: resume, node: db1}"),
      verb("shutdown", "node", "node, [power_off], [back_after]", "Orderly stop of Pacemaker, then Corosync.",
           "{at: 60s, verb: shutdown, node: db1, power_off: true, back_after: 3min}"),
      verb("start_cluster", "node", "node", "Starts the cluster stack on a node that is up.",
           "{at: 5min, verb: start_cluster, node: db1}"),
      verb("slow", "node", "node, factor, [for]",
           "Everything that this node starts takes factor times as long.",
           "{at: 60s, verb: slow, node: db1, factor: 10, for: 5min}"),
      verb("clock_jump", "node", "node, by", "The wall clock jumps; timers do not notice.",
           "{at: 60s, verb: clock_jump, node: db1, by: -1h}"),
      verb("kill_daemon", "daemons", "node, daemon",
           "SIGKILL to corosync or one of pacemaker-controld, -execd, -fenced, -attrd, -based, -schedulerd.",
           "{at: 60s, verb: kill_daemon, node: db1, daemon: pacemaker-controld}"),
      verb("partition", "network", "groups, [heal_after], [network]",
           "Nodes in different groups do not reach each other; a node not named is alone.",
           "{at: 60s, verb: partition, groups: [[db1], [db2]], heal_after: 30s}"),
      verb("heal", "network", "[network]", "Ends partitions.", "{at: 90s, verb: heal}"),
      verb("link_down", "network", "node, [network], [for]", "The node's port is down.",
           "{at: 60s, verb: link_down, node: db1, network: ring0}"),
      verb("link_up", "network", "node, [network]", "The node's port is up again.",
           "{at: 65s, verb: link_up, node: db1}"),
      verb("one_way", "network", "from, to, [network], [for]",
           "Packets from one to the other are lost, not the reverse.",
           "{at: 60s, verb: one_way, from: db1, to: db2, for: 1min}"),
      verb("loss", "network", "node, share, [network], [for]",
           "A share of all packets to and from the node is lost.",
           "{at: 60s, verb: loss, node: db1, share: 0.3, for: 1min}"),
      verb("delay", "network", "node, delay, [network], [for]",
           "All packets to and from the node take longer.",
           "{at: 60s, verb: delay, node: db1, delay: 200ms, for: 1min}"),
      verb("agent", "agents",
           "resource, action, mode, [node], [rc], [seconds], [count], [for_s], [probe], [role], [id]",
           "An agent misbehaves: rc (does nothing, returns rc), apply (does it, returns rc), hang "
           "(killable), stuck (D "
           "state, until cleared), delay.",
           "{at: 60s, verb: agent, resource: fs, action: monitor, node: db1, mode: hang, count: 1}"),
      verb("agent_clear", "agents", "[id], [resource], [action], [node]",
           "Takes agent faults away and lets stuck processes go.",
           "{at: 90s, verb: agent_clear, resource: fs}"),
      verb("kill_resource", "agents", "resource, [node]", "The service is gone, as if it had crashed.",
           "{at: 60s, verb: kill_resource, resource: db, node: db1}"),
      verb("fence_mode", "fencing", "mode, [device], [target], [requester], [seconds], [count]",
           "A fence device is ok, slow, fail, hang, fail-monitor, lie (says it did and did not) or "
           "unreachable.",
           "{at: 60s, verb: fence_mode, device: fence-db1, mode: fail, count: 2}"),
      verb("standby", "people", "node, [lifetime]", "crm_standby -v on.",
           "{at: 60s, verb: standby, node: db1}"),
      verb("unstandby", "people", "node, [lifetime]", "crm_standby -D.",
           "{at: 60s, verb: unstandby, node: db1}"),
      verb("move", "people", "resource, [node], [promoted], [lifetime]", "crm_resource --move.",
           "{at: 60s, verb: move, resource: db, node: db2}"),
      verb("ban", "people", "resource, [node], [promoted], [lifetime]", "crm_resource --ban.",
           "{at: 60s, verb: ban, resource: db, node: db1, lifetime: PT5M}"),
      verb("clear", "people", "resource, [node]", "crm_resource --clear: takes away what move and ban left.",
           "{at: 90s, verb: clear, resource: db}"),
      verb("cleanup", "people", "[resource], [node]", "crm_resource --cleanup: forgets failures.",
           "{at: 90s, verb: cleanup, resource: db}"),
      verb("refresh", "people", "[resource], [node]",
           "crm_resource --refresh: forgets all history and probes.",
           "{at: 90s, verb: refresh, resource: db}"),
      verb("set_property", "people", "name, [value]", "Sets a cluster property; without a value, deletes it.",
           "{at: 60s, verb: set_property, name: maintenance-mode, value: true}"),
      verb("set_meta", "people", "resource, name, [value]",
           "Sets a meta attribute; without a value, deletes it.",
           "{at: 60s, verb: set_meta, resource: db, name: target-role, value: Stopped}"),
      verb("set_attribute", "people", "node, name, [value], [transient]",
           "crm_attribute: sets an attribute of a node; without a value, deletes it.",
           "{at: 60s, verb: set_attribute, node: db1, name: rack, value: north}"),
      verb("fence", "people", "node, [action]", "stonith_admin: a person has the node fenced.",
           "{at: 60s, verb: fence, node: db2, action: reboot}"),
      verb("cib", "people", "[op], [scope], [xml], [xpath], [allow_create]", "cibadmin.",
           "{at: 60s, verb: cib, op: delete, xpath: //rsc_location}"),
      verb("exec", "people", "node, cmd", "Shell text on a node, as far as a model understands it.",
           "{at: 60s, verb: exec, node: db1, cmd: ip addr del 10.0.0.100/24 dev eth0}"),
      verb("note", "people", "[text]", "Nothing happens; it stands in the record.",
           "{at: 60s, verb: note, text: the operator goes for coffee}"),
  };
}

}  // namespace

const std::vector<FaultVerb>& fault_verbs() {
  static const std::vector<FaultVerb> all = [] {
    std::vector<FaultVerb> verbs = core_verbs();
    for (auto area :
         {world_fault_verbs, fencing_fault_verbs, storage_fault_verbs, virtual_machine_fault_verbs}) {
      for (FaultVerb& verb : area()) verbs.push_back(std::move(verb));
    }
    return verbs;
  }();
  return all;
}

const FaultVerb* find_fault_verb(std::string_view name) {
  const auto found = std::ranges::find(fault_verbs(), name, &FaultVerb::name);
  return found == fault_verbs().end() ? nullptr : &*found;
}

}  // namespace fencepost::models
