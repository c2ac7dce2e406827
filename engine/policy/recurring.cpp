// Recurring operations: those that go on, those that begin, those that end (§5.4).
#include <algorithm>
#include <array>
#include <optional>

#include "engine/policy/action_stages.h"
#include "engine/policy/orderings.h"

namespace fencepost::policy {
namespace {

constexpr std::array<Task, 7> kNeverRecurring{Task::start,  Task::stop,       Task::promote,     Task::demote,
                                              Task::reload, Task::migrate_to, Task::migrate_from};

struct Recurring {
  Key key;
  std::optional<Role> role;  // nothing: whenever it is active and not promoted
};

std::optional<Role> role_of(const OpSpec& op) {
  const std::string* text = op.op->setting("role");
  if (text == nullptr) return std::nullopt;
  const auto role = cib::parse_role(*text);
  if (!role || *role == cib::Role::unknown) return std::nullopt;
  return static_cast<Role>(*role);
}

// Two operations of one name and interval: Pacemaker runs neither.
bool is_duplicate(const Definition& def, const OpSpec& op) {
  const auto same = [&op](const OpSpec& other) {
    return other.interval_ms == op.interval_ms && other.name == op.name;
  };
  return std::count_if(def.ops.begin(), def.ops.end(), same) > 1;
}

std::vector<Recurring> recurring_operations(Draft& d, ResourceId id) {
  std::vector<Recurring> found;
  for (const OpSpec& op : d[id].def->ops) {
    if (op.interval_ms == 0 || !op.enabled || is_duplicate(*d[id].def, op)) continue;
    if (std::count(kNeverRecurring.begin(), kNeverRecurring.end(), op.task) > 0) continue;
    found.push_back({operation_key(d, op.name, op.interval_ms), role_of(op)});
  }
  return found;
}

bool is_unusable(const Draft& d, NodeId node) { return !node.valid() || !d[node].online || d[node].unclean; }

ActionId request_cancel(Draft& d, ResourceId id, Key key, NodeId node) {
  const ActionId action = request(d, id, key, node, Demand::required);
  PlanAction& a = d[action];
  a.cancel = true;
  a.cancelled = a.key;
  a.task = Task::cancel;
  a.optional = false;
  return action;
}

// ---------------------------------------------------------------- while it is active

void cancel_active(Draft& d, ResourceId id, Key key, NodeId node) {
  const ActionId cancel = request_cancel(d, id, key, node);
  const Resource& r = d[id];
  const bool from_below = r.role == Role::started || r.role == Role::unpromoted;
  if (from_below && r.next_role == Role::promoted) {
    order_then_key(d, cancel, id, kPromote, kRunnableLeft);
  } else if (from_below && r.next_role == Role::stopped) {
    order_then_key(d, cancel, id, kStop, kRunnableLeft);
  } else if (r.role == Role::promoted) {
    order_then_key(d, cancel, id, kDemote, kRunnableLeft);
  }
}

bool start_is_optional(Draft& d, ResourceId id, NodeId node) {
  const ActionId start = find_oldest(d, id, kStart, node);
  return !start.valid() || d[start].optional;
}

bool start_is_runnable(Draft& d, ResourceId id, NodeId node) {
  const ActionId start = find_oldest(d, id, kStart, node);
  return !start.valid() || d[start].runnable;
}

void order_active(Draft& d, ResourceId id, ActionId monitor) {
  const Resource& r = d[id];
  order_key_then(d, id, kStart, monitor, kImpliesThen | kRunnableLeft);
  order_key_then(d, id, kReload, monitor, kImpliesThen | kRunnableLeft);
  if (r.next_role == Role::promoted) {
    order_key_then(d, id, kPromote, monitor, kOrder | kRunnableLeft);
  } else if (r.role == Role::promoted) {
    order_key_then(d, id, kDemote, monitor, kOrder | kRunnableLeft);
  }
}

void recur_while_active(Draft& d, ResourceId id, const Recurring& op) {
  const NodeId node = d[id].assigned;
  const ActionId running = find_oldest(d, id, op.key, node);
  const bool fine = start_is_optional(d, id, node) && running.valid() && !d[running].reschedule;
  const Role next = d[id].next_role;
  if (op.role ? *op.role != next : next == Role::promoted) {
    if (fine) cancel_active(d, id, op.key, node);
    return;
  }
  const ActionId monitor = request(d, id, op.key, node, fine ? Demand::optional : Demand::required);
  if (is_unusable(d, node) || !start_is_runnable(d, id, node)) d[monitor].runnable = false;
  if (next == Role::promoted) d[monitor].set_meta("op_target_rc", "8");
  if (d[id].managed) order_active(d, id, monitor);
}

// ---------------------------------------------------------------- where it is stopped

void order_after_probes(Draft& d, ResourceId id, NodeId node, ActionId monitor) {
  for (const ActionId probe : find_actions(d, id, kProbe, node)) {
    order_actions(d, probe, monitor, kRunnableLeft);
  }
}

void order_after_stops(Draft& d, ResourceId id, NodeId node, ActionId monitor) {
  for (const ActionId stop : find_exact(d, id, kStop, node)) {
    if (!d[id].managed && !d[stop].optional && !d[monitor].optional) d[monitor].optional = true;
    if (!d[stop].runnable) d[monitor].runnable = false;
    if (d[id].managed) order_actions(d, stop, monitor, kImpliesThen | kRunnableLeft);
  }
}

void recur_where_stopped(Draft& d, ResourceId id, const Recurring& op) {
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId node{i};
    const ActionId running = find_oldest(d, id, op.key, node);
    if (node == d[id].assigned) {
      if (!running.valid()) continue;
      const ActionId cancel = request_cancel(d, id, op.key, node);
      const Role next = d[id].next_role;
      if (next == Role::started || next == Role::unpromoted)
        order_then_key(d, cancel, id, kStart, kRunnableLeft);
      continue;
    }
    const ActionId monitor =
        request(d, id, op.key, node, running.valid() ? Demand::optional : Demand::required);
    d[monitor].set_meta("op_target_rc", "7");
    if (d[id].managed) order_after_probes(d, id, node, monitor);
    order_after_stops(d, id, node, monitor);
    if (is_unusable(d, node)) d[monitor].runnable = false;
  }
}

}  // namespace

void create_recurring_actions(Draft& d, ResourceId id) {
  const Resource& r = d[id];
  if (r.blocked || r.maintenance) return;
  const std::vector<Recurring> operations = recurring_operations(d, id);
  const bool in_maintenance = r.assigned.valid() && d[r.assigned].maintenance;
  if (r.assigned.valid() && !in_maintenance && (r.next_role != Role::stopped || !r.managed)) {
    for (const Recurring& op : operations)
      if (op.role != Role::stopped) recur_while_active(d, id, op);
  }
  for (const Recurring& op : operations)
    if (op.role == Role::stopped && r.unique()) recur_where_stopped(d, id, op);
}

}  // namespace fencepost::policy
