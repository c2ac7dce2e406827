// What follows what inside a resource: a stop before its start, a group's members one after the other, a
// clone's instances within its own actions (§6.3).
#include <algorithm>

#include "engine/policy/action_stages.h"
#include "engine/policy/fencing.h"
#include "engine/policy/orderings.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {

void order_key_then(Draft& d, ResourceId first, Key first_key, ActionId then, Kinds kinds) {
  order(d, {.first_resource = first,
            .then_resource = {},
            .first_key = first_key,
            .then_key = {},
            .first_action = {},
            .then_action = then,
            .kinds = kinds});
}

void order_then_key(Draft& d, ActionId first, ResourceId then, Key then_key, Kinds kinds) {
  order(d, {.first_resource = {},
            .then_resource = then,
            .first_key = {},
            .then_key = then_key,
            .first_action = first,
            .then_action = {},
            .kinds = kinds});
}

ActionId load_stopped(Draft& d, NodeId node) {
  const ActionId id = milestone(d, "load_stopped_" + std::string{d[node].name()}, Task::load_stopped);
  d[id].node = node;
  return id;
}

ActionId unfencing(Draft& d, NodeId node) {
  return fence_action(
      d, {.node = node, .operation = "on", .optional = true, .reason = "", .priority_delay = false});
}

void sort_instances_by_number(Draft& d, ResourceId clone) {
  auto& children = d[clone].children;
  std::stable_sort(children.begin(), children.end(),
                   [&d](ResourceId a, ResourceId b) { return d[a].spec->instance < d[b].spec->instance; });
}

namespace {

constexpr Key kRunning = key(Task::running);
constexpr Key kStopped = key(Task::stopped);
constexpr Key kPromoted = key(Task::promoted);
constexpr Key kDemoted = key(Task::demoted);
constexpr Key kLrmDelete = key(Task::lrm_delete);

bool in_promotable(const Draft& d, ResourceId id) {
  const ResourceId clone = clone_of(d, id);
  return (clone.valid() && d[clone].clone().promotable) || (d[id].is_clone() && d[id].clone().promotable);
}

void order_resource(Draft& d, ResourceId id);

// ---------------------------------------------------------------- primitives

void order_with_unfencing(Draft& d, ResourceId id) {
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId node{i};
    if (!d[id].scores.has(node)) continue;
    const ActionId unfence = unfencing(d, node);
    order_key_then(d, id, kStop, unfence, kOrder | kSameNode);
    order_then_key(d, unfence, id, kStart, kImpliesThenOnNode | kSameNode);
  }
}

// What starts on a node waits for what leaves it, so that its capacity is never exceeded.
void order_with_load(Draft& d, ResourceId id) {
  const std::vector<NodeId> active = d[id].active_on;
  for (const NodeId node : active) order_key_then(d, id, kStop, load_stopped(d, node), kLoad);
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId node{i};
    if (!d[id].scores.has(node)) continue;
    const ActionId stopped = load_stopped(d, node);
    order_then_key(d, stopped, id, kStart, kLoad);
    order_then_key(d, stopped, id, kMigrateTo, kLoad);
  }
}

void order_with_container(Draft& d, ResourceId id) {
  const ResourceId container = d[id].container;
  if (is_remote_connection(d, id)) order(d, container, kProbe, id, kStop, kOrder);
  // What runs on a guest needs no order with it: it cannot run anywhere else.
  if (is_remote_connection(d, container)) return;
  order(d, container, kStart, id, kStart, kImpliesThen | kRunnableLeft);
  order(d, id, kStop, container, kStop, kImpliesFirst);
}

void order_primitive(Draft& d, ResourceId id) {
  if (!d[id].managed) return;
  order(d, id, kStop, id, kStart, kOrder | kImpliesThen | kRestart);
  if (in_promotable(d, id) || d[id].role == Role::promoted) {
    order(d, id, kDemote, id, kStop, kPromotedImpliesFirst);
    order(d, id, kStart, id, kPromote, kRunnableLeft);
  }
  order(d, id, kLrmDelete, id, kProbe, kSameNode | kThenCancelsFirst);
  if (d[id].def->needs == Requires::unfencing && d.config->unfencing_in_use) order_with_unfencing(d, id);
  if (!d[id].utilization.empty() && d.options.placement != PlacementStrategy::standard)
    order_with_load(d, id);
  if (d[id].container.valid()) order_with_container(d, id);
}

