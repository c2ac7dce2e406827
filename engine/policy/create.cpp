// Actions of primitives: stop, start, promote, demote, in the order that their roles ask for (§5.2).
#include "engine/policy/create.h"

#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/fencing.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

// What is being done about one primitive.
struct Transition {
  ResourceId id;
  NodeId current;
  bool moving = false;
  bool need_stop = false;
  bool need_promote = false;
  bool allow_migrate = false;
  bool multiply_active = false;
};

bool unfenced_first(const Draft& d, const Resource& r) {
  return r.def->needs == Requires::unfencing || (d.config->unfencing_in_use && r.def->fence_device);
}

bool expected_elsewhere(const Draft& d, ResourceId id, NodeId node) {
  // With stop_unexpected, the instance on the expected node is left alone.
  const Resource& r = d[id];
  return r.stop_unexpected && r.restarting && r.next_role > Role::stopped && r.assigned == node;
}

// ---------------------------------------------------------------- the four actions

void stop_on(Draft& d, ResourceId id, NodeId node, bool optional) {
  if (expected_elsewhere(d, id, node)) return;
  Resource& r = d[id];
  if (r.partial_target.valid()) {
    // The target of a migration that goes on keeps running it; elsewhere it must go.
    if (node == r.partial_target && node == r.assigned && r.partial_source.valid()) return;
    if (node != r.partial_target || node != r.assigned) optional = false;
  }
  const ActionId stop = request(d, id, kStop, node, optional ? Demand::optional : Demand::required);
  PlanAction& action = d[stop];
  if (!r.assigned.valid()) {
    set_reason(action, "node availability", true);
  } else if (r.restarting && r.stop_unexpected) {
    set_reason(action, "being multiply active", true);
  }
  if (!r.managed) action.runnable = false;
  if (d.options.remove_after_stop) clean_up(d, id, node, optional);
  if (r.def->needs == Requires::unfencing) {
    const ActionId on = fence_action(d, {.node = node, .operation = "on", .optional = true, .reason = {}});
    link(d, stop, on, kImpliesFirst);
  }
}

void start_on(Draft& d, ResourceId id, NodeId node, bool optional) {
  const ActionId start = request(d, id, kStart, node, Demand::optional);
  if (node.valid() && unfenced_first(d, d[id])) {
    const ActionId on = fence_action(d, {.node = node, .operation = "on", .optional = true, .reason = {}});
    link(d, on, start, kImpliesThen);
    require_unfencing(d, node, d[id].spec->id + " start", start);
  }
  PlanAction& action = d[start];
  if (action.runnable && !optional) action.optional = false;
  if (expected_elsewhere(d, id, node)) action.pseudo = true;
}

void promote_on(Draft& d, ResourceId id, NodeId node, bool optional) {
  bool runnable = true;
  for (ActionId start : find_exact(d, id, kStart, node)) runnable = runnable && d[start].runnable;
  if (!runnable) {
    for (ActionId promote : find_exact(d, id, kPromote, node)) d[promote].runnable = false;
    return;
  }
  const ActionId promote = request(d, id, kPromote, node, optional ? Demand::optional : Demand::required);
  if (expected_elsewhere(d, id, node)) d[promote].pseudo = true;
}

void demote_everywhere(Draft& d, ResourceId id, bool optional) {
  const std::vector<NodeId> nodes = d[id].active_on;
  for (NodeId node : nodes) {
    if (!expected_elsewhere(d, id, node)) {
      request(d, id, kDemote, node, optional ? Demand::optional : Demand::required);
    }
  }
}

// ---------------------------------------------------------------- roles

Role next_on_the_way(Role from, Role to) {
  switch (from) {
    case Role::stopped:
      if (to == Role::started || to == Role::stopped) return to;
      return Role::unpromoted;
    case Role::started:
      if (to == Role::stopped || to == Role::started)
        return to == Role::stopped ? Role::stopped : Role::started;
      return Role::unpromoted;
    case Role::unpromoted:
      if (to == Role::stopped || to == Role::started) return Role::stopped;
      return to;
    case Role::promoted:
      return to == Role::promoted ? Role::promoted : Role::unpromoted;
    case Role::unknown:
      break;
  }
  return to;
}

