// Options, nodes and resources of a random cluster.
#include "tests/crm_simulate/random_cib/cluster.h"

namespace fencepost::crm_simulate {

namespace {

// A list of options, each there with a probability of its own.
class Choices {
 public:
  explicit Choices(Dice& dice) : dice_(dice) {}
  void maybe(double probability, const char* name, std::initializer_list<const char*> values) {
    if (dice_.chance(probability)) pairs.emplace_back(name, dice_.pick(values));
  }
  Pairs pairs;

 private:
  Dice& dice_;
};

// Named values, now and then with a rule, in two sets, or by reference.
void write_values(Cluster& cluster, const std::string& tag, const std::string& id, const Pairs& all) {
  Dice& dice = cluster.dice;
  if (!cluster.themes.rules || all.empty() || dice.chance(0.7)) return cluster.xml.values(tag, id, all);
  cluster.xml.begin(tag, {{"id", id}, {"score", dice.pick({"1", "5", "INFINITY"})}});
  write_rule(cluster, id + "-rule", {{"score", "INFINITY"}});
  for (const auto& one : all) cluster.xml.value(id, one);
  cluster.xml.end();
  if (dice.chance(0.5)) cluster.xml.values(tag, id + "-2", {all.front()});
}

// ---------------------------------------------------------------- the cluster

void cluster_options(Cluster& cluster) {
  Choices all(cluster.dice);
  const Themes& themes = cluster.themes;
  all.pairs.emplace_back("stonith-enabled", cluster.fencing ? "true" : "false");
  all.maybe(0.2, "no-quorum-policy", {"stop", "freeze", "ignore", "demote", "suicide"});
  if (themes.options) {
    all.maybe(0.15, "symmetric-cluster", {"false"});
    all.maybe(0.1, "maintenance-mode", {"true"});
    all.maybe(0.15, "enable-startup-probes", {"false"});
    all.maybe(0.2, "startup-fencing", {"false"});
    all.maybe(0.2, "concurrent-fencing", {"true", "false"});
    all.maybe(0.1, "stop-all-resources", {"true"});
    all.maybe(0.15, "stop-orphan-resources", {"false"});
    all.maybe(0.1, "stop-orphan-actions", {"false"});
    all.maybe(0.2, "start-failure-is-fatal", {"false"});
    all.maybe(0.1, "remove-after-stop", {"true"});
    all.maybe(0.2, "stonith-action", {"off", "reboot"});
    all.maybe(0.2, "stonith-timeout", {"30s", "2min"});
    all.maybe(0.2, "cluster-delay", {"30s", "120s"});
    all.maybe(0.2, "batch-limit", {"0", "3", "30"});
    all.maybe(0.1, "migration-limit", {"2"});
    all.maybe(0.1, "have-watchdog", {"true"});
    all.maybe(0.1, "stonith-watchdog-timeout", {"10s"});
    all.maybe(0.2, "priority-fencing-delay", {"15s"});
  }
  if (themes.shutdown) {
    all.maybe(0.5, "shutdown-lock", {"true"});
    all.maybe(0.3, "shutdown-lock-limit", {"1min", "1h"});
  }
  if (themes.utilization)
    all.maybe(0.9, "placement-strategy", {"utilization", "minimal", "balanced", "default"});
  if (themes.health) {
    all.maybe(0.9, "node-health-strategy", {"migrate-on-red", "only-green", "progressive", "custom", "none"});
    all.maybe(0.3, "node-health-base", {"10", "-10"});
    all.maybe(0.3, "node-health-red", {"-100", "-INFINITY"});
    all.maybe(0.3, "node-health-yellow", {"-5", "0"});
    all.maybe(0.3, "node-health-green", {"0", "5"});
  }
  cluster.xml.begin("crm_config");
  cluster.xml.values("cluster_property_set", "cib-bootstrap-options", all.pairs);
  cluster.xml.end();
}

void node(Cluster& cluster, const Node& one) {
  Dice& dice = cluster.dice;
  const Themes& themes = cluster.themes;
  Choices attributes(dice);
  attributes.maybe(themes.trouble ? 0.15 : 0.02, "standby", {"on", "true"});
  attributes.maybe(themes.unmanaged ? 0.15 : 0.0, "maintenance", {"true"});
  attributes.maybe(0.3, "disk", {"ssd", "hdd"});
  attributes.maybe(0.2, "rank", {"1", "10", "-INFINITY"});
  attributes.maybe(themes.health ? 0.3 : 0.0, "#health-room", {"red", "yellow", "green", "-7"});
  Choices capacity(dice);
  if (themes.utilization) {
    capacity.maybe(0.9, "cpu", {"1", "2", "4", "8"});
    capacity.maybe(0.5, "memory", {"100", "400"});
  }
  Pairs head{{"id", one.id}, {"uname", one.name}};
  if (one.kind == Node::Kind::remote) head.emplace_back("type", "remote");
  cluster.xml.begin("node", head);
  cluster.xml.values("instance_attributes", "nodes-" + one.id, attributes.pairs);
  cluster.xml.values("utilization", "nodes-" + one.id + "-utilization", capacity.pairs);
  cluster.xml.end();
}

void nodes(Cluster& cluster) {
  cluster.xml.begin("nodes");
  for (const Node& one : cluster.nodes)
    if (one.kind == Node::Kind::member || (one.kind == Node::Kind::remote && cluster.dice.chance(0.5)))
      node(cluster, one);
  cluster.xml.end();
}

// ---------------------------------------------------------------- resources

Pairs primitive_meta(Cluster& cluster) {
  Choices meta(cluster.dice);
  const Themes& themes = cluster.themes;
  meta.maybe(0.08, "target-role", {"Stopped", "Started", "Unpromoted", "Promoted"});
  meta.maybe(themes.unmanaged ? 0.2 : 0.0, "is-managed", {"false"});
  meta.maybe(themes.unmanaged ? 0.1 : 0.0, "maintenance", {"true"});
  meta.maybe(0.2, "priority", {"1", "10", "-5"});
  meta.maybe(0.2, "resource-stickiness", {"0", "1", "50", "INFINITY", "-3"});
  meta.maybe(themes.failures ? 0.4 : 0.05, "migration-threshold", {"1", "2", "3"});
  meta.maybe(themes.failures ? 0.4 : 0.05, "failure-timeout", {"30s", "10min"});
  meta.maybe(0.1, "multiple-active", {"block", "stop_only", "stop_unexpected", "stop_start"});
  meta.maybe(0.1, "requires", {"nothing", "quorum", "fencing", "unfencing"});
  meta.maybe(0.04, "critical", {"false"});
  meta.maybe(themes.health ? 0.3 : 0.0, "allow-unhealthy-nodes", {"true"});
  return meta.pairs;
}

Pairs clone_meta(Cluster& cluster, const Top& top) {
  Choices meta(cluster.dice);
  if (top.unique) {
    meta.pairs.emplace_back("globally-unique", "true");
    meta.pairs.emplace_back("clone-max", std::to_string(top.instances));
    meta.maybe(0.5, "clone-node-max", {"1", "2", "3"});
  } else {
    meta.maybe(0.2, "clone-max", {"0", "1", "2", "3", "5"});
  }
  meta.maybe(0.1, "clone-min", {"1", "2"});
  meta.maybe(0.4, "interleave", {"true"});
  meta.maybe(0.2, "ordered", {"true"});
  meta.maybe(cluster.themes.notifications ? 0.8 : 0.0, "notify", {"true"});
  if (top.promotable) {
    meta.pairs.emplace_back("promotable", "true");
    meta.maybe(0.3, "promoted-max", {"1", "2", "0"});
    meta.maybe(0.1, "promoted-node-max", {"1"});
  }
  for (const auto& one : primitive_meta(cluster)) meta.pairs.push_back(one);
  return meta.pairs;
}

void operation(Cluster& cluster, const Member& member, const std::string& name, int interval_ms,
               const std::string& role) {
  Dice& dice = cluster.dice;
  const bool odd = cluster.themes.operations;
  const std::string interval = std::to_string(interval_ms) + (interval_ms == 0 ? "" : "ms");
  Pairs op{{"id", member.id + "-" + name + "-" + std::to_string(interval_ms)},
           {"name", name},
           {"interval", interval},
           {"timeout", odd ? dice.pick({"20s", "20s", "1min"}) : "20s"}};
  if (!role.empty()) op.emplace_back("role", role);
  if (dice.chance(odd || cluster.themes.failures ? 0.3 : 0.03)) {
    if (name == "stop") {
      op.emplace_back("on-fail", dice.pick({"ignore", "block", "fence"}));
    } else if (name == "promote" || role == "Promoted") {
      op.emplace_back("on-fail", dice.pick({"demote", "block", "stop", "restart", "fence"}));
    } else {
      op.emplace_back("on-fail", dice.pick({"ignore", "block", "stop", "restart", "standby", "fence"}));
    }
  }
  if (odd && interval_ms > 0) {
    if (dice.chance(0.1)) op.emplace_back("enabled", "false");
    if (dice.chance(0.2)) {
      const bool delay = dice.chance(0.5);
      op.emplace_back(delay ? "start-delay" : "interval-origin", delay ? "5s" : "2023-11-14 00:00:00Z");
    }
  }
  if (odd && dice.chance(0.1)) op.emplace_back("record-pending", dice.pick({"true", "false"}));
  if (!odd || dice.chance(0.8)) return cluster.xml.empty("op", op);
  cluster.xml.begin("op", op);
  if (dice.chance(0.5))
    cluster.xml.values("instance_attributes", member.id + "-" + name + std::to_string(interval_ms),
                       {{"OCF_CHECK_LEVEL", "10"}});
  if (dice.chance(0.5))
    write_values(cluster, "meta_attributes", member.id + "-" + name + std::to_string(interval_ms) + "-meta",
                 {{"timeout", "44s"}});
  cluster.xml.end();
}

void operations(Cluster& cluster, const Member& member) {
  Dice& dice = cluster.dice;
  const double often = cluster.themes.operations || cluster.themes.failures ? 0.4 : 0.1;
  cluster.xml.begin("operations");
  if (member.monitor_ms > 0) {
    operation(cluster, member, "monitor", member.monitor_ms, member.promotable ? "Promoted" : "");
    if (member.promotable) operation(cluster, member, "monitor", 11'000, "Unpromoted");
    if (cluster.themes.operations && dice.chance(0.2))
      operation(cluster, member, "monitor", 60'000, "Stopped");
    if (cluster.themes.operations && dice.chance(0.2)) operation(cluster, member, "monitor", 0, "");
  }
  if (dice.chance(often)) operation(cluster, member, "start", 0, "");
  if (dice.chance(often)) operation(cluster, member, "stop", 0, "");
  if (member.promotable && dice.chance(often)) operation(cluster, member, "promote", 0, "");
  if (member.promotable && dice.chance(often)) operation(cluster, member, "demote", 0, "");
  if (member.migratable && dice.chance(often)) operation(cluster, member, "migrate_to", 0, "");
  cluster.xml.end();
}

void primitive(Cluster& cluster, const Top& top, const Member& member) {
  Dice& dice = cluster.dice;
  Pairs head{{"id", member.id}};
  const bool from_template = cluster.themes.templates && member.type == "Dummy" && dice.chance(0.5);
  if (from_template) {
    head.emplace_back("template", "dummy");
  } else {
    head.emplace_back("class", member.agent_class);
    if (!member.provider.empty()) head.emplace_back("provider", member.provider);
    head.emplace_back("type", member.type);
  }
  Pairs meta;
  if (top.kind != Top::Kind::clone || dice.chance(0.1)) meta = primitive_meta(cluster);
  if (member.migratable) meta.emplace_back("allow-migrate", "true");
  if (!member.remote_node.empty()) meta.emplace_back("remote-node", member.remote_node);
  meta.insert(meta.end(), member.more_meta.begin(), member.more_meta.end());
  cluster.xml.begin("primitive", head);
  cluster.xml.values("instance_attributes", member.id + "-params", member.parameters);
  if (member.remote_node.empty()) {
    write_values(cluster, "meta_attributes", member.id + "-meta", meta);
  } else {
    cluster.xml.values("meta_attributes", member.id + "-meta", meta);
  }
  operations(cluster, member);
  Choices demand(dice);
  if (cluster.themes.utilization) {
    demand.maybe(0.6, "cpu", {"1", "2", "4"});
    demand.maybe(0.3, "memory", {"50", "200"});
  }
  cluster.xml.values("utilization", member.id + "-utilization", demand.pairs);
  cluster.xml.end();
}

void bundle(Cluster& cluster, const Top& top) {
  Dice& dice = cluster.dice;
  cluster.xml.begin("bundle", {{"id", top.id}});
  if (dice.chance(0.5)) cluster.xml.values("meta_attributes", top.id + "-meta", primitive_meta(cluster));
  Pairs container{{"image", "img:latest"}, {"replicas", std::to_string(top.instances)}};
  if (top.per_host > 1 || (cluster.focus == Focus::any && dice.chance(0.2)))
    container.emplace_back("replicas-per-host", "2");
  if (top.promotable) container.emplace_back("promoted-max", "1");
  cluster.xml.empty(top.engine, container);
  if (!top.addresses && !top.members.empty()) {
    cluster.xml.empty("network", {{"control-port", "3999"}});
  } else if (top.addresses) {
    Pairs network{{"ip-range-start", "192.168.122.131"}};
    if (dice.chance(0.3)) network.emplace_back("host-interface", "eth0");
    if (dice.chance(0.3)) network.emplace_back("host-netmask", "24");
    if (dice.chance(0.3)) network.emplace_back("control-port", "3121");
    if (dice.chance(0.2)) {
      cluster.xml.begin("network", network);
      cluster.xml.empty("port-mapping", {{"id", top.id + "-port"}, {"port", "80"}});
      cluster.xml.end();
    } else {
      cluster.xml.empty("network", network);
    }
  }
  if (dice.chance(0.3)) {
    cluster.xml.begin("storage");
    cluster.xml.empty(
        "storage-mapping",
        {{"id", top.id + "-map"}, {"source-dir", "/srv"}, {"target-dir", "/var/www"}, {"options", "rw"}});
    cluster.xml.end();
  }
  for (const Member& member : top.members) primitive(cluster, top, member);
  cluster.xml.end();
}

void resource(Cluster& cluster, const Top& top) {
  switch (top.kind) {
    case Top::Kind::primitive:
      return primitive(cluster, top, top.members.front());
    case Top::Kind::bundle:
      return bundle(cluster, top);
    case Top::Kind::group: {
      cluster.xml.begin("group", {{"id", top.id}});
      Pairs meta = primitive_meta(cluster);
      if (cluster.dice.chance(0.04)) meta.emplace_back("ordered", "false");
      write_values(cluster, "meta_attributes", top.id + "-meta", meta);
      for (const Member& member : top.members) primitive(cluster, top, member);
      return cluster.xml.end();
    }
    case Top::Kind::clone:
      cluster.xml.begin("clone", {{"id", top.id}});
      cluster.xml.values("meta_attributes", top.id + "-meta", clone_meta(cluster, top));
      if (top.group_inside) cluster.xml.begin("group", {{"id", top.id + "-g"}});
      for (const Member& member : top.members) primitive(cluster, top, member);
      if (top.group_inside) cluster.xml.end();
      return cluster.xml.end();
  }
}

void fence_device(Cluster& cluster) {
  cluster.xml.begin("primitive", {{"id", "fencing"}, {"class", "stonith"}, {"type", "fence_ipmilan"}});
  if (cluster.themes.unfencing)
    cluster.xml.values("meta_attributes", "fencing-meta", {{"provides", "unfencing"}});
  if (cluster.dice.chance(0.3)) {
    cluster.xml.begin("operations");
    cluster.xml.empty("op", {{"id", "fencing-monitor"}, {"name", "monitor"}, {"interval", "60s"}});
    cluster.xml.end();
  }
  cluster.xml.end();
}

void resources(Cluster& cluster) {
  cluster.xml.begin("resources");
  if (cluster.themes.templates) {
    cluster.xml.begin("template",
                      {{"id", "dummy"}, {"class", "ocf"}, {"provider", "pacemaker"}, {"type", "Dummy"}});
    cluster.xml.values("meta_attributes", "dummy-meta", primitive_meta(cluster));
    cluster.xml.begin("operations");
    cluster.xml.empty("op", {{"id", "dummy-monitor"}, {"name", "monitor"}, {"interval", "17s"}});
    cluster.xml.end();
    cluster.xml.end();
  }
  for (const Top& top : cluster.tops) resource(cluster, top);
  if (cluster.fencing && cluster.dice.chance(0.9)) fence_device(cluster);
  cluster.xml.end();
}

}  // namespace

void write_configuration(Cluster& cluster) {
  cluster_options(cluster);
  nodes(cluster);
  resources(cluster);
}

void write_defaults(Cluster& cluster) {
  Dice& dice = cluster.dice;
  if (dice.chance(0.2)) {
    cluster.xml.begin("rsc_defaults");
    write_values(cluster, "meta_attributes", "rsc-defaults",
                 {{"resource-stickiness", dice.pick({"1", "100", "INFINITY"})}});
    cluster.xml.end();
  }
  if (!cluster.themes.operations || dice.chance(0.5)) return;
  cluster.xml.begin("op_defaults");
  cluster.xml.begin("meta_attributes", {{"id", "op-defaults"}});
  if (dice.chance(0.6)) {
    cluster.xml.begin(
        "rule",
        {{"id", "op-defaults-rule"}, {"boolean-op", dice.pick({"and", "or"})}, {"score", "INFINITY"}});
    cluster.xml.empty("op_expression", {{"id", "op-defaults-op"}, {"name", dice.pick({"monitor", "start"})}});
    if (dice.chance(0.5))
      cluster.xml.empty("rsc_expression", {{"id", "op-defaults-rsc"}, {"type", dice.pick({"Dummy", "x"})}});
    cluster.xml.end();
  }
  cluster.xml.value("op-defaults", {"timeout", dice.pick({"5s", "33s"})});
  if (dice.chance(0.3)) cluster.xml.value("op-defaults", {"record-pending", "false"});
  cluster.xml.end();
  cluster.xml.end();
}

}  // namespace fencepost::crm_simulate