// ---------------------------------------------------------------- groups

struct Neighbours {
  ResourceId previous;
  ResourceId last_active;  // the latest member before this one that is active
};

void order_member_with_group(Draft& d, ResourceId group, ResourceId member, bool promotable,
                             bool first_ordered) {
  const Kinds down = first_ordered ? Kinds{kOrder | kFirstShown} : Kinds{kFirstShown};
  const Kinds down_done = first_ordered ? Kinds{kImpliesThen} : Kinds{kThenShown};
  const Kinds up_done = kRunnableLeft | kImpliesThen | kThenShown;
  if (promotable) {
    order(d, group, kDemote, member, kDemote, down);
    order(d, member, kDemote, group, kDemoted, down_done);
    order(d, member, kPromote, group, kPromoted, up_done);
    order(d, group, kPromote, member, kPromote, kFirstShown);
  }
  order(d, group, kStop, member, kStop, down);
  order(d, member, kStop, group, kStopped, down_done);
  order(d, group, kStart, member, kStart, kFirstShown);
  order(d, member, kStart, group, kRunning, up_done);
}

void order_member_with_previous(Draft& d, ResourceId member, const Neighbours& near, bool promotable) {
  if (!near.previous.valid()) return;
  order(d, near.previous, kStart, member, kStart, kImpliesThen | kRunnableLeft);
  order(d, member, kStop, near.previous, kStop, kOrder | kRestart);
  if (promotable) {
    order(d, near.previous, kPromote, member, kPromote, kImpliesThen | kRunnableLeft);
    order(d, member, kDemote, near.previous, kDemote, kOrder);
  }
  // A gap in a partly active group does not let its neighbours stop in any order.
  const bool gap =
      !d[member].active_on.empty() && d[near.previous].active_on.empty() && near.last_active.valid();
  if (gap) order(d, member, kStop, near.last_active, kStop, kOrder);
}

void order_group(Draft& d, ResourceId group) {
  order(d, group, kStop, group, kStopped, kRunnableLeft);
  order(d, group, kStopped, group, kStart, kOrder);
  order(d, group, kStart, group, kRunning, kRunnableLeft);

  const bool promotable = in_promotable(d, group);
  const bool ordered = d[group].spec->group_ordered;
  Neighbours near;
  for (const ResourceId member : std::vector<ResourceId>(d[group].children)) {
    order_resource(d, member);
    order_member_with_group(d, group, member, promotable, ordered && !near.previous.valid());
    if (ordered) {
      order_member_with_previous(d, member, near, promotable);
    } else {
      const Kinds up = kImpliesThen | kRunnableLeft | kFirstShown;
      order(d, group, kStart, member, kStart, up);
      if (promotable) order(d, group, kPromote, member, kPromote, up);
    }
    if (!d[member].active_on.empty()) near.last_active = member;
    near.previous = member;
  }
}

// ---------------------------------------------------------------- clones

void order_promotable_phases(Draft& d, ResourceId id) {
  order(d, id, kStopped, id, kStart, kOrder);
  order(d, id, kStopped, id, kPromote, kOrder);
  order(d, id, kDemoted, id, kStop, kOrder);
  order(d, id, kDemoted, id, kStart, kOrder);
  order(d, id, kDemoted, id, kPromote, kOrder);
  order(d, id, kRunning, id, kPromote, kOrder);
  order(d, id, kDemote, id, kDemoted, kOrder);
}

void order_promotions(Draft& d, ResourceId clone) {
  order_promotable_phases(d, clone);
  const bool ordered = d[clone].clone().ordered;
  ResourceId previous;
  for (const ResourceId instance : d[clone].children) {
    order(d, instance, kDemote, instance, kPromote, kOrder);
    order(d, clone, kPromote, instance, kPromote, kOrder);
    order(d, instance, kPromote, clone, kPromoted, kOrder);
    if (ordered && previous.valid()) order(d, previous, kPromote, instance, kPromote, kOrder);
    order(d, clone, kDemote, instance, kDemote, kFirstShown);
    order(d, instance, kDemote, clone, kDemoted, kThenShown);
    if (ordered && previous.valid()) order(d, instance, kDemote, previous, kDemote, kOrder);
    previous = instance;
  }
}