void act(Draft& d, ResourceId id, Role from, Role to, NodeId node, bool optional) {
  if (from == to) return;
  if (to == Role::stopped) {
    stop_everywhere(d, id, optional);
  } else if (from == Role::stopped) {
    start_on(d, id, node, optional);
  } else if (to == Role::promoted) {
    promote_on(d, id, node, optional);
  } else if (from == Role::promoted) {
    demote_everywhere(d, id, optional);
  }
}

void restart_at_current_role(Draft& d, const Transition& t) {
  Resource& r = d[t.id];
  Role role = r.role;
  r.restarting = true;
  while (role > Role::stopped) {
    const Role next = role == Role::promoted ? Role::unpromoted : Role::stopped;
    act(d, t.id, role, next, t.current, !t.need_stop);
    role = next;
  }
  while (role <= r.role && r.role <= r.next_role && role != r.role && !r.blocked) {
    bool required = t.need_stop;
    const Role next = next_on_the_way(role, r.role);
    if (next == Role::promoted && t.need_promote) required = true;
    act(d, t.id, role, next, r.assigned, !required);
    if (next == role) break;
    role = next;
  }
  r.restarting = false;
}

void go_to_next_role(Draft& d, const Transition& t) {
  Resource& r = d[t.id];
  Role role = r.role;
  while (role != r.next_role) {
    const Role next = next_on_the_way(role, r.next_role);
    if (next == role) break;
    act(d, t.id, role, next, r.assigned, false);
    role = next;
    if (role == Role::started && r.next_role == Role::unpromoted) break;
  }
}

// ---------------------------------------------------------------- what is needed

void settle_next_role(Draft& d, ResourceId id) {
  Resource& r = d[id];
  if (r.next_role == Role::unknown) r.next_role = r.assigned.valid() ? Role::started : Role::stopped;
}

void stop_dangling(Draft& d, ResourceId id) {
  const std::vector<NodeId> dangling = d[id].dangling;
  for (NodeId node : dangling) {
    const ActionId stop = request(d, id, kStop, node, Demand::required);
    d[stop].dangling = true;
    if (d.options.remove_after_stop) clean_up(d, id, node, false);
  }
}

bool may_migrate(const Draft& d, const Transition& t) {
  const Resource& r = d[t.id];
  return r.allow_migrate && r.managed && !r.failed && !r.start_pending && t.current.valid() &&
         !d[t.current].unclean && r.assigned.valid() && !d[r.assigned].unclean;
}

int active_nodes(const Draft& d, const Resource& r) {
  if (r.def->requires_fencing()) return static_cast<int>(r.active_on.size());
  return static_cast<int>(std::count_if(r.active_on.begin(), r.active_on.end(),
                                        [&d](NodeId n) { return d[n].online && !d[n].unclean; }));
}

bool migration_goes_on(const Draft& d, const Transition& t) {
  const Resource& r = d[t.id];
  return r.partial_source.valid() && r.partial_target.valid() && t.allow_migrate && r.active_on.size() == 2 &&
         t.current == r.partial_source && r.assigned == r.partial_target;
}

void look_at_migration(Draft& d, Transition& t) {
  Resource& r = d[t.id];
  if (r.partial_source.valid() || r.partial_target.valid()) {
    if (migration_goes_on(d, t)) return;
    t.need_stop = true;
    t.allow_migrate = false;
    r.partial_source = NodeId{};
    r.partial_target = NodeId{};
    return;
  }
  t.multiply_active = active_nodes(d, r) > 1;
}

