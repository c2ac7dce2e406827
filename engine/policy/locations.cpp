// Where resources like to be: rsc_location, node health, shutdown locks, stickiness, failures (§1).
#include <algorithm>
#include <regex>

#include "engine/policy/actions.h"
#include "engine/policy/constraints.h"
#include "engine/policy/history.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

Discovery parse_discovery(const std::string& text) {
  if (cib::equal_ignoring_case(text, "never")) return Discovery::never;
  if (cib::equal_ignoring_case(text, "exclusive")) return Discovery::exclusive;
  return Discovery::always;
}

// Of the simple form, only promoted and stopped are filters.
Role simple_filter(const std::string& text) {
  const auto role = cib::parse_role(text);
  return role && (*role == Role::promoted || *role == Role::stopped) ? *role : Role::unknown;
}

// Of a rule, started is one too: it then never matches, since nothing has that next role when scores are
// applied.
Role rule_filter(const std::string& text) {
  const auto role = cib::parse_role(text);
  return role && *role != Role::unpromoted ? *role : Role::unknown;
}

struct LocationSource {
  const cib::LocationConstraint* constraint;
  std::string_view node;
  std::string_view score;
  std::string_view role;
  const std::vector<std::string>* matches = nullptr;
};

class ParameterLookup : public cib::Lookup {
 public:
  explicit ParameterLookup(const std::vector<NameValue>& pairs) : pairs_(pairs) {}
  const std::string* find(std::string_view name) const override {
    for (const NameValue& pair : pairs_) {
      if (pair.name == name) return &pair.value;
    }
    return nullptr;
  }

 private:
  const std::vector<NameValue>& pairs_;
};

std::int32_t rule_score(const Draft& d, const cib::Rule& rule, const Node& node,
                        const std::vector<std::string>* matches) {
  if (!rule.score.empty() || rule.score_attribute.empty()) {
    return cib::parse_score(rule.score, d.options.health_scores).value();
  }
  const std::string name =
      matches == nullptr ? rule.score_attribute : cib::substitute_matches(rule.score_attribute, *matches);
  const std::string* value = node.attributes.find(name);
  return value == nullptr ? -Score::kInfinity : cib::parse_score(*value, d.options.health_scores).value();
}

void add_rule_location(Draft& d, ResourceId id, const LocationSource& source, const cib::Rule& rule) {
  Location location;
  location.id = source.constraint->id;
  location.role = rule_filter(rule.role);
  location.discovery = parse_discovery(source.constraint->resource_discovery);
  const bool any = rule.boolean_op == "or";
  std::optional<WallSeconds> next;
  const ParameterLookup meta_lookup{d[id].def->meta};
  for (const Node& node : d.nodes) {
    std::vector<NameValue> made;
    const std::vector<NameValue>& parameters = parameters_on(d, id, node.id, made);
    const ParameterLookup parameter_lookup{parameters};
    cib::RuleContext context{.now = d.now};
    context.node_attributes = &node.attributes;
    context.agent = &d[id].def->xml->agent;
    context.parameters = &parameter_lookup;
    context.meta = &meta_lookup;
    context.matches = source.matches;
    context.next_change = &next;
    if (!cib::holds(rule, context)) continue;
    const std::int32_t score = rule_score(d, rule, node, source.matches);
    location.nodes.emplace_back(node.id, any ? add_scores(node.score, score) : score);
  }
  if (next) d.recheck_by(next->since_epoch);
  add_location(d, id, std::move(location));
}

void read_location_of(Draft& d, ResourceId id, const LocationSource& source) {
  if (!source.node.empty() && !source.score.empty()) {
    const NodeId node = find_node(d, source.node);
    if (!node.valid()) return;
    Location location;
    location.id = source.constraint->id;
    location.role = simple_filter(std::string{source.role});
    location.discovery = parse_discovery(source.constraint->resource_discovery);
    location.nodes.emplace_back(node, cib::parse_score(source.score, d.options.health_scores).value());
    add_location(d, id, std::move(location));
    return;
  }
  for (const cib::Rule& rule : source.constraint->rules) add_rule_location(d, id, source, rule);
}

void read_pattern(Draft& d, const cib::LocationConstraint& c) {
  const bool inverted = !c.resource_pattern.empty() && c.resource_pattern[0] == '!';
  const std::string text = inverted ? c.resource_pattern.substr(1) : c.resource_pattern;
  std::regex pattern;
  try {
    pattern.assign(text, std::regex::extended);
  } catch (const std::regex_error&) {
    d.notices.push_back({Notice::Severity::error, "location '" + c.id + "': '" + text +
                                                      "' is no regular expression: constraint ignored"});
    return;
  }
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId id : all) {
    std::smatch match;
    const std::string& name = d[id].spec->id;
    const bool found = std::regex_search(name, match, pattern);
    if (found == inverted) continue;
    std::vector<std::string> groups;
    if (!inverted) {
      for (std::size_t i = 0; i < match.size(); ++i) groups.push_back(match[i].str());
    }
    read_location_of(d, id, {&c, c.node, c.score, c.role, inverted ? nullptr : &groups});
  }
}

}  // namespace

