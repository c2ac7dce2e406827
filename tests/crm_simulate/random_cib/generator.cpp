#include "tests/crm_simulate/random_cib/generator.h"

#include "tests/crm_simulate/random_cib/cluster.h"

namespace fencepost::crm_simulate {

namespace {

Themes choose_themes(Dice& dice) {
  Themes themes;
  const double often = dice.pick({1, 2, 3, 4}) * 0.1;
  for (bool* theme :
       {&themes.groups,    &themes.clones,    &themes.promotable,    &themes.bundles,   &themes.guests,
        &themes.remotes,   &themes.templates, &themes.tags,          &themes.rules,     &themes.operations,
        &themes.tickets,   &themes.sets,      &themes.utilization,   &themes.failures,  &themes.migration,
        &themes.unfencing, &themes.health,    &themes.notifications, &themes.shutdown,  &themes.parameters,
        &themes.orphans,   &themes.pending,   &themes.options,       &themes.unmanaged, &themes.discovery,
        &themes.trouble})
    *theme = dice.chance(often);
  return themes;
}

void choose_nodes(Cluster& cluster) {
  Dice& dice = cluster.dice;
  const int count = dice.between(1, 4);
  for (int i = 1; i <= count; ++i) {
    const bool well = dice.chance(cluster.themes.trouble ? 0.7 : 0.97);
    cluster.nodes.push_back(
        {Node::Kind::member, std::to_string(i), "n" + std::to_string(i),
         well ? "online" : dice.pick({"offline", "lost", "pending", "unseen", "controller-gone"})});
  }
  if (cluster.themes.remotes)
    cluster.nodes.push_back({Node::Kind::remote, "rem", "rem", dice.pick({"online", "online", "unseen"})});
  if (cluster.themes.guests)
    cluster.nodes.push_back({Node::Kind::guest, "guest", "guest", dice.pick({"online", "online", "unseen"})});
}

Top::Kind choose_kind(Cluster& cluster) {
  const Themes& themes = cluster.themes;
  const int roll = cluster.dice.below(10);
  if (roll < 3 && themes.groups) return Top::Kind::group;
  if (roll < 7 && (themes.clones || themes.promotable)) return Top::Kind::clone;
  if (roll == 7 && themes.bundles) return Top::Kind::bundle;
  return Top::Kind::primitive;
}

Member choose_member(Cluster& cluster, const Top& top, const std::string& id) {
  Dice& dice = cluster.dice;
  Member member{.id = id};
  member.promotable = top.promotable;
  if (member.promotable) member.type = "Stateful";
  const bool bundled = top.kind == Top::Kind::bundle;
  if (!bundled && !top.promotable && dice.chance(0.08)) {
    member.agent_class = "systemd";
    member.provider.clear();
    member.type = "httpd";
  }
  member.migratable = cluster.themes.migration && top.kind != Top::Kind::clone && dice.chance(0.6);
  member.monitor_ms = dice.chance(0.6) ? 10'000 : 0;
  if (cluster.themes.parameters && dice.chance(0.6)) member.parameters.emplace_back("state", "/run/" + id);
  if (cluster.themes.parameters && dice.chance(0.3)) member.parameters.emplace_back("fake", "1");
  return member;
}

Top choose_top(Cluster& cluster, int number) {
  Dice& dice = cluster.dice;
  Top top{.kind = choose_kind(cluster), .id = "r" + std::to_string(number)};
  const bool clone = top.kind == Top::Kind::clone;
  top.promotable = (clone || top.kind == Top::Kind::bundle) && cluster.themes.promotable && dice.chance(0.6);
  top.unique = clone && dice.chance(0.15);
  top.group_inside = clone && cluster.themes.groups && dice.chance(0.3);
  top.instances = dice.between(1, 3);
  top.engine = dice.pick({"podman", "docker"});
  top.addresses = dice.chance(0.7);
  const bool several = top.kind == Top::Kind::group || top.group_inside;
  const int members =
      several ? dice.between(1, 3) : (top.kind == Top::Kind::bundle && !top.addresses ? 0 : 1);
  for (int i = 0; i < members; ++i) {
    const std::string id = top.kind == Top::Kind::primitive ? top.id : top.id + static_cast<char>('a' + i);
    top.members.push_back(choose_member(cluster, top, id));
  }
  return top;
}

void choose_resources(Cluster& cluster) {
  const int count = cluster.dice.between(1, 5);
  for (int i = 1; i <= count; ++i) cluster.tops.push_back(choose_top(cluster, i));
  if (cluster.themes.remotes) {
    Member connection{.id = "rem", .type = "remote", .monitor_ms = 10'000};
    cluster.tops.push_back({.id = "rem", .members = {connection}});
  }
  if (cluster.themes.guests) {
    Member machine{.id = "vm", .monitor_ms = 10'000, .remote_node = "guest", .container = "guest"};
    machine.migratable = cluster.themes.migration;
    cluster.tops.push_back({.id = "vm", .members = {machine}});
  }
}

}  // namespace

std::string Cluster::any_resource() {
  const Top& top = any_top();
  if (top.kind != Top::Kind::group || dice.chance(0.7)) return top.id;
  return dice.pick(top.members).id;
}

Cluster choose_cluster(std::uint64_t seed, Focus focus) {
  Cluster cluster{.dice = Dice(sim::Stream(seed).fork("random_cib"))};
  cluster.focus = focus;
  cluster.themes = choose_themes(cluster.dice);
  cluster.fencing = cluster.dice.chance(0.7);
  choose_nodes(cluster);
  choose_resources(cluster);
  if (focus == Focus::remotes) {
    choose_remotes(cluster);
    choose_fates(cluster);
  }
  return cluster;
}

std::string random_cib(std::uint64_t seed, Focus focus) {
  Cluster cluster = choose_cluster(seed, focus);
  Dice& dice = cluster.dice;
  cluster.xml.begin("cib", {{"validate-with", "pacemaker-3.9"},
                            {"crm_feature_set", "3.16.1"},
                            {"epoch", "1"},
                            {"num_updates", "1"},
                            {"admin_epoch", "0"},
                            {"have-quorum", dice.chance(0.9) ? "1" : "0"},
                            {"dc-uuid", dice.pick({"1", "1", "2"})},
                            {"execution-date", std::to_string(kNow)}});
  cluster.xml.begin("configuration");
  write_configuration(cluster);
  write_constraints(cluster);
  write_defaults(cluster);
  write_tags(cluster);
  cluster.xml.end();
  write_status(cluster);
  cluster.xml.end();
  return cluster.xml.take();
}

}  // namespace fencepost::crm_simulate
