#include "engine/policy/assign.h"

#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/colocations.h"
#include "engine/policy/constraints.h"
#include "engine/policy/propagate.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {

// ---------------------------------------------------------------- choosing a node

namespace {

class NodePreference {
 public:
  NodePreference(const Draft& d, const ScoreTable& scores, NodeId active)
      : d_(d), scores_(scores), active_(active) {}

  // Whether a is a better place than b.
  bool operator()(NodeId a, NodeId b) const { return compare(a, b) < 0; }

  int compare(NodeId a, NodeId b) const {
    const std::int32_t score_a = score_of(a);
    const std::int32_t score_b = score_of(b);
    if (score_a != score_b) return score_a > score_b ? -1 : 1;
    if (d_.options.placement != PlacementStrategy::minimal) {
      if (d_.options.placement == PlacementStrategy::balanced) {
        const int capacity = compare_capacity(d_, a, b);
        if (capacity != 0) return capacity;
      }
      if (d_[a].assigned_count != d_[b].assigned_count)
        return d_[a].assigned_count < d_[b].assigned_count ? -1 : 1;
      if (a == active_ && b != active_) return -1;
      if (b == active_ && a != active_) return 1;
    }
    return d_[a].spec->name.compare(d_[b].spec->name);
  }

 private:
  std::int32_t score_of(NodeId node) const {
    return available(d_, node) ? scores_[node].score : -Score::kInfinity;
  }

  const Draft& d_;
  const ScoreTable& scores_;
  NodeId active_;
};

// Of its table; invalid if that is empty. Of several that are as good, the first.
NodeId best_node(const Draft& d, const ScoreTable& scores, NodeId active) {
  const NodePreference is_better{d, scores, active};
  NodeId best;
  for (const Node& node : d.nodes) {
    if (scores.has(node.id) && (!best.valid() || is_better(node.id, best))) best = node.id;
  }
  return best;
}

bool is_unique_instance(const Draft& d, ResourceId id) {
  const ResourceId parent = d[id].parent;
  return parent.valid() && d[parent].is_clone() && d[parent].clone().unique;
}

// Staying is better than moving to a place that is no better.
NodeId stay_if_as_good(const Draft& d, ResourceId id, NodeId best) {
  const Resource& r = d[id];
  if (is_unique_instance(d, id) || r.scores[best].score <= 0 || !available(d, best)) return best;
  const NodeId running = current_node(d, id);
  if (!running.valid() || !available(d, running, d[running].score)) return best;
  return r.scores.has(running) && r.scores[running].score == r.scores[best].score ? running : best;
}

bool choose_node(Draft& d, ResourceId id, NodeId preferred) {
  Resource& r = d[id];
  fit_by_utilization(d, id, preferred);
  const NodeId best = best_node(d, r.scores, current_node(d, id));
  if (!best.valid()) return assign_to(d, id, NodeId{}, false);
  if (preferred.valid() && r.scores.has(preferred)) {
    const std::int32_t score = r.scores[preferred].score;
    if (score >= r.scores[best].score && available(d, preferred, score))
      return assign_to(d, id, preferred, false);
  }
  return assign_to(d, id, stay_if_as_good(d, id, best), false);
}

void no_place(Draft& d, ResourceId id) {
  Resource& r = d[id];
  r.next_role = Role::stopped;
  for (ActionId action_id : r.actions) {
    PlanAction& action = d[action_id];
    if (action.key == kStop) {
      set_optional(d, action, false);
    } else if (action.key == kStart) {
      set_runnable(d, action, false);
    } else if (action.key.interval_ms > 0) {
      const std::string* expected = action.find_meta("op_target_rc");
      if (expected == nullptr || *expected != "7") set_runnable(d, action, false);
    }
  }
}

}  // namespace

std::vector<NodeId> nodes_by_preference(const Draft& d, ResourceId id) {
  std::vector<NodeId> nodes;
  nodes.reserve(d.nodes.size());
  for (const Node& node : d.nodes) {
    if (d[id].scores.has(node.id)) nodes.push_back(node.id);
  }
  std::stable_sort(nodes.begin(), nodes.end(), NodePreference{d, d[id].scores, NodeId{}});
  return nodes;
}

void unassign(Draft& d, ResourceId id) {
  Resource& r = d[id];
  const NodeId old = r.assigned;
  r.unassigned = true;
  if (!old.valid()) return;
  r.assigned = NodeId{};
  --d[old].assigned_count;
  consume(d, id, old, +1);
}

