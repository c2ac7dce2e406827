// Which instances of a promotable clone are promoted (§4.4).
#include <algorithm>

#include "engine/policy/assign.h"
#include "engine/policy/colocations.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

std::string_view without_instance(std::string_view id) {
  const std::size_t colon = id.rfind(':');
  return colon == std::string_view::npos ? id : id.substr(0, colon);
}

bool any_instance_on(const Draft& d, ResourceId id, NodeId node, bool known) {
  const ResourceId clone = clone_of(d, id);
  bool found = false;
  for_each_leaf(d, clone, [&](ResourceId leaf) {
    if (d[leaf].def != d[id].def) return;
    found = found || contains(known ? d[leaf].known_on : d[leaf].active_on, node);
  });
  return found;
}

// Whether the score the node holds may be this instance's.
bool score_counts(const Draft& d, ResourceId id, NodeId node) {
  const Resource& r = d[id];
  if (!r.scores.has(node) || r.scores[node].score < 0) return false;
  if (!r.unique()) {
    if (contains(r.active_on, node)) return true;
    if (!any_instance_on(d, id, node, false) && any_instance_on(d, id, node, true)) return true;
  }
  if (r.active_on.empty() && r.known_on.empty()) return true;
  return contains(r.known_on, node) || contains(r.active_on, node);
}

const cib::NvTable& attributes_for(const Draft& d, ResourceId id, NodeId node) {
  if (d[id].def->container_attribute_target_host) {
    const ResourceId container = guest_container(d, node);
    if (container.valid()) {
      const Resource& c = d[container];
      const NodeId host = c.active_on.empty() ? c.assigned : current_node(d, container);
      if (host.valid()) return d[host].attributes;
    }
  }
  return d[node].attributes;
}

std::optional<std::int32_t> attribute_score(const cib::NvTable& attributes, std::string_view name) {
  const std::string* text = attributes.find("master-" + std::string{name});
  if (text == nullptr) return std::nullopt;
  return cib::parse_score(*text).value();
}

std::optional<std::int32_t> promotion_score(const Draft& d, ResourceId id, NodeId node) {
  const Resource& r = d[id];
  if (!node.valid()) return std::nullopt;
  if (r.is_collective()) {
    std::optional<std::int32_t> sum;
    for (ResourceId child : r.children) {
      if (const auto score = promotion_score(d, child, node)) sum = sum.value_or(0) + *score;
    }
    return sum;
  }
  if (!score_counts(d, id, node)) return std::nullopt;
  const cib::NvTable& attributes = attributes_for(d, id, node);
  const std::string_view name =
      r.history_name.empty() ? std::string_view{r.spec->id} : std::string_view{r.history_name};
  if (const auto score = attribute_score(attributes, name)) return score;
  if (r.unique()) return std::nullopt;
  const std::string_view base = without_instance(r.spec->id);
  return base == name ? std::nullopt : attribute_score(attributes, base);
}

void become_promoted(Draft& d, ResourceId id) {
  for_each_resource(d, id, [&](ResourceId part) {
    if (d[part].next_role == Role::unknown) d[part].next_role = Role::promoted;
  });
}

void become_unpromoted(Draft& d, ResourceId id) {
  for_each_resource(d, id, [&](ResourceId part) {
    d[part].next_role = locations_of(d, part, false).empty() ? Role::stopped : Role::unpromoted;
  });
}

}  // namespace

void add_promotion_scores(Draft& d, ResourceId clone) {
  if (d[clone].promoted_merged) return;
  d[clone].promoted_merged = true;
  const std::vector<ResourceId> children = d[clone].children;
  for (ResourceId child : children) {
    for (const Node& node : d.nodes) {
      if (!d[child].scores.has(node.id) || !available(d, node.id)) continue;
      const std::int32_t score = promotion_score(d, child, node.id).value_or(0);
      if (score <= 0) continue;
      add_score(d, child, node.id, score, {ScoreReason::Cause::promotion_score, "promotion score"});
      d[child].priority = std::max(d[child].priority, score);
    }
  }
}

// ---------------------------------------------------------------- who would be best

