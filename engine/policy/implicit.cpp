// Orderings and colocations that resources imply by being what they are (§6.3).
#include "engine/policy/actions.h"
#include "engine/policy/constraints.h"
#include "engine/policy/create.h"
#include "engine/policy/fencing.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

constexpr Key kRunning = key(Task::running);
constexpr Key kStopped = key(Task::stopped);
constexpr Key kPromoted = key(Task::promoted);
constexpr Key kDemoted = key(Task::demoted);
constexpr Kinds kStartChain = kImpliesThen | kRunnableLeft;

void imply(Draft& d, ResourceId id);

bool in_promotable(const Draft& d, ResourceId id) {
  const Resource& top = d[top_of(d, id)];
  return top.is_clone() && top.clone().promotable;
}

// ---------------------------------------------------------------- primitives

void avoid_remote_nodes(Draft& d, ResourceId id) {
  for (const Node& node : d.nodes) {
    if (!node.is_remote() || !d[id].scores.has(node.id)) continue;
    d[id].scores[node.id].score = -Score::kInfinity;
    note_score(d, id, node.id, -Score::kInfinity, {ScoreReason::Cause::guest, "may not run on remote nodes"});
  }
}

void order_unfencing(Draft& d, ResourceId id) {
  if (d[id].def->needs != Requires::unfencing) return;
  for (const Node& node : d.nodes) {
    if (!d[id].scores.has(node.id)) continue;
    const ActionId on = fence_action(d, {.node = node.id, .operation = "on", .optional = true, .reason = {}});
    order(d, {.first_resource = id,
              .then_resource = {},
              .first_key = kStop,
              .then_key = {},
              .first_action = {},
              .then_action = on,
              .kinds = kOrder | kSameNode});
    order(d, {.first_resource = {},
              .then_resource = id,
              .first_key = {},
              .then_key = kStart,
              .first_action = on,
              .then_action = {},
              .kinds = kImpliesThenOnNode | kSameNode});
  }
}

ActionId load_stopped(Draft& d, NodeId node) {
  const ActionId gate = milestone(d, "load_stopped_" + std::string{d[node].name()}, Task::load_stopped);
  d[gate].node = node;
  d[gate].optional = false;
  return gate;
}

// What leaves a node makes room before others come.
void order_by_load(Draft& d, ResourceId id) {
  if (d.options.placement == PlacementStrategy::standard || d[id].utilization.empty()) return;
  const std::vector<NodeId> active = d[id].active_on;
  for (NodeId node : active) {
    order(d, {.first_resource = id,
              .then_resource = {},
              .first_key = kStop,
              .then_key = {},
              .first_action = {},
              .then_action = load_stopped(d, node),
              .kinds = kLoad});
  }
  for (const Node& node : d.nodes) {
    if (!d[id].scores.has(node.id)) continue;
    const ActionId gate = load_stopped(d, node.id);
    for (Key key : {kStart, kMigrateTo}) {
      order(d, {.first_resource = {},
                .then_resource = id,
                .first_key = {},
                .then_key = key,
                .first_action = gate,
                .then_action = {},
                .kinds = kLoad});
    }
  }
}

// The node that a resource is bound to because its container is, or holds, a remote node.
ResourceId forcing_connection(const Draft& d, ResourceId id) {
  const ResourceId container = d[id].container;
  if (is_remote_connection(d, id)) return {};
  if (is_remote_connection(d, container)) return container;
  for (ResourceId filler : d[container].fillers) {
    if (is_remote_connection(d, filler)) return filler;
  }
  return {};
}

void imply_container(Draft& d, ResourceId id) {
  const ResourceId container = d[id].container;
  if (!container.valid()) return;
  const bool bundled = is_bundle_connection(d, id);
  if (is_remote_connection(d, id)) {
    if (!bundled) avoid_remote_nodes(d, container);
    // A re-probe of the container may show that there is nothing to recover.
    order(d, container, kProbe, id, kStop, kOrder);
  }
  if (const ResourceId forcing = forcing_connection(d, id); forcing.valid()) {
    for (const Node& node : d.nodes) {
      if (!d[id].scores.has(node.id) || node.connection == forcing) continue;
      d[id].scores[node.id].score = -Score::kInfinity;
      note_score(d, id, node.id, -Score::kInfinity, {ScoreReason::Cause::container, d[container].spec->id});
    }
    return;
  }
  order(d, container, kStart, id, kStart, kStartChain);
  order(d, id, kStop, container, kStop, kImpliesFirst);
  add_colocation(d, {.id = "resource-with-container",
                     .dependent = id,
                     .primary = container,
                     .score = bundled ? 10000 : Score::kInfinity});
}

