// Location, order, colocation and tickets of a random cluster, their rules and sets; tags.
#include <algorithm>

#include "tests/crm_simulate/random_cib/cluster.h"

namespace fencepost::crm_simulate {

namespace {

constexpr const char* kTag = "some";

std::string any_score(Dice& dice) {
  return dice.pick({"INFINITY", "-INFINITY", "100", "-100", "10", "1000", "INFINITY", "0"});
}

// ---------------------------------------------------------------- rules

// Comparing versions is left out: with a value that is none, the real program does not come back.
void attribute_expression(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  const std::string attribute = dice.pick({"disk", "disk", "#uname", "rank", "nobody", "#kind"});
  if (dice.chance(0.2))
    return cluster.xml.empty(
        "expression",
        {{"id", id}, {"attribute", attribute}, {"operation", dice.pick({"defined", "not_defined"})}});
  std::string value = dice.pick({"ssd", "hdd"});
  if (attribute == "#uname") value = cluster.any_node();
  if (attribute == "#kind") value = dice.pick({"cluster", "remote", "container"});
  Pairs all{{"id", id},
            {"attribute", attribute},
            {"operation", dice.pick({"eq", "ne", "lt", "gt", "lte", "gte"})},
            {"value", value}};
  if (attribute == "rank") {
    all.back().second = dice.pick({"1", "5", "10"});
    all.emplace_back("type", dice.pick({"number", "string"}));
  }
  cluster.xml.empty("expression", all);
}

void date_expression(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  const std::string before = "2023-11-01", after = "2023-12-01 12:00:00Z";
  switch (dice.below(5)) {
    case 0:
      return cluster.xml.empty(
          "date_expression", {{"id", id}, {"operation", "gt"}, {"start", dice.chance(0.5) ? before : after}});
    case 1:
      return cluster.xml.empty("date_expression",
                               {{"id", id}, {"operation", "lt"}, {"end", dice.chance(0.5) ? before : after}});
    case 2:
      return cluster.xml.empty("date_expression",
                               {{"id", id}, {"operation", "in_range"}, {"start", before}, {"end", after}});
    case 3:
      cluster.xml.begin("date_expression", {{"id", id}, {"operation", "in_range"}, {"start", before}});
      cluster.xml.empty("duration", {{"id", id + "-for"}, {dice.pick({"days", "hours", "weeks"}), "2"}});
      return cluster.xml.end();
    default:
      cluster.xml.begin("date_expression", {{"id", id}, {"operation", "date_spec"}});
      cluster.xml.empty("date_spec", {{"id", id + "-spec"},
                                      {dice.pick({"hours", "weekdays", "monthdays", "months"}),
                                       dice.pick({"1-5", "9-22", "2", "11"})}});
      return cluster.xml.end();
  }
}

// ---------------------------------------------------------------- sets

void resource_set(Cluster& cluster, const std::string& id, bool roles, bool actions) {
  Dice& dice = cluster.dice;
  Pairs head{{"id", id}};
  if (dice.chance(0.4)) head.emplace_back("sequential", dice.pick({"true", "false"}));
  if (actions && dice.chance(0.2)) head.emplace_back("require-all", "false");
  if (actions && dice.chance(0.2)) head.emplace_back("action", dice.pick({"start", "stop", "promote"}));
  if (roles && dice.chance(0.2)) head.emplace_back("role", dice.pick({"Started", "Promoted", "Unpromoted"}));
  std::vector<std::string> members;
  for (const Top& top : cluster.tops)
    if (dice.chance(0.5)) members.push_back(top.id);
  if (members.empty()) members.push_back(cluster.any_resource());
  cluster.xml.begin("resource_set", head);
  for (const std::string& member : members) cluster.xml.empty("resource_ref", {{"id", member}});
  cluster.xml.end();
}

void with_sets(Cluster& cluster, const std::string& tag, const Pairs& head, bool roles, bool actions) {
  cluster.xml.begin(tag, head);
  const int sets = cluster.dice.between(1, 2);
  for (int i = 0; i < sets; ++i)
    resource_set(cluster, head.front().second + "-set" + std::to_string(i), roles, actions);
  cluster.xml.end();
}

// ---------------------------------------------------------------- constraints

std::string resource_or_tag(Cluster& cluster) {
  if (cluster.themes.tags && cluster.dice.chance(0.3)) return kTag;
  return cluster.any_resource();
}

void location(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  const Top& top = cluster.any_top();
  Pairs head{{"id", id}};
  if (cluster.themes.sets && dice.chance(0.2)) {
    head.insert(head.end(), {{"node", cluster.any_node()}, {"score", any_score(dice)}});
    return with_sets(cluster, "rsc_location", head, true, false);
  }
  if (cluster.themes.rules && dice.chance(0.2)) {
    head.emplace_back("rsc-pattern", dice.pick({"r[12]", "^r.a$", "!r1", "(r)(.)"}));
  } else {
    head.emplace_back("rsc", resource_or_tag(cluster));
  }
  const bool with_rule = cluster.themes.rules && dice.chance(0.6);
  const bool discovery = cluster.themes.discovery && dice.chance(0.6);
  if (discovery) head.emplace_back("resource-discovery", dice.pick({"always", "never", "exclusive"}));
  if (!with_rule) {
    if (top.promotable && dice.chance(0.3)) head.emplace_back("role", dice.pick({"Promoted", "Started"}));
    head.insert(head.end(), {{"node", cluster.any_node()}, {"score", any_score(dice)}});
    return cluster.xml.empty("rsc_location", head);
  }
  cluster.xml.begin("rsc_location", head);
  Pairs rule;
  if (dice.chance(0.2)) {
    rule.emplace_back("score-attribute", "rank");
  } else {
    rule.emplace_back("score", any_score(dice));
  }
  if (top.promotable && dice.chance(0.6)) rule.emplace_back("role", "Promoted");
  write_rule(cluster, id + "-rule", rule);
  cluster.xml.end();
}

void order(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  Pairs head{{"id", id}};
  if (dice.chance(0.3)) head.emplace_back("kind", dice.pick({"Mandatory", "Optional", "Serialize"}));
  if (cluster.themes.sets && dice.chance(0.4)) {
    if (dice.chance(0.1)) head.emplace_back("symmetrical", "false");
    return with_sets(cluster, "rsc_order", head, false, true);
  }
  const Top& first = cluster.any_top();
  const Top& then = cluster.any_top();
  if (first.id == then.id) return;
  head.insert(head.end(), {{"first", first.id}, {"then", then.id}});
  if (first.promotable && dice.chance(0.5))
    head.emplace_back("first-action", dice.pick({"promote", "demote", "start"}));
  if (dice.chance(0.1)) head.emplace_back("then-action", dice.pick({"start", "stop"}));
  if (then.promotable && head.back().first != "then-action" && dice.chance(0.3))
    head.emplace_back("then-action", "promote");
  if (head.at(1).second != "Serialize" && dice.chance(0.1)) head.emplace_back("symmetrical", "false");
  if (first.kind == Top::Kind::clone && dice.chance(0.1)) head.emplace_back("require-all", "false");
  cluster.xml.empty("rsc_order", head);
}

void colocation(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  Pairs head{{"id", id}, {"score", any_score(dice)}};
  if (cluster.themes.sets && dice.chance(0.4)) return with_sets(cluster, "rsc_colocation", head, true, false);
  const Top& dependent = cluster.any_top();
  const Top& primary = cluster.any_top();
  if (dependent.id == primary.id) return;
  const auto name = [&dice](const Top& top) {
    return top.kind == Top::Kind::group && dice.chance(0.3) ? dice.pick(top.members).id : top.id;
  };
  head.insert(head.end(), {{"rsc", name(dependent)}, {"with-rsc", name(primary)}});
  if (primary.promotable && dice.chance(0.6))
    head.emplace_back("with-rsc-role", dice.pick({"Promoted", "Promoted", "Unpromoted"}));
  if (dependent.promotable && dice.chance(0.4))
    head.emplace_back("rsc-role", dice.pick({"Promoted", "Started", "Unpromoted"}));
  if (dice.chance(0.1)) head.emplace_back("influence", dice.pick({"false", "true"}));
  if (dice.chance(0.1)) head.emplace_back("node-attribute", "disk");
  cluster.xml.empty("rsc_colocation", head);
}

void ticket(Cluster& cluster, const std::string& id) {
  Dice& dice = cluster.dice;
  const Top& top = cluster.any_top();
  Pairs head{{"id", id}, {"ticket", dice.pick({"t1", "t2"})}};
  if (dice.chance(0.8)) head.emplace_back("loss-policy", dice.pick({"stop", "demote", "fence", "freeze"}));
  if (cluster.themes.sets && dice.chance(0.3)) return with_sets(cluster, "rsc_ticket", head, true, false);
  head.emplace_back("rsc", top.id);
  if (top.promotable && dice.chance(0.5)) head.emplace_back("rsc-role", "Promoted");
  cluster.xml.empty("rsc_ticket", head);
}

}  // namespace

void write_rule(Cluster& cluster, const std::string& id, const Pairs& attributes) {
  Dice& dice = cluster.dice;
  Pairs head{{"id", id}};
  head.insert(head.end(), attributes.begin(), attributes.end());
  if (dice.chance(0.4)) head.emplace_back("boolean-op", dice.pick({"and", "or"}));
  cluster.xml.begin("rule", head);
  const int expressions = dice.pick({1, 1, 2});
  for (int i = 0; i < expressions; ++i) {
    const std::string expression = id + "-e" + std::to_string(i);
    if (dice.chance(0.7)) {
      attribute_expression(cluster, expression);
    } else {
      date_expression(cluster, expression);
    }
  }
  cluster.xml.end();
}

void write_constraints(Cluster& cluster) {
  cluster.xml.begin("constraints");
  const int count = cluster.dice.below(6);
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    const int kind = cluster.dice.below(cluster.themes.tickets ? 11 : 9);
    if (kind < 3) {
      location(cluster, "loc" + number);
    } else if (kind < 6) {
      order(cluster, "order" + number);
    } else if (kind < 9) {
      colocation(cluster, "col" + number);
    } else {
      ticket(cluster, "ticket" + number);
    }
  }
  cluster.xml.end();
}

void write_tags(Cluster& cluster) {
  if (!cluster.themes.tags) return;
  cluster.xml.begin("tags");
  cluster.xml.begin("tag", {{"id", kTag}});
  std::vector<std::string> members;
  for (int i = 0; i < 2; ++i) members.push_back(cluster.any_top().id);
  members.erase(std::unique(members.begin(), members.end()), members.end());
  for (const std::string& member : members) cluster.xml.empty("obj_ref", {{"id", member}});
  cluster.xml.end();
  cluster.xml.end();
}

}  // namespace fencepost::crm_simulate
