// What an action is, as others see it: a collective resource's is what its parts' make of it.
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/colocations.h"
#include "engine/policy/propagate.h"

namespace fencepost::policy {

void changes_flags(Draft& d) {
  if (d.flags_changed != 0) ++d.flags_changed;
}

Flags own_flags(const PlanAction& action) {
  return {action.optional, action.runnable, action.pseudo, action.migratable};
}

ActionId find_by_task(const Draft& d, ResourceId id, Task task, NodeId node) {
  const auto& marks = d[id].marks;
  for (std::size_t i = marks.size(); i-- > 0;) {
    if (task_of(marks[i].key) != task || (node.valid() && marks[i].node != node)) continue;
    const ActionId action = d[id].actions[i];
    if (d[action].task == task) return action;  // not one that cancels it
  }
  return {};
}

namespace {

Flags group_flags(Draft& d, ActionId id, NodeId node) {
  PlanAction& action = d[id];
  Flags flags{.optional = true, .runnable = true, .pseudo = true, .migratable = false};
  const Task task = atomic(action.task);
  const bool is_done_form = task != action.task;
  for (ResourceId member : d[action.resource].children) {
    const ActionId part = find_action(d, member, key(task), node);
    if (!part.valid()) {
      if (task != Task::stop && task != Task::demote) flags.runnable = false;
      continue;
    }
    const Flags own = effective_flags(d, part, node);
    if (flags.optional && !own.optional) {
      flags.optional = false;
      if (action.optional) changes_flags(d);
      action.optional = false;
    }
    if (is_done_form && flags.runnable && !own.runnable) {
      flags.runnable = false;
      if (action.runnable) changes_flags(d);
      action.runnable = false;
    }
  }
  return flags;
}

// The task that a clone's action stands for in its instances; none if they have no such.
Task task_in_instances(const PlanAction& action) {
  switch (const Task task = atomic(action.key.task); task) {
    case Task::start:
    case Task::stop:
    case Task::promote:
    case Task::demote:
    case Task::monitor:
    case Task::notify:
      return task;
    default:
      return Task::none;
  }
}

void count_instance(const Draft& d, ResourceId instance, Task task, DoneOnNodes& done) {
  const std::vector<ActionMark>& marks = d[instance].marks;
  for (std::size_t i = marks.size(); i-- > 0;) {  // of several on a node the newest counts
    if (task_of(marks[i].key) != task || !marks[i].node.valid()) continue;
    const PlanAction& part = d[d[instance].actions[i]];
    DoneOnNodes::OnNode& at = done.nodes[marks[i].node.index()];
    if (part.task != task || at.newest == instance) continue;
    at.newest = instance;
    at.required = at.required || !part.optional;
    at.runnable = at.runnable || part.runnable;
  }
}

// One look at all instances tells it for every node: each is asked about in turn.
const DoneOnNodes& done_on_nodes(Draft& d, PlanAction& action, const std::vector<ResourceId>& instances,
                                 Task task) {
  if (action.on_nodes == nullptr) action.on_nodes = &d.done_on_nodes.emplace_back();
  DoneOnNodes& done = *action.on_nodes;
  if (done.as_of == d.flags_changed && done.as_of != 0) return done;
  done.as_of = d.flags_changed;
  done.nodes.assign(d.nodes.size(), {});
  for (ResourceId instance : instances) count_instance(d, instance, task, done);
  return done;
}

struct Done {
  bool required = false;
  bool runnable = false;
};

Done done_by(Draft& d, PlanAction& action, const std::vector<ResourceId>& instances, NodeId node) {
  const Task task = task_in_instances(action);
  if (task == Task::none || instances.empty()) return {};
  if (node.valid() && d[action.resource].is_clone() && d[instances.front()].is_primitive()) {
    const DoneOnNodes::OnNode& at = done_on_nodes(d, action, instances, task).nodes[node.index()];
    return {at.required, at.runnable};
  }
  Done all;
  for (ResourceId instance : instances) {
    const NodeId at = d[instance].is_primitive() ? node : NodeId{};
    // A group has the clone's action itself, whose flags may differ from those of what it begins with.
    const bool same_name = d[instance].is_group() && action.key.notify == Notify::no;
    const ActionId part = find_by_task(d, instance, same_name ? action.key.task : task, at);
    if (!part.valid()) continue;
    const Flags own = effective_flags(d, part, node);
    all.required = all.required || !own.optional;
    all.runnable = all.runnable || own.runnable;
  }
  return all;
}

Flags summary_flags(Draft& d, ActionId id, const std::vector<ResourceId>& instances, NodeId node) {
  PlanAction& action = d[id];
  const Done done = done_by(d, action, instances, node);
  Flags flags{.optional = !done.required, .runnable = true, .pseudo = true, .migratable = false};
  if (done.required && action.optional) {
    changes_flags(d);
    action.optional = false;
  }
  if (!done.runnable) {
    flags.runnable = false;
    if (!node.valid() && action.runnable) changes_flags(d);
    if (!node.valid()) action.runnable = false;
  }
  return flags;
}

std::vector<ResourceId> acting_children(const Draft& d, const PlanAction& action) {
  const Bundle& bundle = *bundle_data(d, action.resource);
  const Task task = atomic(action.key.task);
  const bool inside = task == Task::promote || task == Task::demote || task == Task::notify ||
                      action.key.notify != Notify::no;
  if (inside && bundle.spec->inner_clone.valid()) return d[bundle.spec->inner_clone].children;
  return paired_children(d, action.resource);
}

}  // namespace

Flags effective_flags(Draft& d, ActionId id, NodeId node) {
  PlanAction& action = d[id];
  if (!action.resource.valid()) return own_flags(action);
  const Resource& r = d[action.resource];
  if (r.is_primitive()) return own_flags(action);
  KnownFlags& known = node.valid() ? action.known_somewhere : action.known_anywhere;
  if (d.flags_changed != 0 && known.as_of == d.flags_changed && known.node == node) return known.flags;
  Flags flags;
  if (r.is_group()) {
    flags = group_flags(d, id, node);
  } else if (r.is_clone()) {
    flags = summary_flags(d, id, r.children, node);
  } else {
    flags = summary_flags(d, id, acting_children(d, action), node);
  }
  known = {d.flags_changed, node, flags};
  return flags;
}

Flags flags_for_ordering(Draft& d, ActionId id, NodeId node) {
  Flags flags = effective_flags(d, id, NodeId{});
  const PlanAction& action = d[id];
  if (!node.valid() || !action.resource.valid() || !d[action.resource].is_clone()) return flags;
  const bool runnable_somewhere = flags.runnable;
  flags = effective_flags(d, id, node);
  flags.runnable = flags.runnable || runnable_somewhere;
  return flags;
}

}  // namespace fencepost::policy
