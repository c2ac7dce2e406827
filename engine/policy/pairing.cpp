#include "engine/policy/pairing.h"

#include <algorithm>

#include "engine/policy/actions.h"

namespace fencepost::policy {
namespace {

bool any_blocked(const Draft& d, ResourceId id) {
  bool blocked = false;
  for_each_leaf(d, id, [&](ResourceId leaf) { blocked = blocked || d[leaf].blocked; });
  return blocked;
}

ResourceId compatible_on(const Draft& d, ResourceId clone, NodeId node, bool current) {
  for (const ResourceId candidate : instances_of(d, clone))
    if (!any_blocked(d, candidate) && location_of(d, candidate, current) == node) return candidate;
  return {};
}

// Nodes of its table, best score first.
std::vector<NodeId> nodes_by_score(const Draft& d, ResourceId id) {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < d.nodes.size(); ++i)
    if (d[id].scores.has(NodeId{i})) nodes.push_back(NodeId{i});
  std::stable_sort(nodes.begin(), nodes.end(),
                   [&](NodeId a, NodeId b) { return d[id].scores[a].score > d[id].scores[b].score; });
  return nodes;
}

bool is_interleaved(const Draft& d, ResourceId id) {
  if (d[id].is_clone()) return d[id].clone().interleave;
  const std::string* interleave = d[id].def->find_meta("interleave");
  return interleave != nullptr && cib::is_true(*interleave);
}

void lose_node(Draft& d, ResourceId leaf) {
  d[leaf].assigned = NodeId{};
  d[leaf].unassigned = false;
  d[leaf].next_role = Role::stopped;
  for (const ActionId id : d[leaf].actions) {
    PlanAction& action = d[id];
    if (action.key == kStop) action.optional = false;
    if (action.key == kStart) action.runnable = false;
    if (action.key.interval_ms == 0 || action.cancel) continue;
    const std::string* expected = action.find_meta("op_target_rc");
    if (expected == nullptr || *expected != "7") action.runnable = false;
  }
}

}  // namespace

std::vector<ResourceId> instances_of(const Draft& d, ResourceId id) {
  if (!d[id].is_bundle()) return d[id].children;
  std::vector<ResourceId> containers;
  for (const BundlePart& part : bundle_data(d, id)->parts) containers.push_back(part.spec->container);
  return containers;
}

ResourceId partner_of(const Draft& d, ResourceId instance, ResourceId clone, bool current) {
  const NodeId node = location_of(d, instance, current);
  if (node.valid()) return compatible_on(d, clone, node, current);
  for (const NodeId candidate : nodes_by_score(d, instance)) {
    const ResourceId found = compatible_on(d, clone, candidate, current);
    if (found.valid()) return found;
  }
  return {};
}

bool interleaves(const Draft& d, ActionId first, ActionId then) {
  const ResourceId a = d[first].resource;
  const ResourceId b = d[then].resource;
  if (!a.valid() || !b.valid() || a == b) return false;
  const auto has_instances = [&d](ResourceId id) { return d[id].is_clone() || d[id].is_bundle(); };
  if (!has_instances(a) || !has_instances(b)) return false;
  if (is_ancestor(d, a, b) || is_ancestor(d, b, a)) return false;
  const bool down = d[then].key == kStop || d[then].key == kDemote;
  return is_interleaved(d, down ? a : b);
}

ResourceId acting_part(const Draft& d, ResourceId instance, Task task, bool first) {
  const BundlePart* part = part_with_container(d, instance);
  if (part == nullptr || !part->spec->inner.valid()) return instance;
  const bool inside = first ? task == Task::stop || task == Task::promote || task == Task::demote
                            : task == Task::promote || task == Task::demote;
  return inside ? part->spec->inner : instance;
}

LinkId find_link(const Draft& d, ActionId first, ActionId then) {
  for (const LinkId id : d[then].before)
    if (d[id].first == first) return id;
  return {};
}

bool lose_assignment(Draft& d, ResourceId id) {
  bool had_node = false;
  for_each_leaf(d, id, [&](ResourceId leaf) {
    had_node = had_node || d[leaf].assigned.valid();
    lose_node(d, leaf);
  });
  return had_node;
}

}  // namespace fencepost::policy
