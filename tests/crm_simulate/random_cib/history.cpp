// What has happened in a random cluster: the states of its nodes and the history of its resources.
#include <algorithm>

#include "engine/cib/digest.h"
#include "tests/crm_simulate/random_cib/history.h"

namespace fencepost::crm_simulate {

namespace {

constexpr const char* kKey = "2668bbeb-06d5-40f9-936d-24cb7f87006a";

}  // namespace

void History::operation(const Entry& entry, const Operation& one) {
  std::vector<cib::Attribute> parameters;
  for (const auto& [name, value] : entry.member.parameters) parameters.push_back({name, value});
  if (one.interval_ms > 0) parameters.push_back({"CRM_meta_timeout", "20000"});
  const std::string key = "1:1:" + std::to_string(one.expected) + ":" + kKey;
  const std::string status = std::to_string(one.status);
  Pairs all{{"id", one.id.empty() ? entry.id + "_last_0" : one.id},
            {"operation_key", entry.id + "_" + one.task + "_" + std::to_string(one.interval_ms)},
            {"operation", one.task},
            {"interval", std::to_string(one.interval_ms)},
            {"call-id", std::to_string(one.call)},
            {"rc-code", std::to_string(one.rc)},
            {"op-status", status},
            {"transition-key", key},
            {"transition-magic", status + ":" + std::to_string(one.rc) + ";" + key},
            {"last-rc-change", std::to_string(kNow - 100 + one.call)},
            {"crm_feature_set", "3.16.1"}};
  if (entry.member.parameters_known && dice_.chance(0.9)) {
    const bool changed = cluster_.themes.parameters && dice_.chance(0.15);
    all.emplace_back("op-digest", changed ? "0123456789abcdef0123456789abcdef" : cib::digest(parameters));
    if (cluster_.themes.parameters && dice_.chance(0.4)) {
      all.emplace_back("op-force-restart", dice_.pick({" state ", " fake ", ""}));
      all.emplace_back("op-restart-digest", dice_.chance(0.5) ? cib::digest(std::vector<cib::DigestField>{})
                                                              : cib::digest(parameters));
    }
  }
  if (one.status != 0 && dice_.chance(0.3)) all.emplace_back("exit-reason", "it said no");
  all.insert(all.end(), one.more.begin(), one.more.end());
  xml_.empty("lrm_rsc_op", all);
}

void History::count_failure(const Entry& entry, const std::string& task, int interval_ms) {
  if (dice_.chance(0.2)) return;
  const std::string suffix = entry.member.id + "#" + task + "_" + std::to_string(interval_ms);
  fail_counts_.emplace_back("fail-count-" + suffix, dice_.pick({"1", "2", "INFINITY"}));
  fail_counts_.emplace_back("last-failure-" + suffix, std::to_string(kNow - dice_.pick({90, 20, 900})));
}

void History::monitor(const Entry& entry, int call) {
  if (entry.member.monitor_ms == 0 || dice_.chance(0.15)) return;
  const int interval = entry.member.promotable ? 11'000 : entry.member.monitor_ms;
  operation(entry, {.task = "monitor",
                    .interval_ms = interval,
                    .call = call,
                    .id = entry.id + "_monitor_" + std::to_string(interval)});
}

void History::probed(const Entry& entry, int rc) {
  operation(entry, {.task = "monitor", .rc = rc, .expected = 7});
}

void History::running(const Entry& entry) {
  operation(entry, {.task = "start", .call = 2});
  monitor(entry, 3);
}

void History::promoted(const Entry& entry) {
  operation(entry, {.task = "start", .call = 2, .id = entry.id + "_start_0"});
  operation(entry, {.task = "promote", .call = 3});
  if (entry.member.monitor_ms > 0 && dice_.chance(0.8))
    operation(entry, {.task = "monitor",
                      .interval_ms = entry.member.monitor_ms,
                      .rc = 8,
                      .expected = 8,
                      .call = 4,
                      .id = entry.id + "_monitor_10000"});
}

void History::stopped(const Entry& entry) { operation(entry, {.task = "stop", .call = 5}); }

void History::failed(const Entry& entry) {
  const std::string failure = entry.id + "_last_failure_0";
  const int status = dice_.pick({4, 4, 2});
  const auto twice = [&](Operation one) {
    operation(entry, one);
    one.id = failure;
    operation(entry, one);
    count_failure(entry, one.task, one.interval_ms);
  };
  switch (dice_.below(entry.member.promotable ? 5 : 3)) {
    case 0: {
      running(entry);
      const int interval = entry.member.monitor_ms == 0 ? 7'000 : entry.member.monitor_ms;
      operation(entry, {.task = "monitor",
                        .interval_ms = interval,
                        .rc = dice_.pick({1, 7, 5, 9, 8}),
                        .expected = entry.member.promotable ? 8 : 0,
                        .call = 6,
                        .id = failure,
                        .status = dice_.pick({0, 4, 2})});
      return count_failure(entry, "monitor", interval);
    }
    case 1:
      return twice({.task = "start", .rc = dice_.pick({1, 5, 6, 7}), .call = 4, .status = status});
    case 2:
      return twice({.task = "stop", .rc = 1, .call = 4, .status = status});
    case 3:
      return twice({.task = "promote", .rc = dice_.pick({1, 7}), .call = 4, .status = status});
    default:
      return twice({.task = "demote", .rc = dice_.pick({1, 7}), .call = 4, .status = status});
  }
}

void History::pending(const Entry& entry) {
  operation(entry, {.task = dice_.pick({"start", "stop", "monitor"}), .rc = 193, .call = -1, .status = -1});
}

std::string History::other_node() {
  return cluster_.nodes.at(static_cast<std::size_t>(dice_.below(static_cast<int>(cluster_.nodes.size()))))
      .name;
}

void History::migrated(const Entry& entry) {
  const Pairs here_to_there{{"migrate_source", node_.name}, {"migrate_target", other_node()}};
  const Pairs there_to_here{{"migrate_source", other_node()}, {"migrate_target", node_.name}};
  switch (dice_.below(4)) {
    case 0:  // left
      return operation(entry, {.task = "migrate_to", .call = 6, .more = here_to_there});
    case 1:  // could not leave
      return operation(entry, {.task = "migrate_to", .rc = 1, .call = 6, .status = 4, .more = here_to_there});
    case 2:  // came
      return operation(entry, {.task = "migrate_from", .call = 6, .more = there_to_here});
    default:  // could not come
      return operation(entry,
                       {.task = "migrate_from", .rc = 1, .call = 6, .status = 4, .more = there_to_here});
  }
}

void History::begin_entry(const Entry& entry) {
  Pairs head{{"id", entry.id}, {"class", entry.member.agent_class}};
  if (!entry.member.provider.empty()) head.emplace_back("provider", entry.member.provider);
  head.emplace_back("type", entry.member.type);
  if (!entry.member.container.empty()) head.emplace_back("container", entry.member.container);
  if (cluster_.themes.shutdown && dice_.chance(0.1))
    head.emplace_back("shutdown-lock", std::to_string(kNow - dice_.pick({30, 90, 5000})));
  xml_.begin("lrm_resource", head);
}

// One of the many things that may have happened to a resource on a node.
void History::of_entry(const Entry& entry) {
  const int what = dice_.below(20);
  if (what < 3) return;  // nobody looked yet
  begin_entry(entry);
  if (what < 10) {
    probed(entry, 7);
  } else if (what < 14) {
    running(entry);
  } else if (what < 15) {
    stopped(entry);
  } else if (entry.member.promotable && what < 17) {
    promoted(entry);
  } else if (cluster_.themes.failures && what < 19) {
    failed(entry);
  } else if (cluster_.themes.pending && what < 19) {
    pending(entry);
  } else if (entry.member.migratable && what < 19) {
    migrated(entry);
  } else {
    probed(entry, dice_.pick({0, 7, 7, cluster_.themes.failures ? 1 : 0, cluster_.themes.failures ? 5 : 7}));
  }
  xml_.end();
}

void History::of_bundle(const Top& top) {
  for (int i = 0; i < top.instances; ++i) {
    const std::string number = std::to_string(i);
    of_entry({top.id + "-" + top.engine + "-" + number,
              {.id = top.id + "-" + top.engine + "-" + number,
               .provider = "heartbeat",
               .type = top.engine,
               .monitor_ms = 60'000}});
    if (!top.addresses) continue;
    const std::string address = top.id + "-ip-192.168.122." + std::to_string(131 + i);
    of_entry({address, {.id = address, .provider = "heartbeat", .type = "IPaddr2", .monitor_ms = 60'000}});
    if (top.members.empty()) continue;
    of_entry({top.id + "-" + number, {.id = top.id + "-" + number, .type = "remote", .monitor_ms = 30'000}});
  }
}

void History::of_top(const Top& top) {
  if (top.kind == Top::Kind::bundle) return of_bundle(top);
  const int instances = top.unique ? top.instances : 1;
  for (const Member& member : top.members)
    for (int i = 0; i < instances; ++i)
      if (!top.unique || dice_.chance(0.6))
        of_entry({top.unique ? member.id + ":" + std::to_string(i) : member.id, member});
}

void History::resources() {
  xml_.begin("lrm", {{"id", node_.id}});
  xml_.begin("lrm_resources");
  for (const Top& top : tops_) {
    const bool carrier = carries_node(top) || top.kind == Top::Kind::bundle;
    if (cluster_.focus == Focus::remotes && carrier) {
      of_carriers(top);
    } else if (node_.kind == Node::Kind::member || !carrier) {
      of_top(top);
    }
  }
  if (cluster_.themes.orphans && dice_.chance(0.4)) of_entry({"gone", {.id = "gone", .monitor_ms = 10'000}});
  if (cluster_.fencing && node_.kind == Node::Kind::member)
    of_entry(
        {"fencing", {.id = "fencing", .agent_class = "stonith", .provider = "", .type = "fence_ipmilan"}});
  xml_.end();
  xml_.end();
}

Pairs History::transient() {
  Pairs all = fail_counts_;
  const Themes& themes = cluster_.themes;
  const bool remotes = cluster_.focus == Focus::remotes;
  for (const Top& top : tops_)
    if (top.promotable && (top.kind == Top::Kind::clone || (remotes && top.kind != Top::Kind::bundle)))
      for (const Member& member : top.members)
        if (dice_.chance(0.6))
          all.emplace_back("master-" + member.id, dice_.pick({"5", "10", "100", "-1", "INFINITY"}));
  if (themes.shutdown && dice_.chance(0.3)) all.emplace_back("shutdown", std::to_string(kNow - 10));
  if (themes.trouble && dice_.chance(0.08)) all.emplace_back("terminate", "true");
  if (themes.trouble && dice_.chance(0.08)) all.emplace_back("standby", "on");
  if (themes.health && dice_.chance(0.4))
    all.emplace_back("#health-disk", dice_.pick({"red", "yellow", "green", "-5", "10"}));
  if (remotes && node_.kind != Node::Kind::member && dice_.chance(0.15))
    all.emplace_back(dice_.pick({"shutdown", "standby", "maintenance", "terminate"}), "true");
  if (remotes && node_.kind != Node::Kind::member && dice_.chance(0.05))
    all.emplace_back("resource-discovery-enabled", "false");
  if (themes.unfencing && dice_.chance(0.5)) all.emplace_back("#node-unfenced", std::to_string(kNow - 1000));
  return all;
}

namespace {

Pairs membership(const std::string& state) {
  const auto is = [](const char* in_ccm, const char* crmd, const char* join, const char* expected) {
    return Pairs{{"in_ccm", in_ccm}, {"crmd", crmd}, {"join", join}, {"expected", expected}};
  };
  if (state == "online") return is("true", "online", "member", "member");
  if (state == "offline") return is("false", "offline", "down", "down");
  if (state == "lost") return is("false", "offline", "down", "member");
  if (state == "pending") return is("true", "online", "pending", "member");
  return is("true", "offline", "down", "member");
}

}  // namespace

void History::write() {
  if (node_.state == "unseen") return;
  Pairs head{{"id", node_.id}, {"uname", node_.name}};
  if (node_.kind == Node::Kind::member) {
    for (const auto& one : membership(node_.state)) head.push_back(one);
  } else {
    head.insert(head.end(), {{"remote_node", "true"}, {"in_ccm", "true"}});
    if (cluster_.themes.trouble && dice_.chance(0.3)) head.emplace_back("node_fenced", "1");
    if (cluster_.themes.unmanaged && dice_.chance(0.1)) head.emplace_back("node_in_maintenance", "1");
  }
  xml_.begin("node_state", head);
  if (node_.state != "offline" && dice_.chance(0.97)) resources();
  const Pairs attributes = transient();
  if (!attributes.empty()) {
    xml_.begin("transient_attributes", {{"id", node_.id}});
    xml_.values("instance_attributes", "status-" + node_.id, attributes);
    xml_.end();
  }
  xml_.end();
}

bool carries_node(const Top& top) {
  return std::any_of(top.members.begin(), top.members.end(), [](const Member& member) {
    return member.type == "remote" || !member.remote_node.empty();
  });
}

namespace {

// A replica of a bundle is a node of its own, on which only the bundled resource runs.
void write_replicas(Cluster& cluster, const Top& top) {
  if (top.members.empty()) return;
  for (int i = 0; i < top.instances; ++i) {
    const std::string name = top.id + "-" + std::to_string(i);
    const Node node{Node::Kind::guest, name, name, cluster.dice.chance(0.6) ? "online" : "unseen"};
    const Top inner{.id = top.id, .members = top.members, .promotable = top.promotable};
    History(cluster, node, {inner}).write();
  }
}

}  // namespace

void write_status(Cluster& cluster) {
  cluster.xml.begin("status");
  for (const Node& node : cluster.nodes) History(cluster, node, cluster.tops).write();
  for (const Top& top : cluster.tops)
    if (top.kind == Top::Kind::bundle) write_replicas(cluster, top);
  if (cluster.themes.tickets) {
    cluster.xml.begin("tickets");
    for (const char* id : {"t1", "t2"})
      if (cluster.dice.chance(0.7))
        cluster.xml.empty("ticket_state", {{"id", id},
                                           {"granted", cluster.dice.pick({"true", "false"})},
                                           {"last-granted", std::to_string(kNow - 1000)},
                                           {"standby", cluster.dice.pick({"true", "false", "false"})}});
    cluster.xml.end();
  }
  cluster.xml.end();
}

}  // namespace fencepost::crm_simulate