void imply_primitive(Draft& d, ResourceId id) {
  if (!d[id].managed) return;
  order(d, id, kStop, id, kStart, kOrder | kImpliesThen | kRestart);
  if (in_promotable(d, id) || d[id].role > Role::unpromoted) {
    order(d, id, kDemote, id, kStop, kPromotedImpliesFirst);
    order(d, id, kStart, id, kPromote, kRunnableLeft);
  }
  order(d, id, key(Task::lrm_delete), id, kProbe, kSameNode | kThenCancelsFirst);
  order_unfencing(d, id);
  order_by_load(d, id);
  imply_container(d, id);
  if (d[id].def->remote_connection || d[id].def->fence_device) avoid_remote_nodes(d, id);
}

// ---------------------------------------------------------------- groups

struct GroupWalk {
  ResourceId group, member, previous, last_active;
  bool ordered = true;
  bool promotable = false;
};

void order_member(Draft& d, const GroupWalk& w) {
  const ResourceId g = w.group;
  const ResourceId m = w.member;
  const bool first_ordered = w.ordered && !w.previous.valid();
  const Kinds down = first_ordered ? kOrder | kFirstShown : Kinds{kFirstShown};
  const Kinds post_down = first_ordered ? Kinds{kImpliesThen} : Kinds{kThenShown};
  if (w.promotable) {
    order(d, g, kDemote, m, kDemote, down);
    order(d, m, kDemote, g, kDemoted, post_down);
    order(d, m, kPromote, g, kPromoted, kRunnableLeft | kImpliesThen | kThenShown);
    order(d, g, kPromote, m, kPromote, kFirstShown);
  }
  order(d, g, kStop, m, kStop, down);
  order(d, m, kStop, g, kStopped, post_down);
  order(d, g, kStart, m, kStart, kFirstShown);
  order(d, m, kStart, g, kRunning, kRunnableLeft | kImpliesThen | kThenShown);
  if (!w.ordered) {
    order(d, g, kStart, m, kStart, kStartChain | kFirstShown);
    if (w.promotable) order(d, g, kPromote, m, kPromote, kStartChain | kFirstShown);
    return;
  }
  if (!w.previous.valid()) return;
  order(d, w.previous, kStart, m, kStart, kStartChain);
  order(d, m, kStop, w.previous, kStop, kOrder | kRestart);
  // In a partially active group, what runs is still stopped in order.
  if (w.last_active.valid() && d[w.previous].active_on.empty() && !d[m].active_on.empty()) {
    order(d, m, kStop, w.last_active, kStop, kOrder);
  }
  if (w.promotable) {
    order(d, w.previous, kPromote, m, kPromote, kStartChain);
    order(d, m, kDemote, w.previous, kDemote, kOrder);
  }
}

void imply_group(Draft& d, ResourceId id) {
  order(d, id, kStop, id, kStopped, kRunnableLeft);
  order(d, id, kStopped, id, kStart, kOrder);
  order(d, id, kStart, id, kRunning, kRunnableLeft);
  GroupWalk walk;
  walk.group = id;
  walk.ordered = d[id].spec->group_ordered;
  walk.promotable = in_promotable(d, id);
  const std::string_view colocation_id = *d.keep(d[id].spec->id + ":internal_colocation");
  const std::vector<ResourceId> members = d[id].children;
  for (ResourceId member : members) {
    imply(d, member);
    if (walk.previous.valid() && d[id].spec->group_colocated) {
      add_colocation(d, {.id = colocation_id,
                         .dependent = member,
                         .primary = walk.previous,
                         .score = Score::kInfinity,
                         .influence = d[member].def->critical});
    }
    walk.member = member;
    order_member(d, walk);
    if (!d[member].active_on.empty()) walk.last_active = member;
    walk.previous = member;
  }
}

// ---------------------------------------------------------------- clones

void order_promotable(Draft& d, ResourceId c) {
  order(d, c, kStopped, c, kStart, kOrder);
  order(d, c, kStopped, c, kPromote, kOrder);
  order(d, c, kDemoted, c, kStop, kOrder);
  order(d, c, kDemoted, c, kStart, kOrder);
  order(d, c, kDemoted, c, kPromote, kOrder);
  order(d, c, kRunning, c, kPromote, kOrder);
  order(d, c, kDemote, c, kDemoted, kOrder);
}