void read_location(Draft& d, const cib::LocationConstraint& c) {
  if (!c.resource_pattern.empty()) return read_pattern(d, c);
  if (!c.sets.empty() && c.resource.empty()) {
    for (const cib::ResourceSet& set : c.sets) {
      for (ResourceId id : resources_of(d, set)) {
        const std::string& score = set.score.empty() ? c.score : set.score;
        read_location_of(d, id, {&c, c.node, score, set.role.empty() ? c.role : set.role});
      }
    }
    return;
  }
  std::vector<std::string> references{c.resource};
  if (is_collection(d, c.resource)) references = members_of(d, c.resource);
  for (const std::string& reference : references) {
    const ResourceId id = find_resource(d, reference);
    if (!id.valid()) {
      d.notices.push_back({Notice::Severity::error, "location '" + c.id + "' names '" + reference +
                                                        "', which is no resource: constraint ignored"});
      continue;
    }
    read_location_of(d, id, {&c, c.node, c.score, c.role});
  }
}

void add_location(Draft& d, ResourceId id, Location location) {
  location.resource = id;
  // Whether or not the constraint will apply to the role that is wanted.
  if (location.discovery == Discovery::exclusive) d[id].exclusive_discovery = true;
  d[id].locations.push_back(static_cast<std::uint32_t>(d.locations.size()));
  d.locations.push_back(std::move(location));
}

// ---------------------------------------------------------------- applying

namespace {

void apply_to_one(Draft& d, ResourceId id, const Location& location, bool zero) {
  Resource& r = d[id];
  if (location.role != Role::unknown && location.role != r.next_role) return;
  for (const auto& [node, wanted] : location.nodes) {
    const std::int32_t score = zero ? 0 : wanted;
    Candidate& candidate = r.scores[node];
    if (candidate.present) {
      candidate.score = add_scores(candidate.score, score);
    } else {
      candidate = newcomer(d, node, score);
    }
    note_score(d, id, node, score, {location.cause, location.id});
    candidate.discovery = std::max(candidate.discovery, location.discovery);
  }
  if (location.discovery == Discovery::exclusive) r.exclusive_discovery = true;
}

void apply(Draft& d, ResourceId id, const Location& location, bool zero) {
  Resource& r = d[id];
  if (r.is_primitive()) return apply_to_one(d, id, location, zero);
  if (r.is_bundle()) {
    apply_to_one(d, id, location, zero);
    const Bundle& bundle = *bundle_data(d, id);
    for (const BundlePart& part : bundle.parts) {
      apply(d, part.spec->container, location, zero);
      if (part.spec->ip.valid()) apply(d, part.spec->ip, location, zero);
    }
    if (bundle.spec->inner_clone.valid() &&
        (location.role == Role::promoted || location.role == Role::unpromoted)) {
      apply(d, bundle.spec->inner_clone, location, zero);
      auto& list = d[bundle.spec->inner_clone].locations;
      list.push_back(static_cast<std::uint32_t>(&location - d.locations.data()));
    }
    return;
  }
  apply_to_one(d, id, location, zero);
  bool later = zero;
  for (ResourceId child : r.children) {
    apply(d, child, location, r.is_group() ? later : zero);
    // What a colocated group likes, its first member says for all of them.
    if (r.is_group() && r.spec->group_colocated) later = true;
  }
}

}  // namespace

void apply_location(Draft& d, ResourceId id, const Location& location) { apply(d, id, location, false); }

void apply_locations(Draft& d) {
  for (std::size_t i = d.locations.size(); i-- > 0;)
    apply_location(d, d.locations[i].resource, d.locations[i]);
}

// ---------------------------------------------------------------- node health

namespace {

std::int32_t health_of(const Draft& d, const Node& node) {
  std::int32_t total = d.options.health == HealthStrategy::progressive ? d.options.health_base.value() : 0;
  for (const auto& entry : node.attributes) {
    if (entry.name.substr(0, 7) != "#health") continue;
    total = add_scores(total, cib::parse_score(*entry.value, d.options.health_scores).value());
  }
  return total;
}

}  // namespace

void apply_node_health(Draft& d) {
  if (d.options.health == HealthStrategy::none) return;
  for (const Node& node : d.nodes) {
    const std::int32_t health = health_of(d, node);
    if (health == 0) continue;
    for (ResourceId id : d.top_level) {
      if (health < 0 && d[id].def->allow_unhealthy_nodes) continue;
      Location location;
      location.id = "node-health";
      location.cause = ScoreReason::Cause::node_health;
      location.nodes.emplace_back(node.id, health);
      add_location(d, id, std::move(location));
    }
  }
}

