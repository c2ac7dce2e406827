// Spreading instances over nodes (§4.2).
#include <algorithm>

#include "engine/policy/assign.h"
#include "engine/policy/colocations.h"
#include "engine/policy/constraints.h"

namespace fencepost::policy {
namespace {

// ---------------------------------------------------------------- order of instances

std::size_t active_count(const Draft& d, ResourceId id) { return d[id].active_on.size(); }

// Scores that a resource's colocations give its nodes, starting from what the nodes themselves are worth.
ScoreTable colocated_scores(Draft& d, ResourceId id) {
  const ResourceId parent = d[id].parent.valid() ? d[id].parent : id;
  const NodeId node = current_node(d, id);
  ScoreTable table{d.nodes.size()};
  if (node.valid())
    table[node] = {.score = d[node].score, .count = 0, .discovery = Discovery::always, .present = true};
  const std::vector<std::uint32_t> this_with = d[parent].this_with;
  for (std::uint32_t index : this_with) {
    const Colocation c = d.colocations[index];
    merge_preferences(d, c.primary, table, c.attribute, factor_of(c), 0);
  }
  const std::vector<std::uint32_t> with_this = d[parent].with_this;
  for (std::uint32_t index : with_this) {
    const Colocation c = d.colocations[index];
    if (!has_influence(d, c, id)) continue;
    merge_preferences(d, c.dependent, table, c.attribute, factor_of(c), kMergeNonNegative);
  }
  return table;
}

int by_colocations(Draft& d, ResourceId a, ResourceId b, NodeId node_a, NodeId node_b) {
  const ResourceId parent = d[a].parent;
  if (parent.valid() && d[parent].this_with.empty() && d[parent].with_this.empty()) {
    const std::int32_t x = d[node_a].score;
    const std::int32_t y = d[node_b].score;
    return x == y ? 0 : x > y ? -1 : 1;
  }
  const std::int32_t x = colocated_scores(d, a)[node_a].score;
  const std::int32_t y = colocated_scores(d, b)[node_b].score;
  return x == y ? 0 : x > y ? -1 : 1;
}

NodeId allowed_current(const Draft& d, ResourceId id, bool* allowed) {
  const NodeId node = current_node(d, id);
  if (!node.valid()) return {};
  *allowed = d[id].scores.has(node) && d[id].scores[node].score >= 0;
  return *allowed ? node : NodeId{};
}

bool failed_anywhere(const Draft& d, ResourceId id) {
  bool failed = false;
  for_each_resource(d, id, [&](ResourceId r) { failed = failed || d[r].failed; });
  return failed;
}

int number_of(const Draft& d, ResourceId id) { return d[id].spec->instance; }

}  // namespace

int compare_instances(Draft& d, ResourceId a, ResourceId b) {
  const std::size_t active_a = active_count(d, a);
  const std::size_t active_b = active_count(d, b);
  if (active_a > 0 && active_b > 0 && active_a != active_b) return active_a < active_b ? -1 : 1;
  bool allowed_a = true;
  bool allowed_b = true;
  const NodeId node_a = allowed_current(d, a, &allowed_a);
  const NodeId node_b = allowed_current(d, b, &allowed_b);
  if (allowed_a != allowed_b) return allowed_a ? -1 : 1;
  if (d[a].priority != d[b].priority) return d[a].priority > d[b].priority ? -1 : 1;
  if (!node_a.valid() && !node_b.valid()) return 0;
  if (node_a.valid() != node_b.valid()) return node_a.valid() ? -1 : 1;
  const bool can_a = available(d, node_a);
  const bool can_b = available(d, node_b);
  if (can_a != can_b) return can_a ? -1 : 1;
  const ResourceId parent = d[a].parent;
  const Candidate& in_a = d[parent].scores[node_a];
  const Candidate& in_b = d[parent].scores[node_b];
  if (in_a.present != in_b.present) return in_a.present ? -1 : 1;
  if (in_a.present && in_a.count != in_b.count) return in_a.count < in_b.count ? -1 : 1;
  const bool failed_a = failed_anywhere(d, a);
  const bool failed_b = failed_anywhere(d, b);
  if (failed_a != failed_b) return failed_a ? 1 : -1;
  if (node_a != node_b && in_a.present) {
    if (const int by = by_colocations(d, a, b, node_a, node_b); by != 0) return by;
  }
  return number_of(d, a) - number_of(d, b);
}

void sort_instances(Draft& d, std::vector<ResourceId>& instances) {
  std::stable_sort(instances.begin(), instances.end(),
                   [&d](ResourceId a, ResourceId b) { return compare_instances(d, a, b) < 0; });
}

// ---------------------------------------------------------------- placing

namespace {

// How far an assignment attempt of an instance has come, to be able to take it back.
void ban_recursively(Draft& d, ResourceId id, NodeId node) {
  for_each_resource(d, id, [&](ResourceId part) {
    if (!d[part].scores.has(node)) return;
    Candidate& candidate = d[part].scores[node];
    if (candidate.score == -Score::kInfinity) return;
    candidate.score = -Score::kInfinity;
    note_score(d, part, node, -Score::kInfinity, {ScoreReason::Cause::clone_limit, "clone limits"});
  });
}

void inherit_constraints(Draft& d, ResourceId collective, ResourceId instance, bool all) {
  const std::vector<std::uint32_t> this_with = d[collective].this_with;
  for (std::uint32_t index : this_with) {
    const Colocation& c = d.colocations[index];
    if (all || c.score < 0 || c.score >= Score::kInfinity) insert_this_with(d, d[instance].this_with, index);
  }
  const std::vector<std::uint32_t> with_this = d[collective].with_this;
  for (std::uint32_t index : with_this) {
    const Colocation& c = d.colocations[index];
    if (!has_influence(d, c, instance)) continue;
    if (all || c.score < 0) insert_with_this(d, d[instance].with_this, index);
  }
}

class Distributor {
 public:
  Distributor(Draft& d, const Distribution& what) : d_(d), what_(what) {}

