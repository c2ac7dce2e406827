// What has become of connections, machines and replicas, told by all histories together.
#include "tests/crm_simulate/random_cib/history.h"

namespace fencepost::crm_simulate {

namespace {

constexpr const char* kFirstAddress = "192.168.122.";
constexpr int kFirstHost = 131;

std::string container_id(const Top& top, int replica) {
  return top.id + "-" + top.engine + "-" + std::to_string(replica);
}
std::string address_id(const Top& top, int replica) {
  return top.id + "-ip-" + kFirstAddress + std::to_string(kFirstHost + replica);
}
std::string connection_id(const Top& top, int replica) { return top.id + "-" + std::to_string(replica); }

std::string any_member(Cluster& cluster) {
  std::vector<std::string> members;
  for (const Node& node : cluster.nodes)
    if (node.kind == Node::Kind::member) members.push_back(node.name);
  return cluster.dice.pick(members);
}

// Most run, as they should.
Fate any_fate(Cluster& cluster, const std::string& host, bool migrates) {
  using State = Fate::State;
  Dice& dice = cluster.dice;
  Fate fate{State::running, host, any_member(cluster)};
  if (dice.chance(0.6)) return fate;
  switch (dice.below(10)) {
    case 0:
      fate.state = State::monitor_failed;
      break;
    case 1:
      fate.state = State::start_failed;
      break;
    case 2:
      fate.state = State::stop_failed;
      break;
    case 3:
      fate.state = State::starting;
      break;
    case 4:
      fate.state = State::stopping;
      break;
    case 5:
      fate.state = migrates ? State::migrated : State::monitor_failed;
      break;
    case 6:
      fate.state = migrates ? State::migrating : State::stopped;
      break;
    case 7:
      fate.state = State::running_twice;
      break;
    case 8:
      fate.state = State::unseen;
      break;
    default:
      fate.state = State::stopped;
  }
  return fate;
}

void fates_of_machine(Cluster& cluster, const Member& machine) {
  const std::string host = any_member(cluster);
  const Fate fate = any_fate(cluster, host, machine.migratable);
  cluster.fates[machine.id] = fate;
  const bool together = cluster.dice.chance(0.7);
  cluster.fates[machine.remote_node] = together ? fate : any_fate(cluster, host, true);
}

// Containers may run on remote nodes, their connections may not.
void fates_of_replicas(Cluster& cluster, const Top& top) {
  Dice& dice = cluster.dice;
  for (int i = 0; i < top.instances; ++i) {
    const std::string host = any_member(cluster);
    const bool nested = dice.chance(0.1);
    const Fate container = any_fate(cluster, nested ? cluster.any_node() : host, false);
    cluster.fates[container_id(top, i)] = container;
    if (top.addresses)
      cluster.fates[address_id(top, i)] =
          dice.chance(0.8) ? container : any_fate(cluster, container.host, false);
    if (top.members.empty()) continue;
    Fate connection = any_fate(cluster, host, false);
    if (!nested && dice.chance(0.6)) connection = container;
    cluster.fates[connection_id(top, i)] = connection;
  }
}

}  // namespace

void choose_fates(Cluster& cluster) {
  for (const Top& top : cluster.tops) {
    if (top.kind == Top::Kind::bundle) fates_of_replicas(cluster, top);
    for (const Member& member : top.members) {
      if (!member.remote_node.empty()) {
        fates_of_machine(cluster, member);
      } else if (member.type == "remote") {
        cluster.fates[member.id] = any_fate(cluster, any_member(cluster), true);
      }
    }
  }
}

// ---------------------------------------------------------------- as a node's history tells it

void History::at_home(const Entry& entry, const Fate& fate) {
  using State = Fate::State;
  const std::string failure = entry.id + "_last_failure_0";
  const int status = dice_.pick({4, 4, 2, 8});
  const int monitor_ms = entry.member.monitor_ms == 0 ? 7'000 : entry.member.monitor_ms;
  switch (fate.state) {
    case State::monitor_failed:
      operation(entry, {.task = "start", .call = 2});
      operation(entry, {.task = "monitor",
                        .interval_ms = monitor_ms,
                        .rc = dice_.pick({1, 7, 1, 9}),
                        .call = 6,
                        .id = failure,
                        .status = status});
      return count_failure(entry, "monitor", monitor_ms);
    case State::start_failed:
      operation(entry, {.task = "start", .rc = 1, .call = 4, .status = status});
      operation(entry, {.task = "start", .rc = 1, .call = 4, .id = failure, .status = status});
      return count_failure(entry, "start", 0);
    case State::stop_failed:
      operation(entry, {.task = "stop", .rc = 1, .call = 4, .status = status});
      operation(entry, {.task = "stop", .rc = 1, .call = 4, .id = failure, .status = status});
      return count_failure(entry, "stop", 0);
    case State::starting:
      return operation(entry, {.task = "start", .rc = 193, .call = -1, .status = -1});
    case State::stopping:
      operation(entry, {.task = "start", .call = 2, .id = entry.id + "_start_0"});
      return operation(entry, {.task = "stop", .rc = 193, .call = -1, .status = -1});
    case State::stopped:
      return stopped(entry);
    case State::migrated:
      operation(entry, {.task = "migrate_from",
                        .call = 6,
                        .more = {{"migrate_source", fate.other}, {"migrate_target", fate.host}}});
      return monitor(entry, 7);
    case State::migrating:
      return probed(entry, 7);
    default:
      if (dice_.chance(0.1)) return probed(entry, 0);
      return running(entry);
  }
}

void History::left(const Entry& entry, const Fate& fate) {
  running(entry);
  const bool under_way = fate.state == Fate::State::migrating && dice_.chance(0.5);
  operation(entry, {.task = "migrate_to",
                    .rc = under_way ? 193 : 0,
                    .call = under_way ? -1 : 6,
                    .id = entry.id + "_migrate_to_0",
                    .status = under_way ? -1 : 0,
                    .more = {{"migrate_source", fate.other}, {"migrate_target", fate.host}}});
  if (fate.state == Fate::State::migrated && dice_.chance(0.5)) stopped(entry);
}

void History::elsewhere(const Entry& entry, const Fate& fate) {
  using State = Fate::State;
  const bool other = fate.other == node_.name;
  if (other && (fate.state == State::migrated || fate.state == State::migrating)) return left(entry, fate);
  if (other && fate.state == State::running_twice) return running(entry);
  probed(entry, 7);
}

void History::of_fate(const Entry& entry) {
  const Fate& fate = cluster_.fates.at(entry.id);
  const bool home = fate.host == node_.name;
  const bool told = fate.other == node_.name && fate.state >= Fate::State::migrated;
  if (fate.state == Fate::State::unseen || (!home && !told && dice_.chance(0.3))) return;
  begin_entry(entry);
  if (home) {
    at_home(entry, fate);
  } else {
    elsewhere(entry, fate);
  }
  xml_.end();
}

void History::of_replicas(const Top& top) {
  const bool member = node_.kind == Node::Kind::member;
  for (int i = 0; i < top.instances; ++i) {
    Member made{.provider = "heartbeat", .monitor_ms = 60'000, .parameters_known = false};
    made.id = container_id(top, i);
    made.type = top.engine;
    of_fate({made.id, made});
    if (top.addresses) {
      made.id = address_id(top, i);
      made.type = "IPaddr2";
      of_fate({made.id, made});
    }
    if (top.members.empty() || !member) continue;
    Member connection{.id = connection_id(top, i), .type = "remote", .monitor_ms = 30'000};
    connection.container = container_id(top, i);
    connection.parameters_known = false;
    of_fate({connection.id, connection});
  }
}

// Only members carry connections and machines.
void History::of_carriers(const Top& top) {
  if (top.kind == Top::Kind::bundle) return of_replicas(top);
  if (node_.kind != Node::Kind::member) return;
  for (const Member& member : top.members) {
    if (cluster_.fates.count(member.id) == 0) {
      of_entry({member.id, member});
      continue;
    }
    of_fate({member.id, member});
    if (member.remote_node.empty()) continue;
    Member connection{.id = member.remote_node, .type = "remote", .monitor_ms = 30'000};
    connection.container = member.id;
    connection.parameters_known = false;
    of_fate({connection.id, connection});
  }
}

}  // namespace fencepost::crm_simulate
