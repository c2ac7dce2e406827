#include "engine/policy/kinds.h"

#include <string>

#include "engine/policy/actions.h"

namespace fencepost::policy {
namespace {

std::string cause_text(const Draft& d, const PlanAction& cause) {
  if (cause.resource.valid()) return d[cause.resource].spec->id + " " + std::string{task_text(d, cause)};
  return std::string{task_text(d, cause)};
}

// An action's own resource is no reason that anybody would ask for.
void explain(const Draft& d, PlanAction& action, const PlanAction& cause, const char* how,
             bool overwrite = false) {
  if (action.resource == cause.resource && action.resource.valid()) return;
  set_reason(action, std::string(how) + " " + cause_text(d, cause), overwrite);
}

bool become_required(const Draft& d, PlanAction& action, const PlanAction& cause) {
  if (!action.optional) return false;
  action.optional = false;
  explain(d, action, cause, "required");
  return true;
}

bool become_unrunnable(const Draft& d, PlanAction& action, const PlanAction& cause) {
  if (!action.runnable) return false;
  action.runnable = false;
  explain(d, action, cause, "unrunnable");
  return true;
}

bool lose_migratable(const Draft& d, PlanAction& action, const PlanAction& cause) {
  if (!action.migratable) return false;
  action.migratable = false;
  explain(d, action, cause, "unrunnable", true);
  return true;
}

bool become_shown(PlanAction& action) {
  if (action.shown) return false;
  action.shown = true;
  return true;
}

// A restart's stop comes with its start, and a start that cannot follow its stop does not come at all.
Changed restart(const Draft& d, PlanAction& first, PlanAction& then) {
  Changed changed;
  const bool same = first.resource == then.resource && then.resource.valid();
  const bool cannot_start = !then.runnable && same && d[then.resource].managed;
  if (!then.optional || cannot_start) {
    if (first.runnable || !then.optional) changed.first |= become_required(d, first, then);
    if (!then.migratable) changed.first |= lose_migratable(d, first, then);
    if (!first.optional && !first.runnable) changed.then |= become_unrunnable(d, then, first);
  }
  return changed;
}

bool asymmetry_is_moot(const Draft& d, const PlanAction& then) {
  if (!then.resource.valid()) return false;
  const Role role = role_of(d, then.resource, true);
  if (then.task == Task::stop && role == Role::stopped) return true;
  if (then.task != Task::start || !then.optional || role < Role::started) return false;
  const std::vector<NodeId> active = locations_of(d, then.resource, true);
  return active.size() == 1 && active.front() == then.node;
}

Changed count_towards(PlanAction& then, const Flags& first_flags) {
  Changed changed;
  if (!first_flags.runnable) return changed;
  ++then.counted;
  if (then.counted >= then.needed && !then.runnable) {
    then.runnable = true;
    changed.then = true;
  }
  return changed;
}

Changed runnable_left(const Draft& d, const PlanAction& first, const Flags& first_flags, PlanAction& then) {
  Changed changed;
  if (first_flags.runnable || !then.runnable) return changed;
  changed.then |= become_unrunnable(d, then, first);
  if (then.migratable) then.migratable = false;
  return changed;
}

}  // namespace

Changed operator|(Changed a, Changed b) { return {a.first || b.first, a.then || b.then}; }

Changed apply_kind(Draft& d, Kind kind, LinkId link, ActionId first_id, const Flags& first_flags,
                   ActionId then_id, const Flags& then_flags) {
  PlanAction& first = d[first_id];
  PlanAction& then = d[then_id];
  Changed changed;
  switch (kind) {
    case kImpliesThen:
      if (!first_flags.optional && !first_flags.migratable) changed.then |= become_required(d, then, first);
      break;
    case kRestart:
      return restart(d, first, then);
    case kPromotedImpliesFirst:
      if (then.resource.valid() && d[then.resource].role == Role::promoted && !then_flags.optional) {
        changed.first |= become_required(d, first, then);
      }
      [[fallthrough]];
    case kImpliesFirst:
      if (!then_flags.optional && first_flags.migratable && !then_flags.migratable) {
        changed.first |= lose_migratable(d, first, then);
      }
      break;
    case kOneOrMore:
      return count_towards(then, first_flags);
    case kProbeLink:
      if (!first_flags.runnable && first.resource.valid() && !d[first.resource].active_on.empty()) {
        d[link].kinds = kNoKind;
        break;
      }
      [[fallthrough]];
    case kRunnableLeft:
      return runnable_left(d, first, first_flags, then);
    case kImpliesFirstMigratable:
      if (!then.migratable || !then.runnable) changed.first |= become_unrunnable(d, first, then);
      if (!then_flags.optional) changed.first |= become_required(d, first, then);
      break;
    case kPseudoLeft:
      if (first_flags.runnable) break;
      if (then.migratable || then.pseudo) changed.then = true;
      lose_migratable(d, then, first);
      then.pseudo = false;
      break;
    case kAsymmetrical:
      if (first_flags.runnable || asymmetry_is_moot(d, then)) break;
      changed.then |= become_required(d, then, first);
      changed.then |= become_unrunnable(d, then, first);
      break;
    case kThenShown:
      if (first.runnable && !first_flags.optional) changed.then |= become_shown(then);
      break;
    case kFirstShown:
      if (!then_flags.optional) changed.first |= become_shown(first);
      break;
    default:
      break;
  }
  return changed;
}

// ---------------------------------------------------------------- flags

namespace {

// A member's part in what its group does; stop and demote need not exist everywhere.
Flags group_flags(Draft& d, ActionId id, NodeId node) {
  PlanAction& action = d[id];
  Flags flags{.optional = true, .runnable = true, .migratable = false};
  const Task task = atomic(action.key.task);
  for (const ResourceId member : d[action.resource].children) {
    const ActionId part = find_action(d, member, key(task, action.key.interval_ms), node);
    if (!part.valid()) {
      if (task != Task::stop && task != Task::demote) flags.runnable = false;
      continue;
    }
    if (!d[part].optional) flags.optional = action.optional = false;
    if (is_done(action.key.task) && !d[part].runnable) flags.runnable = action.runnable = false;
  }
  return flags;
}

std::vector<ResourceId> parts_of(const Draft& d, ResourceId id, Key key) {
  if (d[id].is_clone()) return d[id].children;
  const Bundle* bundle = bundle_data(d, id);
  const Task task = atomic(key.task);
  const bool inside = task == Task::promote || task == Task::demote || key.notify != Notify::no;
  std::vector<ResourceId> parts;
  for (const BundlePart& part : bundle->parts) {
    const ResourceId one = inside ? part.spec->inner : part.spec->container;
    if (one.valid()) parts.push_back(one);
  }
  return parts;
}

Flags clone_flags(Draft& d, ActionId id, NodeId node) {
  PlanAction& action = d[id];
  Flags flags{.optional = true, .runnable = true, .migratable = false};
  bool any_runnable = false;
  for (const ResourceId instance : parts_of(d, action.resource, action.key)) {
    const Task task = d[instance].is_primitive() ? atomic(action.key.task) : action.key.task;
    const ActionId part = find_action(d, instance, Key{task, Notify::no, action.key.interval_ms}, node);
    if (!part.valid()) continue;
    const Flags part_flags = d[instance].is_group()
                                 ? group_flags(d, part, node)
                                 : Flags{d[part].optional, d[part].runnable, d[part].migratable};
    if (!part_flags.optional) flags.optional = action.optional = false;
    any_runnable = any_runnable || part_flags.runnable;
  }
  if (!any_runnable) {
    flags.runnable = false;
    if (!node.valid()) action.runnable = false;
  }
  return flags;
}

}  // namespace

Flags effective_flags(Draft& d, ActionId id, NodeId node) {
  const PlanAction& action = d[id];
  if (!action.resource.valid() || d[action.resource].is_primitive()) {
    return {action.optional, action.runnable, action.migratable};
  }
  if (d[action.resource].is_group()) return group_flags(d, id, node);
  Flags flags = clone_flags(d, id, node);
  if (node.valid() && !flags.runnable) flags.runnable = clone_flags(d, id, NodeId{}).runnable;
  return flags;
}

}  // namespace fencepost::policy
