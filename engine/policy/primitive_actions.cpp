// What a primitive does to get from where and what it is to where and what it shall be (§5.2).
#include <algorithm>

#include "engine/policy/action_stages.h"
#include "engine/policy/fencing.h"
#include "engine/policy/orderings.h"

namespace fencepost::policy {
namespace {

// The way from one role to another, one step at a time.
struct Journey {
  bool moving = false;
  bool migratable = false;
  bool continues = false;  // a live migration that was under way goes on
  bool need_stop = false;
  bool need_promote = false;
  NodeId current;
};

bool is_managed_and_restarting(const Resource& r) { return r.stop_unexpected && r.restarting; }

bool is_expected_node(const Draft& d, ResourceId id, NodeId node) {
  return is_managed_and_restarting(d[id]) && node == d[id].assigned;
}

void link_start_after_unfencing(Draft& d, ResourceId id, ActionId start, NodeId node) {
  const bool needs =
      d[id].def->needs == Requires::unfencing || (d[id].def->fence_device && d.config->unfencing_in_use);
  if (!d.config->unfencing_in_use || !needs || !node.valid()) return;
  const ActionId unfence = unfencing(d, node);
  order_actions(d, unfence, start, kImpliesThen);
  require_unfencing(d, node, "required by " + d[id].spec->id + " " + std::string{word(d[start].task)}, start);
}

// ---------------------------------------------------------------- the steps

void stop(Draft& d, ResourceId id, bool optional) {
  const Resource& r = d[id];
  for (const NodeId node : std::vector<NodeId>(r.active_on)) {
    if (is_expected_node(d, id, node)) continue;
    if (r.partial_target.valid() && node == r.partial_target) continue;
    const bool leftover = r.partial_target.valid();
    const bool required = !optional || leftover;
    const ActionId action = request(d, id, kStop, node, required ? Demand::required : Demand::optional);
    if (!r.assigned.valid()) {
      set_reason(d[action], "node availability", true);
    } else if (is_managed_and_restarting(r)) {
      set_reason(d[action], "being multiply active", true);
    }
    if (!r.managed) d[action].runnable = false;
    if (d.options.remove_after_stop) clean_up(d, id, node, optional);
    if (r.def->needs == Requires::unfencing && d.config->unfencing_in_use) {
      order_actions(d, action, unfencing(d, node), kImpliesFirst);
    }
  }
}

void start(Draft& d, ResourceId id, bool optional) {
  const NodeId node = d[id].assigned;
  const ActionId action = request(d, id, kStart, node, Demand::optional);
  link_start_after_unfencing(d, id, action, node);
  if (d[action].runnable && !optional) d[action].optional = false;
  if (is_expected_node(d, id, node)) d[action].pseudo = true;
}

void promote(Draft& d, ResourceId id, bool optional) {
  const NodeId node = d[id].assigned;
  const std::vector<ActionId> starts = find_exact(d, id, kStart, node);
  const bool runnable = std::all_of(starts.begin(), starts.end(), [&d](ActionId a) { return d[a].runnable; });
  if (!runnable) {
    for (const ActionId action : find_exact(d, id, kPromote, node)) d[action].runnable = false;
    return;
  }
  const ActionId action = request(d, id, kPromote, node, optional ? Demand::optional : Demand::required);
  if (is_expected_node(d, id, node)) d[action].pseudo = true;
}

void demote(Draft& d, ResourceId id, bool optional) {
  for (const NodeId node : std::vector<NodeId>(d[id].active_on)) {
    if (is_expected_node(d, id, node)) continue;
    request(d, id, kDemote, node, optional ? Demand::optional : Demand::required);
  }
}

// ---------------------------------------------------------------- where it stands

bool is_migratable(const Draft& d, ResourceId id, NodeId current) {
  const Resource& r = d[id];
  if (!r.allow_migrate || !r.managed || r.failed || r.start_pending) return false;
  if (!current.valid() || d[current].unclean) return false;
  return r.assigned.valid() && !d[r.assigned].unclean;
}

void stop_dangling_migrations(Draft& d, ResourceId id) {
  for (const NodeId node : std::vector<NodeId>(d[id].dangling)) {
    const ActionId action = request(d, id, kStop, node, Demand::required);
    d[action].dangling = true;
    if (d.options.remove_after_stop) clean_up(d, id, node, false);
  }
}

std::size_t count_active(const Draft& d, ResourceId id) {
  const Resource& r = d[id];
  const bool all = r.def->needs == Requires::fencing || r.def->needs == Requires::unfencing;
  return static_cast<std::size_t>(std::count_if(r.active_on.begin(), r.active_on.end(), [&](NodeId node) {
    return all || (d[node].online && !d[node].unclean);
  }));
}

void judge_partial_migration(Draft& d, ResourceId id, Journey& journey) {
  Resource& r = d[id];
  const bool both = r.partial_source.valid() && r.partial_target.valid();
  if (both && journey.migratable && r.active_on.size() == 2 && journey.current == r.partial_source &&
      r.assigned == r.partial_target) {
    journey.continues = true;
    return;
  }
  if (r.partial_source.valid() || r.partial_target.valid()) {
    journey.need_stop = true;
    journey.migratable = false;
    r.partial_source = {};
    r.partial_target = {};
    return;
  }
  if (count_active(d, id) <= 1) return;
  if (r.multiple_active == MultipleActive::stop_start) journey.need_stop = true;
  if (r.multiple_active == MultipleActive::stop_unexpected) {
    journey.need_stop = true;
    r.stop_unexpected = true;
  }
}

void judge_in_place(Draft& d, ResourceId id, Journey& journey) {
  Resource& r = d[id];
  if (journey.moving) return;
  if (r.failed) {
    if (r.must_stop) {
      journey.need_stop = true;
    } else if (r.next_role == Role::promoted) {
      journey.need_promote = true;
    }
  } else if (r.blocked) {
    journey.need_stop = true;
  } else if (r.role > Role::started && journey.current.valid() && r.assigned.valid()) {
    const ActionId again = request(d, id, kStart, r.assigned, Demand::optional);
    if (!d[again].optional) journey.need_stop = true;
  }
}

Journey judge(Draft& d, ResourceId id) {
  Resource& r = d[id];
  Journey journey;
  journey.current = current_node(d, id);
  stop_dangling_migrations(d, id);
  if (journey.current.valid() && r.assigned.valid() && journey.current != r.assigned &&
      r.next_role >= Role::started) {
    journey.moving = true;
    journey.need_stop = true;
  }
  journey.migratable = is_migratable(d, id, journey.current);
  judge_partial_migration(d, id, journey);
  if (r.start_pending) {
    const ActionId action = request(d, id, kStart, r.assigned, Demand::optional);
    d[action].shown = true;
  }
  judge_in_place(d, id, journey);
  return journey;
}

// ---------------------------------------------------------------- the walk

// Down from the role it has, and up again if it keeps that role: carried out only when a stop is needed.
void restart(Draft& d, ResourceId id, const Journey& journey) {
  Resource& r = d[id];
  if (r.role <= Role::stopped) return;
  const bool optional = !journey.need_stop;
  r.restarting = journey.need_stop;
  if (r.role == Role::promoted) demote(d, id, optional);
  stop(d, id, optional);
  if (r.role <= r.next_role && !r.blocked) {
    start(d, id, optional);
    if (r.role == Role::promoted) promote(d, id, optional && !journey.need_promote);
  }
  r.restarting = false;
}

void change_role(Draft& d, ResourceId id) {
  const Role from = std::max(d[id].role, Role::stopped);
  const Role to = d[id].next_role;
  const bool down_to_stopped = to == Role::stopped && from != Role::stopped;
  const bool down_to_started = to == Role::started && (from == Role::unpromoted || from == Role::promoted);
  if (from == Role::promoted && to < Role::promoted) demote(d, id, false);
  if (down_to_stopped || down_to_started) stop(d, id, false);
  if ((from == Role::stopped && to > Role::stopped) || down_to_started) start(d, id, false);
  if (from < Role::promoted && to == Role::promoted) promote(d, id, false);
}

}  // namespace

void clean_up(Draft& d, ResourceId id, NodeId node, bool optional) {
  if (d[id].failed || !node.valid() || d[node].unclean || !d[node].online) return;
  request(d, id, key(Task::remove), node, Demand::required);
  const Kinds kinds = optional ? kImpliesThen : kOrder;
  order(d, id, kStop, id, key(Task::remove), kinds);
  order(d, id, key(Task::remove), id, kStart, kinds);
}

void create_primitive_actions(Draft& d, ResourceId id) {
  Resource& r = d[id];
  if (r.next_role == Role::unknown) r.next_role = r.assigned.valid() ? Role::started : Role::stopped;
  const Journey journey = judge(d, id);
  restart(d, id, journey);
  change_role(d, id);
  create_recurring_actions(d, id);
  if (journey.migratable && journey.moving)
    create_migration_actions(d, id, journey.current, journey.continues);
}

}  // namespace fencepost::policy
