// Probes: what a resource's state is where nobody knows it (§5.7).
#include "engine/policy/actions.h"
#include "engine/policy/create.h"
#include "engine/policy/fencing.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

bool unfenced_first(const Draft& d, const Resource& r) {
  return r.def->needs == Requires::unfencing || (d.config->unfencing_in_use && r.def->fence_device);
}

bool guest_will_stop(const Draft& d, NodeId node) {
  const ResourceId container = guest_container(d, node);
  const Resource& c = d[container];
  return d[node].needs_reset || d[node].unclean || c.failed || c.next_role == Role::stopped ||
         (c.assigned.valid() && !c.active_on.empty() && !contains(c.active_on, c.assigned));
}

// Whether it makes no sense to probe on a guest node now; what comes first then.
bool guest_prevents(Draft& d, ResourceId id, NodeId node) {
  if (d[node].kind != NodeKind::guest) return false;
  const ResourceId guest = guest_container(d, node);
  if (!guest.valid()) return false;
  const ResourceId top = top_of(d, id);
  if (d[guest].role == Role::stopped) {
    // It is certainly not running there, but it may be once the guest is found to be.
    if (d[guest].assigned.valid() && !contains(d[guest].known_on, d[guest].assigned)) {
      order(d, guest, kProbe, top, kStart, kOrder);
    }
    return true;
  }
  if (guest_will_stop(d, node)) {
    order(d, guest, kStop, top, kStart, kOrder);
    return true;
  }
  return false;
}

bool probe_wanted(Draft& d, ResourceId id, NodeId node) {
  const Resource& r = d[id];
  const Node& n = d[node];
  if (n.is_remote()) {
    if (r.def->fence_device) return false;
    if (n.kind == NodeKind::guest && hosts_guest(d, id)) return false;
    if (r.def->remote_connection) return false;
  }
  if (r.container.valid() && !r.def->remote_connection) return false;
  if (r.orphan || contains(r.known_on, node)) return false;
  const ResourceId top = top_of(d, id);
  if (r.exclusive_discovery || d[top].exclusive_discovery) {
    if (!r.scores.has(node) || r.scores[node].discovery != Discovery::exclusive) return false;
  }
  if (r.scores.has(node) && r.scores[node].discovery == Discovery::never) return false;
  if (!r.scores.has(node) && n.in_bundle) return false;
  return !guest_prevents(d, id, node);
}

bool probe_primitive(Draft& d, ResourceId id, NodeId node) {
  if (!probe_wanted(d, id, node)) return false;
  const ActionId action_id = request(d, id, kProbe, node, Demand::required);
  d[action_id].optional = false;
  const Resource& r = d[id];
  if (unfenced_first(d, r)) {
    const ActionId on = fence_action(d, {.node = node, .operation = "on", .optional = true, .reason = {}});
    link(d, on, action_id, kOrder);
    require_unfencing(d, node, r.spec->id + " monitor", action_id);
  }
  PlanAction& action = d[action_id];
  if (!contains(r.active_on, node)) {
    action.set_meta("op_target_rc", "7");
  } else if (r.role == Role::promoted) {
    action.set_meta("op_target_rc", "8");
  }
  const ResourceId top = top_of(d, id);
  const bool device = r.def->fence_device && d.config->unfencing_in_use;
  const ResourceId then = device || !d[top].is_clone() ? id : top;
  const Kinds kinds = !action.runnable && r.active_on.empty() ? kOrder | kRunnableLeft : Kinds{kOrder};
  order(d, {.first_resource = {},
            .then_resource = then,
            .first_key = {},
            .then_key = kStart,
            .first_action = action_id,
            .then_action = {},
            .kinds = kinds});
  order(d, {.first_resource = {},
            .then_resource = id,
            .first_key = {},
            .then_key = kReload,
            .first_action = action_id,
            .then_action = {},
            .kinds = kOrder});
  return true;
}

bool probe_all(Draft& d, const std::vector<ResourceId>& resources, NodeId node) {
  bool any = false;
  for (ResourceId id : resources) any = probe(d, id, node) || any;
  return any;
}