bool assign_to(Draft& d, ResourceId id, NodeId node, bool force) {
  if (d[id].is_collective()) {
    bool changed = false;
    const std::vector<ResourceId> children = d[id].children;
    for (ResourceId child : children) changed = assign_to(d, child, node, force) || changed;
    return changed;
  }
  Resource& r = d[id];
  if (!force && node.valid()) {
    const bool usable = available(d, node) || d[node].kind == NodeKind::guest;
    if (r.scores[node].score < 0 || !usable) {
      r.next_role = Role::stopped;
      node = NodeId{};
    }
  }
  const NodeId before = r.assigned;
  unassign(d, id);
  r.unassigned = false;
  if (!node.valid()) {
    no_place(d, id);
    return before.valid();
  }
  r.assigned = node;
  ++d[node].assigned_count;
  consume(d, id, node, -1);
  dump_need(d, id);
  return true;
}

// ---------------------------------------------------------------- scores for crm_simulate -s

namespace {

void dump(Draft& d, ResourceId id, ScoreLine::Kind kind) {
  const Resource& r = d[id];
  if (r.orphan) return;
  for (const Node& node : d.nodes) {
    if (!r.scores.has(node.id)) continue;
    d.scores.push_back({.kind = kind,
                        .resource = r.spec->id,
                        .node = node.id,
                        .score = Score{r.scores[node.id].score},
                        .values = {}});
  }
  for (ResourceId child : r.children) dump(d, child, kind);
}

}  // namespace

void dump_scores(Draft& d, ResourceId id, ScoreLine::Kind kind) {
  if (d.want.scores) dump(d, id, kind);
}

// ---------------------------------------------------------------- primitives

namespace {

// A primary is assigned first, then weighs on those who want to be with it.
void follow_primaries(Draft& d, ResourceId id) {
  const std::vector<std::uint32_t> list = d[id].this_with;
  for (std::uint32_t index : list) {
    const ResourceId primary = d.colocations[index].primary;
    assign(d, primary, NodeId{});
    const Colocation c = d.colocations[index];
    const bool careful = c.dependent_role == Role::promoted || (c.score < 0 && c.score > -Score::kInfinity);
    ScoreTable before;
    if (careful) before = d[id].scores;
    apply_colocation(d, id, primary, c);
    if (careful && !any_usable(d, d[id].scores)) d[id].scores = before;
  }
}

void hear_dependents(Draft& d, ResourceId id) {
  const std::vector<std::uint32_t> list = d[id].with_this;
  for (std::uint32_t index : list) {
    const Colocation& c = d.colocations[index];
    if (!has_influence(d, c, c.primary)) continue;
    if (!d.want.reasons) {
      merge_preferences(d, c.dependent, d[id].scores, c.attribute, factor_of(c), kMergeActive);
      continue;
    }
    const ScoreTable before = d[id].scores;
    merge_preferences(d, c.dependent, d[id].scores, c.attribute, factor_of(c), kMergeActive);
    for (const Node& node : d.nodes) {
      note_score(d, id, node.id, d[id].scores[node.id].score - before[node.id].score,
                 {ScoreReason::Cause::colocation, c.id});
    }
  }
}

void settle_remote_after_assignment(Draft& d, ResourceId id) {
  if (!is_remote_connection(d, id)) return;
  Resource& r = d[id];
  for (Node& node : d.nodes) {
    if (node.connection != id) continue;
    if (r.assigned.valid() && r.next_role != Role::stopped) {
      node.online = true;
      if (node.unseen) node.unclean = false;
    } else {
      node.shutting_down = true;
    }
  }
}

bool fencing_impossible(const Draft& d) {
  return d.options.stonith && !d.has_fence_device && !d.options.have_watchdog;
}

}  // namespace

NodeId assign_primitive(Draft& d, ResourceId id, NodeId preferred) {
  if (d[id].parent.valid() && !d[d[id].parent].assigning) assign(d, d[id].parent, NodeId{});
  Resource& r = d[id];
  if (!r.unassigned) return r.assigned;
  if (r.assigning) return {};
  r.assigning = true;

  follow_primaries(d, id);
  hear_dependents(d, id);
  if (r.next_role == Role::stopped) {
    ban_or_prefer(d, id, NodeId{}, -Score::kInfinity,
                  {ScoreReason::Cause::target_role_stopped, "target-role"});
  } else if (r.next_role > r.role && !d.have_quorum && d.options.no_quorum == QuorumPolicy::freeze) {
    r.next_role = r.role;
  }
  dump_scores(d, id, ScoreLine::Kind::primitive);

  if (fencing_impossible(d)) r.managed = false;
  if (!r.managed) {
    r.next_role = r.role;
    assign_to(d, id, current_node(d, id), true);
  } else if (d.options.stop_all_resources) {
    assign_to(d, id, NodeId{}, true);
  } else if (r.unassigned) {
    choose_node(d, id, preferred);
  }
  r.assigning = false;
  settle_remote_after_assignment(d, id);
  return r.assigned;
}