void look_at_failures(Draft& d, Transition& t) {
  Resource& r = d[t.id];
  if (r.start_pending) {
    const ActionId start = request(d, t.id, kStart, r.assigned, Demand::optional);
    d[start].shown = true;
  }
  if (t.moving) return;
  if (r.failed && r.must_stop) {
    t.need_stop = true;
  } else if (r.failed) {
    if (r.next_role == Role::promoted) t.need_promote = true;
  } else if (r.blocked) {
    t.need_stop = true;
  } else if (r.role > Role::started && t.current.valid() && r.assigned.valid()) {
    const ActionId start = request(d, t.id, kStart, r.assigned, Demand::optional);
    if (!d[start].optional) t.need_stop = true;
  }
}

}  // namespace

void stop_everywhere(Draft& d, ResourceId id, bool optional) {
  const std::vector<NodeId> nodes = d[id].active_on;
  for (NodeId node : nodes) stop_on(d, id, node, optional);
}

ActionId clean_up(Draft& d, ResourceId id, NodeId node, bool optional) {
  const Resource& r = d[id];
  if (r.failed || !node.valid() || d[node].unclean || !d[node].online) return {};
  const ActionId action =
      request(d, id, key(Task::remove), node, optional ? Demand::optional : Demand::required);
  const Kinds kinds = optional ? Kinds{kImpliesThen} : Kinds{kOrder};
  order(d, {.first_resource = id,
            .then_resource = id,
            .first_key = kStop,
            .then_key = {},
            .first_action = {},
            .then_action = action,
            .kinds = kinds});
  order(d, {.first_resource = id,
            .then_resource = id,
            .first_key = {},
            .then_key = kStart,
            .first_action = action,
            .then_action = {},
            .kinds = kinds});
  return action;
}

void create_primitive_actions(Draft& d, ResourceId id) {
  settle_next_role(d, id);
  Transition t;
  t.id = id;
  t.current = current_node(d, id);
  Resource& r = d[id];
  stop_dangling(d, id);
  if (t.current.valid() && r.assigned.valid() && t.current != r.assigned && r.next_role >= Role::started) {
    t.moving = true;
    t.need_stop = true;
  }
  t.allow_migrate = may_migrate(d, t);
  look_at_migration(d, t);
  if (t.multiply_active) {
    if (r.multiple_active == MultipleActive::stop_start) t.need_stop = true;
    if (r.multiple_active == MultipleActive::stop_unexpected) {
      t.need_stop = true;
      r.stop_unexpected = true;
    }
  }
  look_at_failures(d, t);
  restart_at_current_role(d, t);
  go_to_next_role(d, t);
  create_recurring(d, id);
  if (t.allow_migrate) create_migration(d, id, t.current);
}

// ---------------------------------------------------------------- live migration

void create_migration(Draft& d, ResourceId id, NodeId current) {
  Resource& r = d[id];
  const ActionId start = find_action(d, id, kStart, r.assigned);
  const ActionId stop = find_action(d, id, kStop, current);
  if (!start.valid() || !stop.valid() || current == r.assigned) return;
  const bool goes_on = r.partial_target.valid();
  ActionId to;
  if (!goes_on) to = request(d, id, kMigrateTo, current, Demand::optional);
  const ActionId from = request(d, id, kMigrateFrom, r.assigned, Demand::optional);
  d[stop].migratable = true;
  d[start].migratable = true;
  d[start].pseudo = true;
  d[from].migratable = true;
  const auto name_ends = [&](ActionId action) {
    d[action].set_meta("migrate_source", d[current].spec->name);
    d[action].set_meta("migrate_target", d[r.assigned].spec->name);
  };
  if (!goes_on) {
    d[to].migratable = true;
    d[to].needs = d[start].needs;
    order(d, id, kProbe, id, kMigrateTo, kOrder);
    order(d, id, kMigrateTo, id, kMigrateFrom, kOrder | kImpliesFirstMigratable);
    name_ends(to);
  } else {
    d[from].needs = d[start].needs;
    order(d, id, kProbe, id, kMigrateFrom, kOrder);
  }
  order(d, id, kMigrateFrom, id, kStop, kOrder | kImpliesFirstMigratable);
  order(d, id, kMigrateFrom, id, kStart, kOrder | kImpliesFirstMigratable | kPseudoLeft);
  name_ends(from);
}

}  // namespace fencepost::policy