void order_clone(Draft& d, ResourceId clone) {
  order(d, clone, kStopped, clone, kStart, kOrder);
  order(d, clone, kStart, clone, kRunning, kRunnableLeft);
  order(d, clone, kStop, clone, kStopped, kRunnableLeft);
  const bool promotable = d[clone].clone().promotable;
  if (promotable) {
    order(d, clone, kDemoted, clone, kStop, kOrder);
    order(d, clone, kRunning, clone, kPromote, kRunnableLeft);
  }
  const bool ordered = d[clone].clone().ordered;
  if (ordered) sort_instances_by_number(d, clone);
  ResourceId previous;
  for (const ResourceId instance : std::vector<ResourceId>(d[clone].children)) {
    order_resource(d, instance);
    order(d, clone, kStart, instance, kStart, kRunnableLeft | kFirstShown);
    order(d, instance, kStart, clone, kRunning, kThenShown);
    if (ordered && previous.valid()) order(d, previous, kStart, instance, kStart, kOrder);
    order(d, clone, kStop, instance, kStop, kFirstShown);
    order(d, instance, kStop, clone, kStopped, kThenShown);
    if (ordered && previous.valid()) order(d, instance, kStop, previous, kStop, kOrder);
    previous = instance;
  }
  if (promotable) order_promotions(d, clone);
}

// ---------------------------------------------------------------- bundles

void order_replica(Draft& d, ResourceId bundle, const BundleReplicaSpec& replica) {
  order_resource(d, replica.container);
  order(d, bundle, kStart, replica.container, kStart, kRunnableLeft | kFirstShown);
  if (replica.inner.valid()) order(d, bundle, kStop, replica.inner, kStop, kFirstShown);
  order(d, bundle, kStop, replica.container, kStop, kFirstShown);
  order(d, replica.container, kStart, bundle, kRunning, kThenShown);
  order(d, replica.container, kStop, bundle, kStopped, kThenShown);
  if (replica.ip.valid()) {
    order_resource(d, replica.ip);
    order(d, replica.ip, kStart, replica.container, kStart, kRunnableLeft | kPreserve);
    order(d, replica.container, kStop, replica.ip, kStop, kImpliesFirst | kPreserve);
  }
  if (replica.connection.valid()) order_resource(d, replica.connection);
}

void order_bundle(Draft& d, ResourceId bundle) {
  const BundleSpec& spec = *bundle_data(d, bundle)->spec;
  const ResourceId inner = spec.inner_clone;
  if (inner.valid()) {
    order(d, bundle, kStart, inner, kStart, kFirstShown);
    order(d, bundle, kStop, inner, kStop, kFirstShown);
    order(d, inner, kRunning, bundle, kRunning, kThenShown);
    order(d, inner, kStopped, bundle, kStopped, kThenShown);
  }
  for (const BundleReplicaSpec& replica : spec.parts) order_replica(d, bundle, replica);
  if (!inner.valid()) return;
  order_resource(d, inner);
  if (!d[inner].clone().promotable) return;
  order_promotable_phases(d, bundle);
  order(d, inner, kDemoted, bundle, kDemoted, kThenShown);
  order(d, bundle, kDemote, inner, kDemote, kFirstShown);
  order(d, inner, kPromoted, bundle, kPromoted, kThenShown);
  order(d, bundle, kPromote, inner, kPromote, kFirstShown);
}

void order_resource(Draft& d, ResourceId id) {
  switch (d[id].variant) {
    case Variant::primitive:
      return order_primitive(d, id);
    case Variant::group:
      return order_group(d, id);
    case Variant::clone:
      return order_clone(d, id);
    case Variant::bundle:
      return order_bundle(d, id);
  }
}

}  // namespace

void add_implicit_orderings(Draft& d) {
  for (const ResourceId id : std::vector<ResourceId>(d.top_level)) order_resource(d, id);
}

}  // namespace fencepost::policy