void order_promotable_instances(Draft& d, ResourceId c) {
  order_promotable(d, c);
  ResourceId previous;
  const std::vector<ResourceId> instances = d[c].children;
  for (ResourceId i : instances) {
    order(d, i, kDemote, i, kPromote, kOrder);
    order(d, c, kPromote, i, kPromote, kOrder);
    order(d, i, kPromote, c, kPromoted, kOrder);
    if (d[c].clone().ordered && previous.valid()) order(d, previous, kPromote, i, kPromote, kOrder);
    order(d, c, kDemote, i, kDemote, kFirstShown);
    order(d, i, kDemote, c, kDemoted, kThenShown);
    if (d[c].clone().ordered && previous.valid()) order(d, i, kDemote, previous, kDemote, kOrder);
    previous = i;
  }
}

void imply_clone(Draft& d, ResourceId c) {
  order(d, c, kStopped, c, kStart, kOrder);
  order(d, c, kStart, c, kRunning, kRunnableLeft);
  order(d, c, kStop, c, kStopped, kRunnableLeft);
  const bool promotable = d[c].clone().promotable;
  if (promotable) {
    order(d, c, kDemoted, c, kStop, kOrder);
    order(d, c, kRunning, c, kPromote, kRunnableLeft);
  }
  const bool ordered = d[c].clone().ordered;
  if (ordered) sort_by_number(d, c);
  ResourceId previous;
  const std::vector<ResourceId> instances = d[c].children;
  for (ResourceId i : instances) {
    imply(d, i);
    order(d, c, kStart, i, kStart, kRunnableLeft | kFirstShown);
    order(d, i, kStart, c, kRunning, kThenShown);
    if (ordered && previous.valid()) order(d, previous, kStart, i, kStart, kOrder);
    order(d, c, kStop, i, kStop, kFirstShown);
    order(d, i, kStop, c, kStopped, kThenShown);
    if (ordered && previous.valid()) order(d, i, kStop, previous, kStop, kOrder);
    previous = i;
  }
  if (promotable) order_promotable_instances(d, c);
}

// ---------------------------------------------------------------- bundles

void imply_replica(Draft& d, ResourceId b, const BundlePart& part) {
  const ResourceId container = part.spec->container;
  imply(d, container);
  order(d, b, kStart, container, kStart, kRunnableLeft | kFirstShown);
  if (part.spec->inner.valid()) order(d, b, kStop, part.spec->inner, kStop, kFirstShown);
  order(d, b, kStop, container, kStop, kFirstShown);
  order(d, container, kStart, b, kRunning, kThenShown);
  order(d, container, kStop, b, kStopped, kThenShown);
  if (part.spec->ip.valid()) {
    imply(d, part.spec->ip);
    order(d, part.spec->ip, kStart, container, kStart, kRunnableLeft | kPreserve);
    order(d, container, kStop, part.spec->ip, kStop, kImpliesFirst | kPreserve);
    add_colocation(d, {.id = "ip-with-docker",
                       .dependent = part.spec->ip,
                       .primary = container,
                       .score = Score::kInfinity});
  }
  if (part.spec->connection.valid()) {
    // What follows from its container is a matter of the connection's own.
    imply(d, part.spec->connection);
  }
}

void imply_bundle(Draft& d, ResourceId b) {
  const Bundle& bundle = *bundle_data(d, b);
  const ResourceId k = bundle.spec->inner_clone;
  if (k.valid()) {
    order(d, b, kStart, k, kStart, kFirstShown);
    order(d, b, kStop, k, kStop, kFirstShown);
    order(d, k, kRunning, b, kRunning, kThenShown);
    order(d, k, kStopped, b, kStopped, kThenShown);
  }
  for (const BundlePart& part : bundle.parts) imply_replica(d, b, part);
  if (!k.valid()) return;
  imply(d, k);
  if (!d[k].clone().promotable) return;
  order_promotable(d, b);
  order(d, k, kDemoted, b, kDemoted, kThenShown);
  order(d, b, kDemote, k, kDemote, kFirstShown);
  order(d, k, kPromoted, b, kPromoted, kThenShown);
  order(d, b, kPromote, k, kPromote, kFirstShown);
}

void imply(Draft& d, ResourceId id) {
  switch (d[id].variant) {
    case Variant::primitive:
      return imply_primitive(d, id);
    case Variant::group:
      return imply_group(d, id);
    case Variant::clone:
      return imply_clone(d, id);
    case Variant::bundle:
      return imply_bundle(d, id);
  }
}

}  // namespace

void add_implicit_constraints(Draft& d) {
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId id : all) imply(d, id);
}

}  // namespace fencepost::policy