NodeId assign_group(Draft& d, ResourceId id, NodeId preferred) {
  Resource& group = d[id];
  if (!group.unassigned) return group.assigned;
  if (group.assigning) return {};
  if (group.children.empty()) {
    group.unassigned = false;
    return {};
  }
  group.assigning = true;
  const ResourceId first = group.children.front();
  const ResourceId last = group.children.back();
  group.role = d[first].role;
  for (std::uint32_t c : group.this_with) insert_this_with(d, d[first].this_with, c);
  bool after_unmanaged = false;
  for (ResourceId member : group.children) {
    if (after_unmanaged && member != first) {
      for (std::uint32_t c : group.this_with) {
        if (d.colocations[c].score >= Score::kInfinity) insert_this_with(d, d[member].this_with, c);
      }
    }
    after_unmanaged = after_unmanaged || !d[member].managed;
  }
  for (std::uint32_t c : group.with_this) insert_with_this(d, d[last].with_this, c);
  group.this_with.clear();
  group.with_this.clear();

  dump_scores(d, id, ScoreLine::Kind::group);
  NodeId chosen;
  const std::vector<ResourceId> members = group.children;
  for (ResourceId member : members) {
    const NodeId node = assign(d, member, preferred);
    if (!chosen.valid()) chosen = node;
  }
  Resource& done = d[id];
  done.next_role = d[first].next_role;
  done.assigning = false;
  done.unassigned = false;
  if (!done.spec->group_colocated) return {};
  done.assigned = chosen;
  return chosen;
}

NodeId assign(Draft& d, ResourceId id, NodeId preferred) {
  switch (d[id].variant) {
    case Variant::primitive:
      return assign_primitive(d, id, preferred);
    case Variant::group:
      return assign_group(d, id, preferred);
    case Variant::clone:
      assign_clone(d, id);
      return {};
    case Variant::bundle:
      assign_bundle(d, id);
      return {};
  }
  return {};
}

// ---------------------------------------------------------------- the stage

namespace {

// A resource's scores with those of what it is colocated with; a group's begin with its last member's.
ScoreTable table_with_primaries(Draft& d, ResourceId id) {
  if (d[id].merging) return d[id].scores;
  d[id].merging = true;
  const bool filled = d[id].is_group() && !d[id].children.empty();
  ScoreTable table = filled ? table_with_primaries(d, d[id].children.back()) : d[id].scores;
  const std::vector<std::uint32_t> list = d[id].this_with;
  if (any_usable(d, table)) {
    for (std::uint32_t index : list) {
      const Colocation c = d.colocations[index];
      merge_preferences(d, c.primary, table, c.attribute, factor_of(c), kMergeThisWith | kMergeActive);
    }
  }
  d[id].merging = false;
  return table;
}

// With capacities to fill, those who matter most and know where they want to be go first (§2.1).
void sort_for_utilization(Draft& d) {
  std::vector<NodeId> nodes;
  for (const Node& node : d.nodes) nodes.push_back(node.id);
  ScoreTable base{d.nodes.size()};
  for (const Node& node : d.nodes)
    base[node.id] = {.score = node.score, .count = 0, .discovery = Discovery::always, .present = true};
  std::stable_sort(nodes.begin(), nodes.end(), NodePreference{d, base, NodeId{}});
  std::vector<ScoreTable> tables(d.resources.size());
  for (ResourceId id : d.top_level) tables[id.index()] = table_with_primaries(d, id);

  const auto score_on = [&](ResourceId id, NodeId node) {
    if (!node.valid()) return -Score::kInfinity;
    const ScoreTable& table = tables[id.index()];
    return table.has(node) ? table[node].score : -Score::kInfinity;
  };
  const auto before = [&](ResourceId a, ResourceId b) {
    if (d[a].priority != d[b].priority) return d[a].priority > d[b].priority;
    NodeId at_a = current_node(d, a);
    NodeId at_b = current_node(d, b);
    const std::int32_t current_a = score_on(a, at_a);
    const std::int32_t current_b = score_on(b, at_b);
    if (current_a != current_b) return current_a > current_b;
    for (NodeId node : nodes) {
      if (score_on(a, node) != score_on(b, node)) return score_on(a, node) > score_on(b, node);
    }
    return false;
  };
  std::stable_sort(d.top_level.begin(), d.top_level.end(), before);
}

}  // namespace

void assign_all(Draft& d) {
  dump_capacities(d, ScoreLine::Kind::capacity_original);
  if (d.options.placement != PlacementStrategy::standard) sort_for_utilization(d);
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId id : all) {
    if (!is_remote_connection(d, id)) continue;
    assign(d, id, d[id].partial_target);
  }
  for (ResourceId id : all) {
    if (!is_remote_connection(d, id)) assign(d, id, NodeId{});
  }
  dump_capacities(d, ScoreLine::Kind::capacity_remaining);
}

}  // namespace fencepost::policy