  void run() {
    count_nodes();
    for (ResourceId id : what_.instances) place_where_it_is(id);
    for (ResourceId id : what_.instances) {
      if (!any_unassigned(d_, id)) continue;
      if (placed_ >= what_.max) {
        ban_or_prefer(d_, id, NodeId{}, -Score::kInfinity, {ScoreReason::Cause::clone_limit, "clone-max"});
      } else if (try_to_place(id, NodeId{})) {
        ++placed_;
      }
    }
  }

 private:
  Resource& collective() { return d_[what_.collective]; }

  void count_nodes() {
    int available_nodes = 0;
    for (const Node& node : d_.nodes) {
      if (!collective().scores.has(node.id)) continue;
      collective().scores[node.id].count = 0;
      if (available(d_, node.id)) ++available_nodes;
    }
    all_coloc_ = what_.max < available_nodes;
    optimal_ = available_nodes > 0 ? std::max(1, what_.max / available_nodes) : what_.max;
    if (available_nodes == 0) optimal_ = std::max(1, what_.max);
  }

  void place_where_it_is(ResourceId id) {
    if (placed_ >= what_.max) return;
    const Resource& r = d_[id];
    if (!any_unassigned(d_, id) || r.active_on.empty() || failed_anywhere(d_, id)) return;
    const NodeId node = current_node(d_, id);
    if (!node.valid() || !available(d_, node, d_[node].score)) return;
    const Candidate& candidate = collective().scores[node];
    if (!candidate.present || candidate.count >= optimal_) return;
    if (try_to_place(id, node)) ++placed_;
  }

  bool try_to_place(ResourceId id, NodeId preferred) {
    inherit_constraints(d_, what_.collective, id, all_coloc_);
    if (preferred.valid()) {
      const Candidate& candidate = d_[id].scores[preferred];
      if (!candidate.present || candidate.score < 0) return false;
    }
    limit_nodes(id);
    const ScoreTable before = d_[id].scores;
    const NodeId chosen = assign(d_, id, preferred);
    if (preferred.valid() && chosen.valid() && chosen != preferred) {
      // It would rather be elsewhere; let those go first who want to stay.
      d_[id].scores = before;
      if (d_[id].is_primitive()) {
        unassign(d_, id);
      } else {
        d_[id].assigned = NodeId{};
      }
      return false;
    }
    if (!chosen.valid()) return false;
    ++collective().scores[chosen].count;
    return true;
  }

  void limit_nodes(ResourceId id) {
    for (const Node& node : d_.nodes) {
      if (!d_[id].scores.has(node.id)) continue;
      const Candidate& mine = collective().scores[node.id];
      // A node that the clone itself would rather avoid is as bad as a full one.
      const bool unwanted = !mine.present || mine.score < 0 || mine.count >= what_.per_node;
      if (!available(d_, node.id) || d_[id].orphan || unwanted) ban_recursively(d_, id, node.id);
    }
  }

  Draft& d_;
  const Distribution& what_;
  int placed_ = 0;
  int optimal_ = 1;
  bool all_coloc_ = false;
};

}  // namespace

void distribute(Draft& d, const Distribution& what) { Distributor{d, what}.run(); }

void assign_clone(Draft& d, ResourceId id) {
  Resource& clone = d[id];
  if (!clone.unassigned || clone.assigning) return;
  if (clone.clone().promotable) add_promotion_scores(d, id);
  clone.assigning = true;

  const std::vector<std::uint32_t> this_with = clone.this_with;
  for (std::uint32_t index : this_with) assign(d, d.colocations[index].primary, NodeId{});
  const std::vector<std::uint32_t> with_this = clone.with_this;
  for (std::uint32_t index : with_this) {
    const Colocation c = d.colocations[index];
    if (!has_influence(d, c, c.primary)) continue;
    merge_preferences(d, c.dependent, d[id].scores, c.attribute, factor_of(c),
                      kMergeActive | kMergeNonNegative);
  }
  dump_scores(d, id, ScoreLine::Kind::clone);

  std::vector<ResourceId> instances = d[id].children;
  sort_instances(d, instances);
  d[id].children = instances;
  distribute(d, {.collective = id,
                 .instances = instances,
                 .max = clone.clone().max,
                 .per_node = clone.clone().node_max});
  if (clone.clone().promotable) choose_promoted(d, id);
  d[id].unassigned = false;
  d[id].assigning = false;
}

}  // namespace fencepost::policy
