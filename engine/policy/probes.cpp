// Asking nodes about resources whose state there is not known (§5.7).
#include <algorithm>

#include "engine/policy/action_stages.h"
#include "engine/policy/fencing.h"
#include "engine/policy/orderings.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

class Prober {
 public:
  Prober(Draft& d, NodeId node) : d_(d), node_(node) {}

  // Whether any probe was made.
  bool probe(ResourceId id);

 private:
  bool probe_all(const std::vector<ResourceId>& ids);
  bool probe_clone(ResourceId id);
  bool probe_bundle(ResourceId id);
  bool probe_primitive(ResourceId id);
  bool may_probe(ResourceId id);
  bool suits_node(ResourceId id) const;
  bool discovers(ResourceId id) const;
  bool waits_for_guest(ResourceId id);
  void create_probe(ResourceId id);
  ResourceId top(ResourceId id) const { return top_of(d_, id); }

  Draft& d_;
  NodeId node_;
};

bool Prober::probe(ResourceId id) {
  switch (d_[id].variant) {
    case Variant::primitive:
      return probe_primitive(id);
    case Variant::group:
      return probe_all(std::vector<ResourceId>(d_[id].children));
    case Variant::clone:
      return probe_clone(id);
    case Variant::bundle:
      return probe_bundle(id);
  }
  return false;
}

bool Prober::probe_all(const std::vector<ResourceId>& ids) {
  bool any = false;
  for (const ResourceId id : ids) any = probe(id) || any;
  return any;
}

// ---------------------------------------------------------------- clones

bool known_on(const Draft& d, ResourceId id, NodeId node) {
  bool known = false;
  for_each_leaf(d, id, [&](ResourceId leaf) { known = known || contains(d[leaf].known_on, node); });
  return known;
}

// Anonymous instances are all alike: one of them is asked about.
ResourceId instance_to_probe(const Draft& d, ResourceId clone, NodeId node) {
  for (const ResourceId instance : d[clone].children)
    if (known_on(d, instance, node)) return instance;
  for (const ResourceId instance : d[clone].children)
    if (location_of(d, instance, false) == node) return instance;
  return d[clone].children.empty() ? ResourceId{} : d[clone].children.front();
}

bool Prober::probe_clone(ResourceId id) {
  sort_instances_by_number(d_, id);
  if (d_[id].exclusive_discovery && d_[id].scores.has(node_) &&
      d_[id].scores[node_].discovery != Discovery::exclusive) {
    d_[id].scores[node_].present = false;
    return false;
  }
  if (d_[id].clone().unique) return probe_all(std::vector<ResourceId>(d_[id].children));
  const ResourceId instance = instance_to_probe(d_, id, node_);
  return instance.valid() && probe(instance);
}

// ---------------------------------------------------------------- bundles

bool Prober::probe_bundle(ResourceId id) {
  const BundleSpec& spec = *bundle_data(d_, id)->spec;
  bool any = false;
  for (std::size_t i = 0; i < spec.parts.size(); ++i) {
    const BundleReplicaSpec& replica = spec.parts[i];
    if (replica.ip.valid()) any = probe(replica.ip) || any;
    if (replica.inner.valid() && bundle_data(d_, id)->parts[i].node == node_)
      any = probe(replica.inner) || any;
    if (probe(replica.container)) {
      any = true;
      // Nothing starts here before it is known which replica already runs here.
      if (spec.per_host == 1) {
        for (const BundleReplicaSpec& other : spec.parts)
          if (other.number != replica.number)
            order(d_, replica.container, kProbe, other.container, kStart, kOrder | kSameNode);
      }
    }
    if (replica.connection.valid() && probe(replica.connection)) {
      any = true;
      const ActionId asked = find_action(d_, replica.connection, kProbe, node_);
      if (asked.valid()) order_key_then(d_, replica.container, kStart, asked, kProbeLink);
    }
  }
  return any;
}

// ---------------------------------------------------------------- primitives

bool Prober::suits_node(ResourceId id) const {
  const Resource& r = d_[id];
  const Node& node = d_[node_];
  if (!node.is_remote()) return true;
  if (r.def->fence_device || is_remote_connection(d_, id)) return false;
  return node.kind != NodeKind::guest || !hosts_guest(d_, id);
}

