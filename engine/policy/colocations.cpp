#include "engine/policy/colocations.h"

#include <algorithm>

#include "engine/policy/assign.h"

namespace fencepost::policy {

float factor_of(const Colocation& c) {
  return static_cast<float>(c.score) / static_cast<float>(Score::kInfinity);
}

const std::string* colocation_value(const Draft& d, NodeId node, std::string_view attribute) {
  if (!node.valid()) return nullptr;
  return attribute.empty() ? &d[node].spec->name : d[node].attributes.find(attribute);
}

bool same_value(const std::string* a, const std::string* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a == b || cib::equal_ignoring_case(*a, *b);
}

bool any_usable(const Draft& d, const ScoreTable& table) {
  for (const Node& node : d.nodes) {
    if (table.has(node.id) && !table[node.id].unusable && available(d, node.id, table[node.id].score))
      return true;
  }
  return false;
}

bool has_influence(const Draft& d, const Colocation& c, ResourceId reference) {
  const Resource& r = d[reference];
  // A bundle's connection must not decide where its container is, once that is running.
  if (is_bundle_connection(d, c.dependent) && c.dependent.valid() && !r.failed && r.active_on.size() == 1)
    return false;
  return c.influence || r.active_on.empty();
}

Applies applies(const Draft& d, ResourceId dependent_id, ResourceId primary_id, const Colocation& c,
                bool preview) {
  const Resource& dependent = d[dependent_id];
  if (!preview && any_unassigned(d, primary_id)) return Applies::nothing;
  const bool in_promotable = dependent.parent.valid() && d[top_of(d, dependent_id)].is_clone() &&
                             d[top_of(d, dependent_id)].clone().promotable;
  if (c.dependent_role >= Role::unpromoted && in_promotable && !dependent.unassigned)
    return Applies::priority;
  if (!preview && !dependent.unassigned) return Applies::nothing;
  const Role dependent_next = dependent.next_role;
  const Role primary_next = role_of(d, primary_id, false);
  if (c.score > 0) {
    if (c.dependent_role != Role::unknown && c.dependent_role != dependent_next) return Applies::nothing;
    if (c.primary_role != Role::unknown && c.primary_role != primary_next) return Applies::nothing;
  } else if (c.score < 0) {
    // The opposite of what one would think, and so it is.
    if (c.dependent_role != Role::unknown && c.dependent_role == dependent_next) return Applies::nothing;
    if (c.primary_role != Role::unknown && c.primary_role == primary_next) return Applies::nothing;
  }
  return Applies::scores;
}

// ---------------------------------------------------------------- one primary, one dependent

namespace {

void change_scores(Draft& d, ResourceId dependent_id, ResourceId primary_id, const Colocation& c) {
  Resource& dependent = d[dependent_id];
  const Resource& primary = d[primary_id];
  const bool assigned = primary.assigned.valid();
  if (!assigned && c.score < 0) return;
  const std::string* value = colocation_value(d, primary.assigned, c.attribute);
  ScoreTable work = dependent.scores;
  for (const Node& node : d.nodes) {
    if (!work.has(node.id)) continue;
    Candidate& candidate = work[node.id];
    if (!assigned) {
      candidate.score = add_scores(candidate.score, -c.score);
    } else if (same_value(colocation_value(d, node.id, c.attribute), value)) {
      if (c.score < Score::kInfinity) candidate.score = add_scores(candidate.score, c.score);
    } else if (c.score >= Score::kInfinity) {
      candidate.score = -Score::kInfinity;
    }
  }
  const bool infinite = c.score >= Score::kInfinity || c.score <= -Score::kInfinity;
  if (!infinite && !any_usable(d, work)) return;
  for (const Node& node : d.nodes) {
    const std::int32_t change = work[node.id].score - dependent.scores[node.id].score;
    if (change == 0) continue;
    dependent.scores[node.id].score = work[node.id].score;
    note_score(d, dependent_id, node.id, change, {ScoreReason::Cause::colocation, c.id});
  }
}

void change_priority(Draft& d, ResourceId dependent_id, ResourceId primary_id, const Colocation& c) {
  Resource& dependent = d[dependent_id];
  const Resource& primary = d[primary_id];
  if (!dependent.assigned.valid() || !primary.assigned.valid()) return;
  const bool same = same_value(colocation_value(d, dependent.assigned, c.attribute),
                               colocation_value(d, primary.assigned, c.attribute));
  if (!same) {
    if (c.score == Score::kInfinity && c.dependent_role == Role::promoted)
      dependent.priority = -Score::kInfinity;
    return;
  }
  if (c.primary_role != Role::unknown && c.primary_role != primary.next_role) return;
  const std::int32_t score = c.dependent_role == Role::unpromoted ? -c.score : c.score;
  dependent.priority = add_scores(dependent.priority, score);
}

void with_primitive(Draft& d, ResourceId dependent, ResourceId primary, const Colocation& c) {
  switch (applies(d, dependent, primary, c)) {
    case Applies::nothing:
      return;
    case Applies::scores:
      return change_scores(d, dependent, primary, c);
    case Applies::priority:
      return change_priority(d, dependent, primary, c);
  }
}

// ---------------------------------------------------------------- group, clone and bundle as primary

void with_group(Draft& d, ResourceId dependent, ResourceId group_id, const Colocation& c) {
  const Resource& group = d[group_id];
  if (any_unassigned(d, group_id) || group.children.empty()) return;
  if (group.spec->group_colocated) {
    // "Together with the group" needs all of it; a mere preference needs only where it begins.
    const ResourceId member = c.score >= Score::kInfinity ? group.children.back() : group.children.front();
    return with_primitive(d, dependent, member, c);
  }
  if (c.score >= Score::kInfinity) return;
  for (ResourceId member : group.children) apply_colocation(d, dependent, member, c);
}

int copies_per_node(const Draft& d, ResourceId id) {
  const Resource& r = d[id];
  if (r.is_clone()) return r.clone().node_max;
  if (r.is_bundle()) return bundle_data(d, id)->spec->per_host;
  return 1;
}

bool interleaved_pair(const Draft& d, const Colocation& c, ResourceId primary) {
  const Resource& dependent = d[c.dependent];
  if (!dependent.is_clone() && !dependent.is_bundle()) return false;
  const std::string* interleave = dependent.def->find_meta("interleave");
  if (interleave == nullptr || !cib::is_true(*interleave)) return false;
  return copies_per_node(d, c.dependent) == copies_per_node(d, primary);
}

void with_partner(Draft& d, ResourceId dependent, ResourceId primary, const Colocation& c) {
  const ResourceId partner = partner_of(d, dependent, primary, Role::unknown, false);
  if (partner.valid()) {
    apply_colocation(d, dependent, partner, c);
  } else if (c.score >= Score::kInfinity) {
    assign_to(d, dependent, NodeId{}, true);
  }
}

void keep_to(Draft& d, ResourceId dependent_id, const std::vector<NodeId>& nodes, const Colocation& c) {
  Resource& dependent = d[dependent_id];
  for (const Node& node : d.nodes) {
    Candidate& candidate = dependent.scores[node.id];
    if (contains(nodes, node.id)) {
      if (!candidate.present) candidate = newcomer(d, node.id, -Score::kInfinity);
      continue;
    }
    if (!candidate.present || candidate.score == -Score::kInfinity) continue;
    candidate.score = -Score::kInfinity;
    note_score(d, dependent_id, node.id, -Score::kInfinity, {ScoreReason::Cause::colocation, c.id});
  }
}

// The dependent goes where an instance is in the role asked for (§4.4).
void with_role(Draft& d, ResourceId dependent_id, ResourceId clone_id, const Colocation& c) {
  const Resource& clone = d[clone_id];
  const bool both_promoted = c.dependent_role == Role::promoted && c.primary_role == Role::promoted;
  std::vector<std::pair<NodeId, ResourceId>> found;
  for (ResourceId child : clone.children) {
    const NodeId node = location_of(d, child, false);
    if (node.valid() && role_of(d, child, false) == c.primary_role) found.emplace_back(node, child);
  }
  Resource& dependent = d[dependent_id];
  if (c.score < Score::kInfinity) {
    ScoreTable work = dependent.scores;
    for (const auto& [at, child] : found) {
      const std::string* value = colocation_value(d, at, c.attribute);
      for (const Node& node : d.nodes) {
        if (!work.has(node.id) || !same_value(colocation_value(d, node.id, c.attribute), value)) continue;
        work[node.id].score = add_scores(work[node.id].score, c.score);
      }
    }
    for (const Node& node : d.nodes) {
      const std::int32_t change = work[node.id].score - dependent.scores[node.id].score;
      dependent.scores[node.id].score = work[node.id].score;
      note_score(d, dependent_id, node.id, change, {ScoreReason::Cause::colocation, c.id});
    }
    return;
  }
  if (both_promoted) return;
  for (const Node& node : d.nodes) {
    Candidate& candidate = dependent.scores[node.id];
    if (!candidate.present) continue;
    const std::int32_t before = candidate.score;
    bool matched = false;
    for (const auto& [at, child] : found) {
      if (!same_value(colocation_value(d, at, c.attribute), colocation_value(d, node.id, c.attribute)))
        continue;
      matched = true;
      const Resource& instance = d[child];
      const bool own = instance.managed && instance.scores.has(at);
      candidate.score = add_scores(candidate.score, own ? instance.scores[at].score : d[at].score);
    }
    if (!matched) candidate.score = -Score::kInfinity;
    note_score(d, dependent_id, node.id, candidate.score - before, {ScoreReason::Cause::colocation, c.id});
  }
  for (const auto& [at, child] : found) {
    Candidate& candidate = dependent.scores[at];
    if (candidate.present) continue;
    candidate = newcomer(d, at, -Score::kInfinity);
  }
}

void priority_from_role(Draft& d, ResourceId dependent_id, ResourceId clone, const Colocation& c) {
  const ResourceId partner = partner_of(d, dependent_id, clone, c.primary_role, false);
  Resource& dependent = d[dependent_id];
  if (partner.valid()) {
    dependent.priority = add_scores(dependent.priority, c.score);
  } else if (c.score >= Score::kInfinity) {
    dependent.priority = -Score::kInfinity;
  }
}

void with_clone(Draft& d, ResourceId dependent, ResourceId clone_id, const Colocation& c) {
  const Resource& clone = d[clone_id];
  if (clone.unassigned) return;
  if (clone.clone().promotable && c.primary_role != Role::unknown) {
    if (d[dependent].unassigned) return with_role(d, dependent, clone_id, c);
    if (c.dependent_role == Role::promoted) return priority_from_role(d, dependent, clone_id, c);
  }
  if (interleaved_pair(d, c, clone_id)) return with_partner(d, dependent, clone_id, c);
  if (c.score >= Score::kInfinity) {
    std::vector<NodeId> nodes;
    for (ResourceId child : clone.children) {
      const NodeId node = location_of(d, child, false);
      bool blocked = false;
      for_each_resource(d, child, [&](ResourceId r) { blocked = blocked || d[r].blocked; });
      if (node.valid() && !blocked) nodes.push_back(node);
    }
    return keep_to(d, dependent, nodes, c);
  }
  const std::vector<ResourceId> children = clone.children;
  for (ResourceId child : children) apply_colocation(d, dependent, child, c);
}

void with_bundle(Draft& d, ResourceId dependent, ResourceId bundle_id, const Colocation& c) {
  if (d[bundle_id].unassigned) return;
  const Bundle& bundle = *bundle_data(d, bundle_id);
  const Resource& constrained = d[c.dependent];
  if (constrained.is_clone() || constrained.is_bundle()) {
    const ResourceId partner = partner_of(d, dependent, bundle_id, Role::unknown, false);
    if (partner.valid()) {
      apply_colocation(d, dependent, partner, c);
    } else if (c.score >= Score::kInfinity) {
      assign_to(d, dependent, NodeId{}, true);
    }
    return;
  }
  std::vector<NodeId> nodes;
  for (const BundlePart& part : bundle.parts) {
    if (c.score < Score::kInfinity) {
      apply_colocation(d, dependent, part.spec->container, c);
      continue;
    }
    const NodeId node = location_of(d, part.spec->container, false);
    if (!node.valid() || d[part.spec->container].blocked) continue;
    if (c.primary_role >= Role::promoted &&
        (!part.spec->inner.valid() || d[part.spec->inner].next_role != Role::promoted)) {
      continue;
    }
    nodes.push_back(node);
  }
  if (c.score >= Score::kInfinity) keep_to(d, dependent, nodes, c);
}

void with_any(Draft& d, ResourceId dependent, ResourceId primary, const Colocation& c) {
  switch (d[primary].variant) {
    case Variant::primitive:
      return with_primitive(d, dependent, primary, c);
    case Variant::group:
      return with_group(d, dependent, primary, c);
    case Variant::clone:
      return with_clone(d, dependent, primary, c);
    case Variant::bundle:
      return with_bundle(d, dependent, primary, c);
  }
}

}  // namespace

void apply_colocation(Draft& d, ResourceId dependent, ResourceId primary, const Colocation& c) {
  if (d[dependent].is_group()) {
    const Resource& group = d[dependent];
    if (group.children.empty()) return;
    if (group.spec->group_colocated) return with_any(d, group.children.front(), primary, c);
    if (c.score >= Score::kInfinity) return;
    const std::vector<ResourceId> members = group.children;
    for (ResourceId member : members) apply_colocation(d, member, primary, c);
    return;
  }
  with_any(d, dependent, primary, c);
}

// ---------------------------------------------------------------- pairing

std::vector<ResourceId> paired_children(const Draft& d, ResourceId collective) {
  if (!d[collective].is_bundle()) return d[collective].children;
  std::vector<ResourceId> containers;
  for (const BundlePart& part : bundle_data(d, collective)->parts) containers.push_back(part.spec->container);
  return containers;
}

bool instance_compatible(const Draft& d, ResourceId instance, NodeId node, Role role, bool current) {
  bool blocked = false;
  for_each_resource(d, instance, [&](ResourceId r) { blocked = blocked || d[r].blocked; });
  if (blocked) return false;
  if (role != Role::unknown && role_of(d, instance, current) != role) return false;
  return location_of(d, instance, current) == node && node.valid();
}

ResourceId partner_at(const Draft& d, NodeId node, ResourceId collective, Role role, bool current) {
  for (ResourceId child : paired_children(d, collective)) {
    if (instance_compatible(d, child, node, role, current)) return child;
  }
  return {};
}

ResourceId partner_of(const Draft& d, ResourceId instance, ResourceId collective, Role role, bool current) {
  const NodeId location = location_of(d, instance, current);
  if (location.valid()) return partner_at(d, location, collective, role, current);
  for (NodeId node : nodes_by_preference(d, instance)) {
    const ResourceId partner = partner_at(d, node, collective, role, current);
    if (partner.valid()) return partner;
  }
  return {};
}

// ---------------------------------------------------------------- merging preferences

namespace {

std::int32_t best_score(const Draft& d, ResourceId from, NodeId node, std::string_view attribute) {
  const Resource& r = d[from];
  if (attribute.empty()) {
    return r.scores.has(node) && available(d, node) ? r.scores[node].score : -Score::kInfinity;
  }
  const std::string* value = colocation_value(d, node, attribute);
  std::int32_t best = -Score::kInfinity;
  for (const Node& candidate : d.nodes) {
    if (!r.scores.has(candidate.id) || !available(d, candidate.id)) continue;
    if (r.scores[candidate.id].score <= best) continue;
    if (same_value(colocation_value(d, candidate.id, attribute), value)) best = r.scores[candidate.id].score;
  }
  return best;
}

std::int32_t weigh(float factor, std::int32_t score) {
  const float product = factor * static_cast<float>(score);
  const double half = product < 0 ? -0.5 : 0.5;
  const double rounded = static_cast<double>(product) + half;
  std::int32_t weight = static_cast<std::int32_t>(std::clamp(rounded, -2.0e9, 2.0e9));
  // Even the smallest factor counts for something.
  if (weight == 0 && score != 0) weight = factor > 0 ? 1 : -1;
  return weight;
}

void add_weighed(Draft& d, ResourceId from, ScoreTable& work, std::string_view attribute, float factor,
                 bool nonneg) {
  for (const Node& node : d.nodes) {
    if (!work.has(node.id)) continue;
    Candidate& candidate = work[node.id];
    const std::int32_t best = best_score(d, from, node.id, attribute);
    if ((factor < 0 && best < 0) || candidate.unusable) continue;
    const std::int32_t sum = add_scores(candidate.score, weigh(factor, best));
    if (nonneg && sum < 0 && candidate.score > 0) {
      candidate.unusable = true;
    } else if (!(nonneg && sum < 0 && candidate.score == 0)) {
      candidate.score = sum;
    }
  }
}

void merge_further(Draft& d, ResourceId from, ScoreTable& work, float factor, unsigned flags) {
  const Resource& r = d[from];
  const bool this_with = (flags & kMergeThisWith) != 0;
  ResourceId holder = from;
  if (!this_with && r.is_group() && !r.children.empty()) holder = r.children.back();
  const std::vector<std::uint32_t> list = this_with ? d[holder].this_with : d[holder].with_this;
  for (std::uint32_t index : list) {
    const Colocation& c = d.colocations[index];
    if (!this_with && !has_influence(d, c, c.primary)) continue;
    const ResourceId other = this_with ? c.primary : c.dependent;
    const float next = (factor < 0 ? -1.0F : 1.0F) * factor_of(c);
    merge_preferences(d, other, work, c.attribute, next, flags | kMergeActive);
  }
}

}  // namespace

void merge_preferences(Draft& d, ResourceId from, ScoreTable& into, std::string_view attribute, float factor,
                       unsigned flags) {
  Resource& r = d[from];
  if (r.merging) return;
  r.merging = true;
  ScoreTable work = into;
  const bool nonneg = (flags & kMergeNonNegative) != 0;
  if (r.is_group()) {
    if (!r.children.empty()) merge_preferences(d, r.children.front(), work, attribute, factor, flags);
  } else {
    add_weighed(d, from, work, attribute, factor, nonneg);
  }
  if (any_usable(d, work)) {
    merge_further(d, from, work, factor, flags);
  } else if ((flags & kMergeActive) != 0) {
    d[from].merging = false;
    return;
  }
  if (nonneg) {
    for (const Node& node : d.nodes) {
      Candidate& candidate = work[node.id];
      if (!candidate.unusable) continue;
      candidate.unusable = false;
      candidate.score = 1;
    }
  }
  into = std::move(work);
  d[from].merging = false;
}

}  // namespace fencepost::policy
