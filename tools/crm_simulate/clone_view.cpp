#include "tools/crm_simulate/clone_view.h"

#include <algorithm>
#include <set>

#include "tools/crm_simulate/names.h"

namespace fencepost::crm_simulate {

using policy::ClusterState;
using policy::MaskedProbeFailure;
using policy::NodeId;
using policy::ResourceId;
using policy::ResourceState;
using policy::Role;

namespace {

struct InstanceView {
  bool active = false;
  bool partial = false;  // some members run, some do not
  bool special = false;  // has more to tell than the node it runs on
  std::set<NodeId> nodes;
  std::set<NodeId> running;  // those that are not listed as stopped, too
  Role role = Role::stopped;
};

// What is unmanaged on a node that is offline is shown, and yet its node counts as one where the
// clone is stopped. (Observed.)
bool counts_as_running(const ResourceState& leaf, const policy::NodeState& node) {
  return node.online || leaf.managed;
}

InstanceView look_at(const ClusterState& state, ResourceId instance, bool pending) {
  InstanceView view;
  view.special = state[instance].orphan;
  bool all = true;
  // A group's members may have something pending: that alone does not make it special. (Observed.)
  const bool has_pending = pending && !state[instance].pending_task.empty();
  for (const ResourceId id : leaves(state, instance)) {
    const ResourceState& leaf = state[id];
    view.role = std::max(view.role, shown_role(state, leaf));
    view.special = view.special || leaf.orphan || !leaf.managed || leaf.failed || leaf.active_on.size() > 1;
    for (const NodeId node : leaf.active_on)
      if (counts_as_running(leaf, state[node])) view.running.insert(node);
    if (!is_active(state, id)) {
      all = false;
      continue;
    }
    view.active = true;
    for (const NodeId node : leaf.active_on) {
      view.nodes.insert(node);
      view.special = view.special || (!state[node].online && state[node].unclean);
    }
  }
  view.partial = view.active && !all;
  view.special = (view.special && view.active) || has_pending || view.partial || view.nodes.size() > 1;
  return view;
}

std::string stopped_text(const ClusterState& state, ResourceId clone, NodeId node) {
  if (target_of_clone(state, clone).target == Role::stopped) return "Stopped (disabled)";
  for (const ResourceId leaf : leaves(state, clone)) {
    const MaskedProbeFailure* failure = masked_failure(state[leaf], node);
    if (failure != nullptr) return "Stopped (" + rc_text(failure->rc) + ")";
  }
  return "Stopped";
}

// The configured id: an instance's without its number.
std::string child_name(const ClusterState& state, const ResourceState& clone) {
  if (clone.children.empty()) return "";
  const std::string& id = state[clone.children.front()].id;
  return id.substr(0, id.rfind(':'));
}

void list_stopped(const ClusterState& state, ResourceId id, const std::set<NodeId>& running,
                  CloneView& view) {
  const ResourceState& clone = state[id];
  if (static_cast<std::size_t>(std::max(clone.clone_max, 0)) <= view.promoted.size() + view.started.size())
    return;
  const std::vector<NodeId>& nodes = clone.allowed_on.empty() ? clone.known_on : clone.allowed_on;
  for (const NodeId node : nodes)
    if (running.count(node) == 0) view.stopped[stopped_text(state, id, node)].push_back(state[node].name);
}

}  // namespace

CloneView view_clone(const ClusterState& state, ResourceId id, bool pending) {
  const ResourceState& clone = state[id];
  CloneView view;
  view.child = child_name(state, clone);
  std::set<NodeId> promoted, started, running;
  for (const ResourceId instance : clone.children) {
    const InstanceView one = look_at(state, instance, pending);
    running.insert(one.running.begin(), one.running.end());
    if (clone.unique) {
      if (one.active || !state[instance].orphan) view.individually.push_back(instance);
    } else if (one.special) {
      view.individually.push_back(instance);
    } else if (one.active) {
      (one.role == Role::promoted ? promoted : started).insert(*one.nodes.begin());
    }
  }
  if (clone.unique) return view;
  for (const NodeId node : promoted) view.promoted.push_back(state[node].name);
  for (const NodeId node : started) view.started.push_back(state[node].name);
  list_stopped(state, id, running, view);
  return view;
}

const ResourceState& target_of_clone(const ClusterState& state, ResourceId clone) {
  const std::vector<ResourceId>& children = state[clone].children;
  return state[clone].target_role.empty() && !children.empty() ? state[children.front()] : state[clone];
}

bool is_disabled(const ResourceState& resource) {
  return resource.target == Role::stopped || (resource.promotable && resource.target == Role::unpromoted);
}

bool is_active(const ClusterState& state, ResourceId id) {
  const std::vector<ResourceId> all = leaves(state, id);
  return std::any_of(all.begin(), all.end(), [&](ResourceId leaf) {
    const ResourceState& resource = state[leaf];
    // A managed resource cannot run on a node that is known to be down.
    return std::any_of(resource.active_on.begin(), resource.active_on.end(), [&](NodeId node) {
      return state[node].online || state[node].unclean || !resource.managed;
    });
  });
}

bool is_out_of_reach(const ClusterState& state, ResourceId collective) {
  if (!is_active(state, collective)) return false;
  const std::vector<ResourceId> all = leaves(state, collective);
  return std::none_of(all.begin(), all.end(), [&](ResourceId leaf) {
    const ResourceState& resource = state[leaf];
    return std::any_of(resource.active_on.begin(), resource.active_on.end(),
                       [&](NodeId node) { return resource.managed || state[node].online; });
  });
}

Role shown_role(const ClusterState& state, const ResourceState& resource) {
  if (resource.role != Role::started) return resource.role;
  for (ResourceId up = resource.parent; up.valid(); up = state[up].parent)
    if (state[up].promotable) return Role::unpromoted;
  return Role::started;
}

const MaskedProbeFailure* masked_failure(const ResourceState& resource, NodeId node) {
  for (const MaskedProbeFailure& failure : resource.probe_failures)
    if (failure.on_node_recorded && (!node.valid() || failure.node == node)) return &failure;
  return nullptr;
}

}  // namespace fencepost::crm_simulate