namespace {

// Started instances of a promotable clone are unpromoted ones; of a group only if none of it is more.
void name_current_role(Draft& d, ResourceId id) {
  if (role_of(d, id, true) != Role::started) return;
  for_each_resource(d, id, [&](ResourceId part) {
    if (d[part].role == Role::started) d[part].role = Role::unpromoted;
  });
}

void add_location_priority(Draft& d, ResourceId instance, ResourceId holder, NodeId node) {
  for (std::uint32_t index : d[holder].locations) {
    const Location& location = d.locations[index];
    if (location.role != Role::promoted) continue;
    for (const auto& [at, score] : location.nodes) {
      if (at == node) d[instance].priority = add_scores(d[instance].priority, score);
    }
  }
}

void rate_instance(Draft& d, ResourceId clone, ResourceId id) {
  name_current_role(d, id);
  const NodeId node = location_of(d, id, false);
  Resource& r = d[id];
  if (node.valid()) {
    switch (role_of(d, id, false)) {
      case Role::unknown:
      case Role::started:
        r.priority = promotion_score(d, id, node).value_or(-1);
        break;
      case Role::unpromoted:
      case Role::stopped:
        r.priority = -Score::kInfinity;
        break;
      case Role::promoted:
        break;
    }
    add_location_priority(d, id, id, node);
    add_location_priority(d, id, clone, node);
    const std::vector<std::uint32_t> list = r.this_with;
    for (std::uint32_t index : list) {
      const Colocation c = d.colocations[index];
      apply_colocation(d, id, c.primary, c);
    }
  }
  if (node.valid()) d[id].sort_index = d[id].next_role == Role::promoted ? Score::kInfinity : d[id].priority;
}

// What constraints on the promoted role make of the nodes.
void merge_role_constraints(Draft& d, ResourceId id) {
  Resource& clone = d[id];
  for (ResourceId child : clone.children) {
    const NodeId node = location_of(d, child, false);
    if (!node.valid() || d[child].sort_index < 0 || !clone.scores.has(node)) continue;
    add_score(d, id, node, d[child].sort_index, {ScoreReason::Cause::promotion_score, d[child].spec->id});
  }
  const std::vector<std::uint32_t> this_with = clone.this_with;
  for (std::uint32_t index : this_with) {
    const Colocation c = d.colocations[index];
    if (c.dependent_role != Role::promoted) continue;
    const unsigned flags = c.score >= Score::kInfinity ? 0U : static_cast<unsigned>(kMergeActive);
    merge_preferences(d, c.primary, d[id].scores, c.attribute, factor_of(c), flags);
  }
  const std::vector<std::uint32_t> with_this = clone.with_this;
  for (std::uint32_t index : with_this) {
    const Colocation c = d.colocations[index];
    if (c.primary_role != Role::promoted || !has_influence(d, c, c.primary)) continue;
    merge_preferences(d, c.dependent, d[id].scores, c.attribute, factor_of(c),
                      kMergeActive | kMergeNonNegative);
  }
}

void forbid_by_tickets(Draft& d, ResourceId id) {
  for (std::uint32_t index : d[id].tickets) {
    const Ticket& ticket = d.tickets[index];
    if (ticket.role != Role::promoted || (ticket.granted && !ticket.standby)) continue;
    ban_or_prefer(d, id, NodeId{}, -Score::kInfinity, {ScoreReason::Cause::ticket, ticket.ticket});
  }
}

void set_sort_indexes(Draft& d, ResourceId id) {
  for (ResourceId child : d[id].children) {
    Resource& r = d[child];
    const NodeId node = location_of(d, child, false);
    if (!r.managed && r.next_role == Role::promoted) {
      r.sort_index = Score::kInfinity;
    } else if (node.valid() && r.sort_index >= 0 && d[id].scores.has(node)) {
      r.sort_index = d[id].scores[node].score;
    }
  }
}

void sort_for_promotion(Draft& d, ResourceId id) {
  std::vector<ResourceId> instances = d[id].children;
  std::stable_sort(instances.begin(), instances.end(), [&d](ResourceId a, ResourceId b) {
    if (d[a].sort_index != d[b].sort_index) return d[a].sort_index > d[b].sort_index;
    const Role role_a = role_of(d, a, true);
    const Role role_b = role_of(d, b, true);
    if (role_a != role_b) return role_a > role_b;
    return compare_instances(d, a, b) < 0;
  });
  d[id].children = instances;
}

// The node where an instance can be promoted, if there is one.
NodeId promotable_on(Draft& d, ResourceId clone, ResourceId id) {
  const Resource& r = d[id];
  for (ResourceId child : r.children) {
    if (!promotable_on(d, clone, child).valid()) return {};
  }
  const NodeId node = location_of(d, id, false);
  if (!node.valid()) return {};
  if (!r.managed) {
    if (role_of(d, id, true) != Role::promoted) return {};
  } else if (r.priority < 0 || !(available(d, node) && available_guest(d, node))) {
    return {};
  }
  const Candidate& there = d[clone].scores[node];
  if (!there.present) return {};
  if (there.count >= d[clone].clone().promoted_node_max && r.managed) return {};
  return node;
}

bool promote(Draft& d, ResourceId clone, ResourceId id) {
  const Resource& r = d[id];
  if (r.sort_index < 0) return false;
  if (d[clone].promoted_count >= d[clone].clone().promoted_max && d[clone].managed) return false;
  const NodeId node = promotable_on(d, clone, id);
  if (!node.valid()) return false;
  if (role_of(d, id, true) < Role::promoted && !d.have_quorum && d.options.no_quorum == QuorumPolicy::freeze)
    return false;
  ++d[clone].scores[node].count;
  ++d[clone].promoted_count;
  return true;
}

}  // namespace

void choose_promoted(Draft& d, ResourceId id) {
  for (const Node& node : d.nodes) d[id].scores[node.id].count = 0;
  d[id].promoted_count = 0;
  const std::vector<ResourceId> instances = d[id].children;
  for (ResourceId child : instances) rate_instance(d, id, child);
  d[id].merging = true;
  merge_role_constraints(d, id);
  forbid_by_tickets(d, id);
  set_sort_indexes(d, id);
  d[id].merging = false;
  sort_for_promotion(d, id);

  const std::vector<ResourceId> ranked = d[id].children;
  for (ResourceId child : ranked) {
    const NodeId node = location_of(d, child, false);
    if (d.want.scores) {
      d.scores.push_back({.kind = ScoreLine::Kind::promotion,
                          .resource = d[child].spec->id,
                          .node = node,
                          .score = Score{d[child].sort_index},
                          .values = {}});
    }
    if (promote(d, id, child)) {
      become_promoted(d, child);
    } else {
      become_unpromoted(d, child);
    }
  }
}

}  // namespace fencepost::policy
