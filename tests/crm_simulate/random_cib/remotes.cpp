// More remote nodes, guest nodes and bundles for clusters that are about them.
#include "tests/crm_simulate/random_cib/history.h"

namespace fencepost::crm_simulate {

namespace {

// Two of three carry a node's worth of history.
std::string any_node_state(Dice& dice) { return dice.pick({"online", "online", "unseen"}); }

Pairs connection_parameters(Dice& dice) {
  Pairs all;
  if (dice.chance(0.3)) all.emplace_back("server", "192.168.122.9");
  if (dice.chance(0.3)) all.emplace_back("reconnect_interval", dice.pick({"60s", "10min"}));
  return all;
}

void remote_node(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  cluster.nodes.push_back({Node::Kind::remote, id, id, any_node_state(dice)});
  Member connection{.id = id, .type = "remote", .monitor_ms = dice.chance(0.8) ? 10'000 : 0};
  connection.parameters = connection_parameters(dice);
  if (dice.chance(0.2)) connection.more_meta.emplace_back("allow-migrate", dice.pick({"true", "false"}));
  cluster.tops.push_back({.id = id, .members = {connection}});
}

Member virtual_machine(Cluster& cluster, const std::string& id, const std::string& guest) {
  Dice& dice = cluster.dice;
  Member machine{.id = id, .monitor_ms = dice.chance(0.8) ? 10'000 : 0, .remote_node = guest};
  machine.migratable = dice.chance(0.4);
  Pairs& meta = machine.more_meta;
  if (dice.chance(0.2)) meta.emplace_back("remote-addr", "192.168.122.8");
  if (dice.chance(0.2)) meta.emplace_back("remote-port", "3999");
  if (dice.chance(0.2)) meta.emplace_back("remote-connect-timeout", "90s");
  if (dice.chance(0.2)) meta.emplace_back("remote-allow-migrate", dice.pick({"true", "false"}));
  return machine;
}

// The machine stands alone, or in a group with an address or a service.
void guest_node(Cluster& cluster, const std::string& id, const std::string& guest) {
  Dice& dice = cluster.dice;
  cluster.nodes.push_back({Node::Kind::guest, guest, guest, any_node_state(dice)});
  Top top{.id = id};
  if (dice.chance(0.7)) {
    top.members.push_back(virtual_machine(cluster, id, guest));
  } else {
    top.kind = Top::Kind::group;
    top.id = id + "-group";
    const bool leads = dice.chance(0.5);
    if (!leads) top.members.push_back({.id = id + "-before", .monitor_ms = 10'000});
    top.members.push_back(virtual_machine(cluster, id, guest));
    if (leads || dice.chance(0.3)) top.members.push_back({.id = id + "-after", .monitor_ms = 10'000});
  }
  cluster.tops.push_back(top);
}

void bundle(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  Top top{.kind = Top::Kind::bundle, .id = id};
  top.instances = dice.between(1, 3);
  top.engine = dice.pick({"podman", "docker"});
  top.addresses = dice.chance(0.7);
  top.per_host = dice.chance(0.2) ? 2 : 1;
  top.promotable = dice.chance(0.3);
  if (dice.chance(0.8)) {
    Member inner{.id = id + "a", .promotable = top.promotable, .monitor_ms = dice.chance(0.6) ? 10'000 : 0};
    if (inner.promotable) inner.type = "Stateful";
    top.members.push_back(inner);
  }
  cluster.tops.push_back(top);
}

// A clone is what most often runs on members, remote and guest nodes alike.
void spread_clone(Cluster& cluster) {
  Top top{.kind = Top::Kind::clone, .id = "spread"};
  top.promotable = cluster.dice.chance(0.3);
  top.members.push_back({.id = "everywhere", .promotable = top.promotable, .monitor_ms = 10'000});
  if (top.promotable) top.members.front().type = "Stateful";
  cluster.tops.push_back(top);
}

}  // namespace

void choose_remotes(Cluster& cluster) {
  Dice& dice = cluster.dice;
  const int kinds = dice.between(1, 7);  // a bit for each kind: at least one of them
  if ((kinds & 1) != 0) {
    remote_node(cluster, "remote1");
    if (dice.chance(0.4)) remote_node(cluster, "remote2");
  }
  if ((kinds & 2) != 0) {
    guest_node(cluster, "machine1", "guest1");
    if (dice.chance(0.3)) guest_node(cluster, "machine2", "guest2");
  }
  if ((kinds & 4) != 0) bundle(cluster, "pod1");
  if (dice.chance(0.3)) spread_clone(cluster);
}

}  // namespace fencepost::crm_simulate
