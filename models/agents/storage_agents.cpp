#include "models/agents/storage_agents.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {

void add_storage_agents(AgentRegistry& registry) {
  using node::AgentClass;
  registry.add({AgentClass::ocf, "linbit", "drbd"}, make_drbd_agent());
  registry.add({AgentClass::ocf, "heartbeat", "Filesystem"}, make_filesystem_agent());
  registry.add({AgentClass::ocf, "heartbeat", "IPaddr2"}, make_ipaddr2_agent());
  registry.add({AgentClass::ocf, "heartbeat", "pgsql"}, make_pgsql_agent());
  for (const char* type : {"mysql", "mariadb"})
    registry.add({AgentClass::ocf, "heartbeat", type}, make_mysql_agent());
  registry.add({AgentClass::ocf, "heartbeat", "LVM-activate"}, make_lvm_activate_agent());
  registry.add({AgentClass::ocf, "heartbeat", "nfsserver"}, make_nfsserver_agent());
  registry.add({AgentClass::ocf, "heartbeat", "exportfs"}, make_exportfs_agent());
  registry.add({AgentClass::ocf, "heartbeat", "iscsi"}, make_iscsi_agent());
  registry.add({AgentClass::ocf, "heartbeat", "apache"}, make_apache_agent());
  registry.add({AgentClass::ocf, "heartbeat", "nginx"}, make_nginx_agent());
  registry.add({AgentClass::ocf, "heartbeat", "VirtualDomain"}, make_virtual_domain_agent());
}

Duration StorageAgent::head_start(Machine& machine, const AgentRun& run) {
  const Duration shell = machine.sample(machine.world().config().latencies.agent_overhead);
  return shell + machine.world().part<StorageWorld>().duration(machine, run, work(run.action()));
}

bool ocf_true(std::string_view value) {
  static constexpr std::array<std::string_view, 9> kTrue = {"yes",  "true", "1",  "YES", "TRUE",
                                                            "True", "ja",   "on", "ON"};
  return std::find(kTrue.begin(), kTrue.end(), value) != kTrue.end();
}

int to_int(std::string_view value, int otherwise) {
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc{} && end == value.data() + value.size() ? number : otherwise;
}

}  // namespace fencepost::models
