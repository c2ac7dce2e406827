// Probes come before what the probed resource's start would have to wait for (§6.7).
#include <vector>

#include "engine/policy/actions.h"
#include "engine/policy/pairing.h"
#include "engine/policy/propagate.h"

namespace fencepost::policy {
namespace {

// From a probe along what it makes happen, to other resources' starts: what these must stop first waits for
// the probe.
class Walk {
 public:
  Walk(Draft& d, ActionId probe) : d_(d), probe_(probe) {}

  void run() {
    from(probe_, true);
    for (const ActionId id : visited_) d_[id].in_walk = false;
  }

 private:
  void from(ActionId id, bool any_kind) {
    const std::vector<LinkId> after = d_[id].after;
    for (auto it = after.rbegin(); it != after.rend(); ++it) {
      const Link& l = d_[*it];
      if (any_kind || (l.original & kImpliesThen) != 0) visit(l.then);
    }
  }

  void visit(ActionId id) {
    if (d_[id].in_walk) return;
    d_[id].in_walk = true;
    visited_.push_back(id);
    const ResourceId resource = d_[id].resource;
    const ResourceId probed = d_[probe_].resource;
    if (resource.valid() && resource != probed && d_[resource].is_primitive()) hold_back(id);
    from(id, false);
    if (resource.valid() && d_[resource].is_collective() && d_[probed].parent != resource) descend(id);
  }

  // "No start before the probe" means for what runs: no stop either.
  void hold_back(ActionId id) {
    const Key key = d_[id].key;
    if (key != kStart && key != kPromote) return;
    for (const ActionId other : std::vector<ActionId>(d_[d_[id].resource].actions)) {
      const PlanAction& a = d_[other];
      if (a.key == (key == kStart ? kStop : kDemote) && !a.pseudo) link(d_, probe_, other, kOrder);
    }
  }

  void descend(ActionId id) {
    const ResourceId resource = d_[id].resource;
    const Key key = d_[id].key;
    const ResourceId probed = d_[probe_].resource;
    const bool paired = d_[resource].is_clone() && d_[resource].clone().interleave;
    const ResourceId probed_clone = clone_of(d_, probed);
    for (const ResourceId child : instances_of(d_, resource)) {
      if (paired && probed_clone.valid() && partner_of(d_, child, probed_clone, false) != probed) continue;
      const ActionId part = find_action(d_, child, key, NodeId{});
      if (part.valid()) visit(part);
    }
  }

  Draft& d_;
  ActionId probe_;
  std::vector<ActionId> visited_;
};

void walk_from_probes(Draft& d, ResourceId id) {
  for_each_leaf(d, id, [&d](ResourceId leaf) {
    for (const ActionId probe : std::vector<ActionId>(d[leaf].actions))
      if (d[probe].key == kProbe && !d[probe].cancel) Walk(d, probe).run();
  });
}

Kinds kinds_of_probe(Kinds kinds) {
  if (kinds == kAntiColocation || kinds == kLoad) return kinds;
  return kOrder | (kinds & (kNotIfMigratable | kSameNode));
}

bool concerns_the_node(const Draft& d, ActionId probe, ActionId then) {
  const PlanAction& action = d[then];
  if (!action.node.valid() || !d[probe].node.valid()) return true;
  if (action.task == Task::stonith && action.node == d[probe].node) {
    const std::string* how = action.find_meta("stonith_action");
    if (how != nullptr && *how == "on") return false;
  }
  return action.task != Task::shutdown || action.node == d[probe].node;
}

// What waits for a stop waits for the probe that finds out whether there is anything to stop.
void order_probes_like_stops(Draft& d, const Ordering& o) {
  if (!o.first_resource.valid() || o.first_resource == o.then_resource) return;
  const Key first = o.first_action.valid() ? d[o.first_action].key : o.first_key;
  if (first != kStop) return;
  const bool contents = o.then_resource.valid() && d[o.first_resource].container == o.then_resource;
  const Key then = o.then_action.valid() ? d[o.then_action].key : o.then_key;
  if (contents && then == kStop) return;
  std::vector<ActionId> waiting;
  if (o.then_action.valid()) {
    waiting.push_back(o.then_action);
  } else if (o.then_resource.valid()) {
    waiting = find_actions(d, o.then_resource, o.then_key, NodeId{});
  }
  for (const ActionId probe : find_actions(d, o.first_resource, kProbe, NodeId{}))
    for (const ActionId action : waiting)
      if (concerns_the_node(d, probe, action)) link(d, probe, action, kinds_of_probe(o.kinds));
}

}  // namespace

void order_probes(Draft& d) {
  for (const ResourceId id : std::vector<ResourceId>(d.top_level)) walk_from_probes(d, id);
  for (std::size_t i = 0; i < d.orderings.size(); ++i) order_probes_like_stops(d, Ordering(d.orderings[i]));
}

}  // namespace fencepost::policy
