#include "models/fault_arguments.h"

#include <algorithm>
#include <iterator>

#include "engine/base/assert.h"

namespace fencepost::models {
namespace {

using Type = FaultArgument::Type;

struct Known {
  std::string_view verb;  // empty: in every verb that has it
  std::string_view name;
  Type type;
  std::string_view meaning;
};

// What is said for one verb goes before what is said for all.
constexpr Known kKnown[] = {
    {"fence_mode", "mode", Type::choice, "ok, slow, fail, hang, fail-monitor, lie or unreachable"},
    {"agent", "mode", Type::choice, "rc, apply, hang, stuck or delay"},
    {"fence", "action", Type::choice, "reboot (default), off or on"},
    {"sbd_lost", "device", Type::text, "one of world: sbd: devices; default: all"},
    {"sbd_lost", "node", Type::node, "a node; default: all"},
    {"nfs_slow", "factor", Type::number, "how many times as long: a number above 0, default 100"},
    {"drbd_slow", "factor", Type::number, "how many times as long: a number above 0, default 10"},
    {"db_slow", "factor", Type::number, "how many times as long: a number above 0, default 1000"},
    {"db_lag", "by", Type::duration, "how much further behind: a duration, default 30s"},
    {"clear", "node", Type::node, "only what concerns this node; default: all"},
    {"fence_mode", "device", Type::text, "a fence device: its resource id or its `device`; * (default): all"},
    {"cib", "op", Type::choice, "create, modify, replace or delete"},
    {"clock_jump", "by", Type::duration, "a duration with a sign: +30s, -1h"},
    {"agent", "action", Type::text, "start, stop, monitor …; *: all"},
    {"agent", "seconds", Type::duration,
     "how long it hangs or is delayed: a number of seconds or a duration"},
    {"fence_mode", "seconds", Type::duration, "how much longer it takes: a number of seconds or a duration"},
    {"pause", "seconds", Type::duration, "how long: a number of seconds or a duration; 0: until resume"},
    {"standby", "lifetime", Type::choice, "forever or reboot"},
    {"unstandby", "lifetime", Type::choice, "forever or reboot"},
    {"partition", "groups", Type::list, "lists of nodes: [[db1], [db2, db3]]"},
    {"", "node", Type::node, "a node's name, @dc, @other, @any, @active:RESOURCE or @promoted:RESOURCE"},
    {"", "peer", Type::node, "another node"},
    {"", "from", Type::node, "a node, or a host of the networks: an NFS server, clients, bmc-NODE"},
    {"", "to", Type::node, "a node, or a host of the networks: an NFS server, clients, bmc-NODE"},
    {"", "target", Type::node, "who is to be fenced"},
    {"", "requester", Type::node, "who asks for the fencing"},
    {"", "for", Type::duration, "how long: a duration (90s, 10m, 250ms) or a number of seconds"},
    {"", "for_s", Type::duration, "how long: a number of seconds or a duration"},
    {"", "by", Type::duration, "how much longer: a duration (90s, 10m) or a number of seconds; default 5m"},
    {"", "back_after", Type::duration, "when it is up again: a duration after the fault"},
    {"", "heal_after", Type::duration, "how long: a duration"},
    {"", "delay", Type::duration, "how much later, each way: a duration (200ms)"},
    {"", "lifetime", Type::duration, "until it is taken back: PT5M or a duration; default: never"},
    {"", "factor", Type::number, "how many times as long: a number above 0"},
    {"", "cpu", Type::number, "how many times as long computing takes: a number above 0, default 1"},
    {"", "disk", Type::number, "how many times as long local disks take: a number above 0, default 1"},
    {"", "mib_per_second", Type::number,
     "MiB of memory that change each second: a number above 0, default 1000"},
    {"", "share", Type::share, "a part of all packets: 0 to 1"},
    {"", "rc", Type::count, "an exit code: a whole number"},
    {"", "count", Type::count, "how many times: a whole number; default: until cleared"},
    {"", "probe", Type::boolean, "true: only probes; false: only others"},
    {"", "power_off", Type::boolean, "true: the power goes off afterwards"},
    {"", "promoted", Type::boolean, "true: only the promoted role"},
    {"", "allow_create", Type::boolean, "true: makes what is not there"},
    {"", "resource", Type::text, "a resource's id (of DRBD verbs: the name in the .res file)"},
    {"", "daemon", Type::text, "corosync, pacemakerd or one of its daemons"},
    {"", "network", Type::text, "one of world: networks; default: all"},
    {"", "server", Type::text, "one of world: nfs"},
    {"", "switch", Type::text, "one of world: switches"},
    {"", "supply", Type::text, "one of world: hardware: NODE: supplies"},
    {"", "mount", Type::text, "a mount point"},
    {"", "device", Type::text, "a disk of the node: /dev/sdb1"},
    {"", "address", Type::text, "an address or the resource that has it; may be left out if there is one"},
    {"", "role", Type::text, "Started, Unpromoted or Promoted: only in this role"},
    {"", "id", Type::text, "a name of your own, for agent_clear"},
    {"", "action", Type::text, "start, stop, monitor …"},
    {"", "name", Type::text, "what is set"},
    {"", "value", Type::text, "to what; without it, it is deleted"},
    {"", "transient", Type::boolean, "true: forgotten when the node leaves (--lifetime reboot)"},
    {"", "scope", Type::text, "a section of the CIB: resources, constraints …"},
    {"", "xml", Type::text, "XML as cibadmin takes it"},
    {"", "xpath", Type::text, "an XPath as cibadmin takes it"},
    {"", "cmd", Type::text, "a shell command line (docs/scenarios.md lists the programs)"},
    {"", "text", Type::text, "any text"},
};

}  // namespace

std::vector<FaultArgument> arguments_of(const FaultVerb& verb) {
  std::vector<FaultArgument> all;
  std::string_view rest = verb.arguments;
  while (!rest.empty()) {
    std::string_view name = rest.substr(0, rest.find(", "));
    rest.remove_prefix(std::min(rest.size(), name.size() + 2));
    const bool optional = name.starts_with('[');
    if (optional) name = name.substr(1, name.size() - 2);
    const auto known = std::ranges::find_if(kKnown, [&](const Known& each) {
      return each.name == name && (each.verb.empty() || each.verb == verb.name);
    });
    HA_ASSERT(known != std::end(kKnown));  // a new argument needs its line above
    all.push_back({std::string(name), known->type, std::string(known->meaning), optional});
  }
  return all;
}

}  // namespace fencepost::models