// Of instances that are all alike one is enough.
ResourceId representative(const Draft& d, ResourceId clone, NodeId node) {
  const auto& children = d[clone].children;
  for (ResourceId child : children) {
    bool known = false;
    for_each_leaf(d, child, [&](ResourceId leaf) { known = known || contains(d[leaf].known_on, node); });
    if (known) return child;
  }
  for (ResourceId child : children) {
    bool here = false;
    for_each_leaf(d, child, [&](ResourceId leaf) { here = here || d[leaf].assigned == node; });
    if (here) return child;
  }
  return children.empty() ? ResourceId{} : children.front();
}

bool probe_clone(Draft& d, ResourceId id, NodeId node) {
  sort_by_number(d, id);
  if (d[id].clone().unique) return probe_all(d, d[id].children, node);
  if (d[id].exclusive_discovery && d[id].scores.has(node) &&
      d[id].scores[node].discovery != Discovery::exclusive) {
    d[id].scores[node].present = false;
    return false;
  }
  const ResourceId child = representative(d, id, node);
  return child.valid() && probe(d, child, node);
}

bool probe_replica(Draft& d, const Bundle& bundle, const BundlePart& part, NodeId node) {
  bool any = part.spec->ip.valid() && probe(d, part.spec->ip, node);
  if (part.spec->inner.valid() && part.node == node) any = probe(d, part.spec->inner, node) || any;
  if (probe(d, part.spec->container, node)) {
    any = true;
    if (bundle.spec->per_host == 1) {
      // Only one replica may run on a host: learn what is there before starting another.
      const ActionId own = find_action(d, part.spec->container, kProbe, node);
      for (const BundlePart& other : bundle.parts) {
        if (&other == &part) continue;
        order(d, {.first_resource = part.spec->container,
                  .then_resource = other.spec->container,
                  .first_key = kProbe,
                  .then_key = kStart,
                  .first_action = own,
                  .then_action = {},
                  .kinds = kOrder | kSameNode});
      }
    }
  }
  if (part.spec->connection.valid() && probe(d, part.spec->connection, node)) {
    any = true;
    const ActionId own = find_action(d, part.spec->connection, kProbe, node);
    order(d, {.first_resource = part.spec->container,
              .then_resource = part.spec->connection,
              .first_key = kStart,
              .then_key = {},
              .first_action = {},
              .then_action = own,
              .kinds = kProbe_});
  }
  return any;
}

}  // namespace

bool probe(Draft& d, ResourceId id, NodeId node) {
  switch (d[id].variant) {
    case Variant::primitive:
      return probe_primitive(d, id, node);
    case Variant::group:
      return probe_all(d, d[id].children, node);
    case Variant::clone:
      return probe_clone(d, id, node);
    case Variant::bundle:
      break;
  }
  const Bundle& bundle = *bundle_data(d, id);
  bool any = false;
  for (const BundlePart& part : bundle.parts) any = probe_replica(d, bundle, part, node) || any;
  return any;
}

void schedule_probes(Draft& d) {
  if (!d.options.startup_probes) return;
  const std::vector<ResourceId> all = d.top_level;
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId id{i};
    const Node& node = d[id];
    if (!node.online) {
      if (node.kind == NodeKind::remote && node.connection.valid() && d[node.connection].failed &&
          remote_reach(d, id) == Reach::failed) {
        fence(d, id, {.reason = "the connection is unrecoverable"});
      }
      continue;
    }
    if (node.unclean || !node.discovery) continue;
    const std::string* complete = node.attributes.find("probe_complete");
    if (complete != nullptr && !cib::is_true(*complete)) {
      const ActionId again = request_cluster(d, "probe_again-" + std::string{node.name()}, Task::probe_again,
                                             id, Demand::required);
      d[again].set_meta("op_no_wait", "true");
      continue;
    }
    for (ResourceId resource : all) probe(d, resource, id);
  }
}

}  // namespace fencepost::policy
