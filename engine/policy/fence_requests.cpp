// Who asks for a node to be fenced, and whether that can be done.
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/fencing.h"

namespace fencepost::policy {
namespace {

void recover_guest(Draft& d, NodeId node) {
  const ResourceId container = guest_container(d, node);
  if (!container.valid() || d[container].failed) return;
  if (!d[container].managed) return;
  d[node].needs_reset = true;
  d[container].failed = true;
  d[container].must_stop = true;
}

// The heavier side of a split goes first: its fencing of the other waits this long (§5.5).
std::int64_t priority_delay(const Draft& d, NodeId target) {
  if (d.options.priority_fencing_delay_s <= 0 || d[target].kind != NodeKind::member || d[target].online)
    return 0;
  int members = 0;
  int online = 0;
  std::int32_t lowest = 0;
  std::int32_t highest = 0;
  bool first = true;
  for (const Node& node : d.nodes) {
    if (node.kind != NodeKind::member) continue;
    ++members;
    if (node.online) ++online;
    lowest = first ? node.priority : std::min(lowest, node.priority);
    highest = first ? node.priority : std::max(highest, node.priority);
    first = false;
  }
  if (online > members / 2 || lowest == highest || d[target].priority < highest) return 0;
  return d.options.priority_fencing_delay_s;
}

}  // namespace

bool fence_device_exists(const Draft& d) { return d.has_fence_device || d.options.have_watchdog; }

bool can_fence(const Draft& d, NodeId id) {
  const Node& node = d[id];
  if (node.kind == NodeKind::guest) {
    const ResourceId container = guest_container(d, id);
    if (!container.valid()) return true;
    const auto& hosts = d[container].active_on;
    return std::all_of(hosts.begin(), hosts.end(),
                       [&d](NodeId host) { return d[host].online || can_fence(d, host); });
  }
  if (!d.options.stonith || !fence_device_exists(d)) return false;
  return d.have_quorum || d.options.no_quorum == QuorumPolicy::ignore || node.online;
}

void fence(Draft& d, NodeId id, const FenceRequest& request) {
  Node& node = d[id];
  if (node.kind == NodeKind::guest) return recover_guest(d, id);
  if (node.kind == NodeKind::remote) {
    // Where nobody manages the connection it is as unclean, and fenced, but stays online until then.
    const bool unmanaged = node.connection.valid() && !d[node.connection].managed;
    if (!unmanaged) node.needs_reset = true;
    node.unclean = true;
    fence_action(d, {.node = id,
                     .operation = "",
                     .optional = true,
                     .reason = request.reason,
                     .priority_delay = request.priority_delay});
    return;
  }
  if (node.unclean) return;
  node.unclean = true;
  fence_action(d, {.node = id,
                   .operation = "",
                   .optional = true,
                   .reason = request.reason,
                   .priority_delay = request.priority_delay});
}

ActionId fence_action(Draft& d, const FenceAction& wanted) {
  const std::string operation = wanted.operation.empty() ? d.options.stonith_action : wanted.operation;
  const std::string name = "stonith-" + std::string{d[wanted.node].name()} + "-" + operation;
  const bool is_new = d.one_or_more.find(name) == d.one_or_more.end();
  const ActionId id = request_cluster(d, name, Task::stonith, wanted.node, Demand::optional);
  PlanAction& action = d[id];
  if (is_new) {
    action.set_meta("stonith_action", operation);
    d[wanted.node].fencing.emplace_back(operation, id);
  }
  const bool delay_applies = wanted.priority_delay && d.options.priority_fencing_delay_s > 0;
  if (delay_applies || action.find_meta("priority-fencing-delay") != nullptr) {
    action.set_meta("priority-fencing-delay", std::to_string(priority_delay(d, wanted.node)));
  }
  if (!wanted.optional && can_fence(d, wanted.node)) {
    action.optional = false;
    if (!wanted.reason.empty()) set_reason(action, wanted.reason);
  } else if (!wanted.reason.empty()) {
    set_reason(action, wanted.reason);
  }
  return id;
}

}  // namespace fencepost::policy
