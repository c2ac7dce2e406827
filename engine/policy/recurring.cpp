// Recurring operations: what runs every so often while a resource is up, or down (§5.4).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/create.h"

namespace fencepost::policy {
namespace {

bool may_recur(const OpSpec& op) {
  switch (op.task) {
    case Task::start:
    case Task::stop:
    case Task::promote:
    case Task::demote:
    case Task::reload:
    case Task::migrate_to:
    case Task::migrate_from:
      return false;
    default:
      return op.enabled && op.interval_ms > 0 && op.name != "reload";
  }
}

bool is_duplicate(const Definition& def, const OpSpec& op) {
  return std::count_if(def.ops.begin(), def.ops.end(), [&op](const OpSpec& other) {
           return other.name == op.name && other.interval_ms == op.interval_ms;
         }) > 1;
}

Role role_of_op(const OpSpec& op) {
  const std::string* text = op.op->setting("role");
  return text == nullptr ? Role::unknown : cib::parse_role(*text).value_or(Role::unknown);
}

// The resource runs, and goes on running, with this operation.
bool already_fine(Draft& d, ResourceId id, NodeId node, Key key, ActionId start) {
  if (!node.valid() || !d[start].optional) return false;
  const auto known = find_exact(d, id, key, node);
  if (known.empty()) return false;
  return std::none_of(known.begin(), known.end(), [&d](ActionId a) { return d[a].reschedule; });
}

void order_cancel(Draft& d, ResourceId id, ActionId cancel, Key then) {
  order(d, {.first_resource = id,
            .then_resource = id,
            .first_key = {},
            .then_key = then,
            .first_action = cancel,
            .then_action = {},
            .kinds = kRunnableLeft});
}

void cancel_in_active_role(Draft& d, ResourceId id, const OpSpec& op, Key key) {
  const Resource& r = d[id];
  const ActionId cancel = cancel_recurring(d, id, key, op.name, r.assigned);
  switch (r.role) {
    case Role::unpromoted:
    case Role::started:
      if (r.next_role == Role::promoted) {
        order_cancel(d, id, cancel, kPromote);
      } else if (r.next_role == Role::stopped) {
        order_cancel(d, id, cancel, kStop);
      }
      break;
    case Role::promoted:
      order_cancel(d, id, cancel, kDemote);
      break;
    default:
      break;
  }
}

void order_monitor(Draft& d, ResourceId id, ActionId monitor) {
  const Resource& r = d[id];
  if (!r.managed) return;
  const auto after = [&](Key first, Kinds kinds) {
    order(d, {.first_resource = id,
              .then_resource = {},
              .first_key = first,
              .then_key = {},
              .first_action = {},
              .then_action = monitor,
              .kinds = kinds});
  };
  after(kStart, kImpliesThen | kRunnableLeft);
  after(kReload, kImpliesThen | kRunnableLeft);
  if (r.next_role == Role::promoted) {
    after(kPromote, kOrder | kRunnableLeft);
  } else if (r.role == Role::promoted) {
    after(kDemote, kOrder | kRunnableLeft);
  }
}

void recur_while_active(Draft& d, ResourceId id, const OpSpec& op, Key key, ActionId start) {
  const Resource& r = d[id];
  const Role role = role_of_op(op);
  if (role == Role::stopped) return;
  const bool fine = already_fine(d, id, r.assigned, key, start);
  const bool other_role = role != Role::unknown ? role != r.next_role : r.next_role == Role::promoted;
  if (other_role) {
    if (fine) cancel_in_active_role(d, id, op, key);
    return;
  }
  const ActionId monitor =
      request_named(d, id, key, op.name, r.assigned, fine ? Demand::optional : Demand::required);
  PlanAction& action = d[monitor];
  const NodeId node = r.assigned;
  if (!d[start].runnable || !node.valid() || !d[node].online || d[node].unclean) action.runnable = false;
  if (r.next_role == Role::promoted) action.set_meta("op_target_rc", "8");
  order_monitor(d, id, monitor);
}

void watch_stopped_on(Draft& d, ResourceId id, const OpSpec& op, Key key, NodeId node) {
  const Resource& r = d[id];
  const bool known = !find_exact(d, id, key, node).empty();
  const ActionId monitor =
      request_named(d, id, key, op.name, node, known ? Demand::optional : Demand::required);
  d[monitor].set_meta("op_target_rc", "7");
  if (r.managed) {
    for (ActionId probe_id : find_exact(d, id, kProbe, node))
      order_actions(d, probe_id, monitor, kRunnableLeft);
  }
  const std::vector<ActionId> stops = find_exact(d, id, kStop, node);
  if (!r.managed && !stops.empty() && !d[stops.front()].optional) d[monitor].optional = true;
  for (ActionId stop : stops) {
    if (!d[stop].runnable) d[monitor].runnable = false;
    if (r.managed) order_actions(d, stop, monitor, kImpliesThen | kRunnableLeft);
  }
  if (!d[node].online || d[node].unclean) d[monitor].runnable = false;
}

void recur_while_stopped(Draft& d, ResourceId id, const OpSpec& op, Key key) {
  if (role_of_op(op) != Role::stopped || !d[id].unique()) return;
  const NodeId assigned = d[id].assigned;
  if (assigned.valid() && !find_exact(d, id, key, assigned).empty()) {
    const ActionId cancel = cancel_recurring(d, id, key, op.name, assigned);
    if (d[id].next_role == Role::started || d[id].next_role == Role::unpromoted)
      order_cancel(d, id, cancel, kStart);
  }
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId node{i};
    if (node == assigned) continue;
    watch_stopped_on(d, id, op, key, node);
  }
}

}  // namespace

ActionId cancel_recurring(Draft& d, ResourceId id, Key recurring, std::string_view word, NodeId node) {
  const ActionId cancel = request_named(d, id, recurring, word, node, Demand::required);
  PlanAction& action = d[cancel];
  action.task = Task::cancel;
  action.cancel = true;
  action.cancelled = recurring;
  action.set_meta("operation", std::string{word});
  return cancel;
}

void create_recurring(Draft& d, ResourceId id) {
  const Resource& r = d[id];
  if (r.blocked || r.maintenance) return;
  ActionId start;  // with or without monitors: what has to be stopped is started again through it
  if (r.assigned.valid() && !d[r.assigned].maintenance && (r.next_role != Role::stopped || !r.managed)) {
    start = request(d, id, kStart, r.assigned, Demand::optional);
  }
  for (const OpSpec& op : r.def->ops) {
    if (!may_recur(op) || is_duplicate(*r.def, op)) continue;
    const Key key = operation_key(d, op.name, op.interval_ms);
    if (start.valid()) recur_while_active(d, id, op, key, start);
    recur_while_stopped(d, id, op, key);
  }
}

}  // namespace fencepost::policy
