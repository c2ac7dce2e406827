// What an action is, as others see it: a collective resource's is what its parts' make of it.
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/colocations.h"
#include "engine/policy/propagate.h"

namespace fencepost::policy {

namespace {

// Instances that are one primitive each are counted; for others it follows from what they hold.
bool is_counted(const Draft& d, ResourceId id) {
  const Resource& r = d[id];
  return r.is_clone() && !r.parent.valid() && !r.children.empty() && d[r.children.front()].is_primitive();
}

void count(InstanceCounts::Count& in, const PlanAction& action, std::int32_t by) {
  if (!action.optional) in.required += by;
  if (action.runnable) in.runnable += by;
}

void count(PlanAction& action, std::int32_t by) {
  if (action.counts_anywhere) count(action.counted_by->anywhere, action, by);
  if (action.counts_on_node) count(action.counted_by->on_nodes[action.node.index()], action, by);
}

// Flags of collective resources that were found before may be others now, but for those that are counted.
void forget_known_flags(Draft& d, const PlanAction& changed) {
  if (d.flags_changed == 0 || !changed.resource.valid()) return;
  const Resource& r = d[changed.resource];
  const bool stands_alone = r.is_primitive() && !r.parent.valid();
  const bool only_counted = r.is_primitive() && r.parent.valid() && is_counted(d, r.parent);
  if (!stands_alone && !only_counted) ++d.flags_changed;
}

void set_flag(Draft& d, PlanAction& action, bool PlanAction::*flag, bool value) {
  if (action.*flag == value) return;
  count(action, -1);
  action.*flag = value;
  count(action, +1);
  forget_known_flags(d, action);
}

}  // namespace

void set_optional(Draft& d, PlanAction& action, bool value) {
  set_flag(d, action, &PlanAction::optional, value);
}

void set_runnable(Draft& d, PlanAction& action, bool value) {
  set_flag(d, action, &PlanAction::runnable, value);
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
      set_optional(d, action, false);
    }
    if (is_done_form && flags.runnable && !own.runnable) {
      flags.runnable = false;
      set_runnable(d, action, false);
    }
  }
  return flags;
}

constexpr std::size_t kCountedTasks = 6;

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

void count_instance(Draft& d, ResourceId instance, InstanceCounts& counts) {
  const std::vector<ActionMark>& marks = d[instance].marks;
  bool newest_seen = false;
  std::vector<NodeId> seen;  // where a newer one counts
  for (std::size_t i = marks.size(); i-- > 0;) {
    PlanAction& part = d[d[instance].actions[i]];
    if (task_of(marks[i].key) != counts.task || part.task != counts.task) continue;
    part.counted_by = &counts;
    part.counts_anywhere = !newest_seen;
    newest_seen = true;
    part.counts_on_node = marks[i].node.valid() && !contains(seen, marks[i].node);
    if (part.counts_on_node) seen.push_back(marks[i].node);
    count(part, +1);
  }
}

// All actions there are going to be are there: what they are changes, not which they are.
const InstanceCounts& counts_of(Draft& d, ResourceId clone, Task task) {
  HA_ASSERT(d.flags_changed != 0);
  std::vector<InstanceCounts>& all = d[clone].instance_counts;
  const auto found =
      std::find_if(all.begin(), all.end(), [task](const InstanceCounts& one) { return one.task == task; });
  if (found != all.end()) return *found;
  all.reserve(kCountedTasks);  // what is counted knows where
  HA_ASSERT(all.size() < kCountedTasks);
  InstanceCounts& made = all.emplace_back();
  made.task = task;
  made.on_nodes.resize(d.nodes.size());
  for (ResourceId instance : d[clone].children) count_instance(d, instance, made);
  return made;
}

struct Done {
  bool required = false;
  bool runnable = false;
};

Done done_by(Draft& d, PlanAction& action, const std::vector<ResourceId>& instances, NodeId node) {
  const Task task = task_in_instances(action);
  if (task == Task::none || instances.empty()) return {};
  if (d.flags_changed != 0 && is_counted(d, action.resource)) {
    const InstanceCounts& counts = counts_of(d, action.resource, task);
    const InstanceCounts::Count& at = node.valid() ? counts.on_nodes[node.index()] : counts.anywhere;
    return {at.required > 0, at.runnable > 0};
  }
  Done all;
  for (ResourceId instance : instances) {
    const NodeId at = d[instance].is_primitive() ? node : NodeId{};
    // A group has the clone's action itself, whose flags may differ from those of what it begins with.
    const Task own_task = d[instance].is_group() ? action.key.task : task;
    const ActionId part = find_by_task(d, instance, own_task, at);
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
  if (done.required) set_optional(d, action, false);
  if (!done.runnable) {
    flags.runnable = false;
    if (!node.valid()) set_runnable(d, action, false);
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
  if (d.flags_changed != 0 && is_counted(d, action.resource)) return summary_flags(d, id, r.children, node);
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
  const PlanAction& action = d[id];
  if (!action.resource.valid() || d[action.resource].is_primitive()) return own_flags(action);
  Flags flags = effective_flags(d, id, NodeId{});
  if (!node.valid() || !d[action.resource].is_clone()) return flags;
  const bool runnable_somewhere = flags.runnable;
  flags = effective_flags(d, id, node);
  flags.runnable = flags.runnable || runnable_somewhere;
  return flags;
}

}  // namespace fencepost::policy