bool Prober::discovers(ResourceId id) const {
  const Resource& r = d_[id];
  const bool listed = r.scores.has(node_);
  const Discovery mode = listed ? r.scores[node_].discovery : Discovery::always;
  const bool exclusive = r.exclusive_discovery || d_[top(id)].exclusive_discovery;
  if (exclusive && (!listed || mode != Discovery::exclusive)) return false;
  return mode != Discovery::never;
}

// A guest that is not up, or will not stay, cannot be asked; what it would tell comes with its own probe or
// stop.
bool Prober::waits_for_guest(ResourceId id) {
  if (d_[node_].kind != NodeKind::guest) return false;
  const ResourceId guest = guest_container(d_, node_);
  if (!guest.valid()) return false;
  const Resource& g = d_[guest];
  if (g.role == Role::stopped) {
    if (g.assigned.valid() && !contains(g.known_on, g.assigned)) {
      order(d_, guest, kProbe, top(id), kStart, kOrder);
    }
    return true;
  }
  const NodeId current = current_node(d_, guest);
  const bool moving = g.assigned.valid() && current.valid() && g.assigned != current;
  if (!d_[node_].needs_reset && !d_[node_].unclean && !g.failed && g.next_role != Role::stopped && !moving)
    return false;
  order(d_, guest, kStop, top(id), kStart, kOrder);
  return true;
}

bool Prober::may_probe(ResourceId id) {
  const Resource& r = d_[id];
  if (!suits_node(id)) return false;
  if (r.container.valid() && !is_remote_connection(d_, id)) return false;
  if (r.orphan || contains(r.known_on, node_) || !discovers(id)) return false;
  return !waits_for_guest(id);
}

void Prober::create_probe(ResourceId id) {
  const ActionId probe = request(d_, id, kProbe, node_, Demand::optional);
  PlanAction& action = d_[probe];
  action.optional = false;
  const Resource& r = d_[id];
  const bool active = contains(r.active_on, node_);
  if (!active) action.set_meta("op_target_rc", "7");
  if (active && r.role == Role::promoted) action.set_meta("op_target_rc", "8");

  const bool unfenced_first =
      d_.config->unfencing_in_use && (r.def->fence_device || r.def->needs == Requires::unfencing);
  if (unfenced_first && !d_[node_].is_remote()) {
    link(d_, unfencing(d_, node_), probe, kOrder);
    require_unfencing(d_, node_, "required by " + r.spec->id + " monitor", probe);
  }
  const ResourceId around = top(id);
  const bool own = !d_[around].is_clone() || (r.def->fence_device && d_.config->unfencing_in_use);
  const ResourceId starts = own && !d_[around].is_clone() ? around : (own ? id : around);
  Kinds kinds = kOrder;
  if (!d_[probe].runnable && r.active_on.empty()) kinds |= kRunnableLeft;
  order_then_key(d_, probe, starts, kStart, kinds);
  order_then_key(d_, probe, around, kReload, kOrder);
}

bool Prober::probe_primitive(ResourceId id) {
  if (!may_probe(id)) return false;
  create_probe(id);
  return true;
}

// Old releases marked a node whose resources were all to be asked about again.
bool asks_for_reprobe(const Node& node) {
  const std::string* complete = node.attributes.find("probe_complete");
  return complete != nullptr && !cib::is_true(*complete);
}

void request_reprobe(Draft& d, NodeId node) {
  const ActionId id = request_cluster(d, "probe_again-" + std::string{d[node].name()}, Task::probe_again,
                                      node, Demand::required);
  d[id].set_meta("op_no_wait", "true");
}

void probe_node(Draft& d, NodeId id) {
  Node& node = d[id];
  if (!node.online) {
    const bool lost = node.kind == NodeKind::remote && node.connection.valid() && d[node.connection].failed;
    if (lost) fence(d, id, {.reason = "the connection is unrecoverable"});
    return;
  }
  if (node.unclean || !node.discovery) return;
  if (asks_for_reprobe(node)) return request_reprobe(d, id);
  for (const ResourceId resource : std::vector<ResourceId>(d.top_level)) Prober(d, id).probe(resource);
}

}  // namespace

void schedule_probes(Draft& d) {
  if (!d.options.startup_probes) return;
  for (std::size_t i = 0; i < d.nodes.size(); ++i) probe_node(d, NodeId{i});
}

}  // namespace fencepost::policy