// ---------------------------------------------------------------- shutdown locks

void read_lock(Draft& d, ResourceId id, NodeId node, std::int64_t time) {
  const std::int64_t limit = d.options.shutdown_lock_limit_s;
  if (limit > 0 && d.now.since_epoch > time + limit) {
    request(d, id, key(Task::lrm_delete), node, Demand::required);
    return;
  }
  d[id].lock_node = node;
  d[id].lock_time = time;
}

namespace {

void lock(Draft& d, ResourceId id) {
  Resource& r = d[id];
  if (r.is_group()) {
    for (ResourceId member : r.children) lock(d, member);
    return;
  }
  // The connection of a guest stays with its container, locked like it.
  const bool remote = r.def->remote_connection && !r.container.valid();
  if (!r.is_primitive() || r.def->fence_device || remote) return;
  if (r.lock_node.valid()) {
    if (!r.active_on.empty()) {
      request(d, id, key(Task::lrm_delete), r.lock_node, Demand::required);
      r.lock_node = NodeId{};
      r.lock_time = 0;
    }
  } else if (r.active_on.size() == 1) {
    const Node& node = d[r.active_on.front()];
    if (node.shutting_down && !node.unclean) {
      r.lock_node = node.id;
      const std::string* since = node.attributes.find("shutdown");
      const std::int64_t at = since == nullptr ? 0 : cib::parse_integer(*since).value_or(0);
      r.lock_time = at > 0 ? at : d.now.since_epoch;
    }
  }
  if (!r.lock_node.valid()) return;
  if (d.options.shutdown_lock_limit_s > 0) d.recheck_by(r.lock_time + d.options.shutdown_lock_limit_s + 1);
  for (const Node& node : d.nodes) {
    if (node.id == r.lock_node) continue;
    Location location;
    location.id = "shutdown-lock";
    location.cause = ScoreReason::Cause::shutdown_lock;
    location.nodes.emplace_back(node.id, -Score::kInfinity);
    add_location(d, id, std::move(location));
  }
}

}  // namespace

void lock_shut_down_resources(Draft& d) {
  if (!d.options.shutdown_lock) return;
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId id : all) lock(d, id);
}

// ---------------------------------------------------------------- stickiness, failures, discovery

void apply_stickiness(Draft& d) {
  for (ResourceId top : d.top_level) {
    for_each_leaf(d, top, [&d](ResourceId id) {
      const Resource& r = d[id];
      if (!r.managed || r.stickiness < 1 || r.active_on.size() != 1) return;
      const NodeId node = r.active_on.front();
      if (!d.options.symmetric && !r.scores.has(node)) return;
      ban_or_prefer(d, id, node, r.stickiness, {ScoreReason::Cause::stickiness, "resource-stickiness"});
    });
  }
}

bool threshold_reached(Draft& d, ResourceId id, NodeId node) {
  const Resource& r = d[id];
  if (r.migration_threshold == 0 || r.failure_ignored) return false;
  if (find_action(d, id, key(Task::clear_failcount), node).valid()) return false;
  const Failures failures = counted_failures(d, id, node);
  return failures.count > 0 && failures.count >= r.migration_threshold;
}

namespace {

void ban_if_failed_too_often(Draft& d, ResourceId id, NodeId node) {
  if (!threshold_reached(d, id, node)) return;
  ResourceId banned = id;
  if (!d[id].unique()) {
    const ResourceId top = top_of(d, id);
    if (d[top].is_clone() || is_anonymous_instance(d, id)) banned = d[top].is_clone() ? top : clone_of(d, id);
  }
  ban_or_prefer(d, banned, node, -Score::kInfinity,
                {ScoreReason::Cause::migration_threshold, "migration-threshold"});
}

void apply_exclusive_discovery(Draft& d, ResourceId id, NodeId node) {
  const Resource& r = d[id];
  if (!r.exclusive_discovery && !d[top_of(d, id)].exclusive_discovery) return;
  for (ResourceId child : r.children) apply_exclusive_discovery(d, child, node);
  Candidate& candidate = d[id].scores[node];
  if (!candidate.present || candidate.discovery == Discovery::exclusive) return;
  candidate.score = -Score::kInfinity;
  note_score(d, id, node, -Score::kInfinity, {ScoreReason::Cause::exclusive_discovery, "resource-discovery"});
}

}  // namespace

void ban_after_failures(Draft& d) {
  for (const Node& node : d.nodes) {
    bool has_failures = false;
    for (const auto& entry : node.attributes)
      has_failures = has_failures || entry.name.substr(0, 11) == "fail-count-";
    for (ResourceId top : d.top_level) {
      if (has_failures)
        for_each_leaf(d, top, [&](ResourceId id) { ban_if_failed_too_often(d, id, node.id); });
      apply_exclusive_discovery(d, top, node.id);
    }
  }
}

}  // namespace fencepost::policy
