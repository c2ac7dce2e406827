// Pseudo-actions that mark the beginning and the end of what a group, a clone or a bundle does as a whole
// (§5.3).
#include "engine/policy/action_stages.h"
#include "engine/policy/notifications.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

constexpr std::int32_t kDoneComesFirst = Score::kInfinity;  // priority of what ends a phase

struct Phase {
  ActionId begin, end;
};

Phase request_phase(Draft& d, ResourceId id, Task task, bool optional) {
  Phase phase;
  phase.begin = request_pseudo(d, id, key(task), optional, true);
  phase.end = request_pseudo(d, id, key(done(task)), optional, true);
  return phase;
}

// ---------------------------------------------------------------- groups

void create_group_actions(Draft& d, ResourceId group) {
  for (const ResourceId member : std::vector<ResourceId>(d[group].children))
    create_resource_actions(d, member);
  request_phase(d, group, Task::start, true);
  request_phase(d, group, Task::stop, true);
  const std::string* promotable = d[group].def->find_meta("promotable");
  if (promotable == nullptr || !cib::is_true(*promotable)) return;
  request_phase(d, group, Task::demote, true);
  request_phase(d, group, Task::promote, true);
}

// ---------------------------------------------------------------- what the instances are up to

struct Activity {
  bool starting = false;
  bool stopping = false;
  bool active = false;
  bool promoting = false;
  bool demoting = false;
};

Activity operator|(Activity a, const Activity& b) {
  a.starting |= b.starting;
  a.stopping |= b.stopping;
  a.active |= b.active;
  a.promoting |= b.promoting;
  a.demoting |= b.demoting;
  return a;
}

Activity activity_of(const Draft& d, ResourceId id) {
  Activity sum;
  for_each_leaf(d, id, [&](ResourceId leaf) {
    sum.active |= !d[leaf].active_on.empty();
    for (const ActionId action : d[leaf].actions) {
      const PlanAction& a = d[action];
      if (a.optional) continue;
      if (a.key == kStart) sum.starting |= a.runnable;
      if (a.key == kStop) sum.stopping |= a.runnable || a.pseudo;
      if (a.key == kPromote) sum.promoting = true;
      if (a.key == kDemote) sum.demoting = true;
    }
  });
  return sum;
}

// ---------------------------------------------------------------- clones

// The one required action of that key, if there is exactly one.
ActionId only_required(const Draft& d, ResourceId instance, Key key) {
  ActionId found;
  for (const ActionId action : d[instance].actions) {
    if (d[action].key != key || d[action].optional) continue;
    if (found.valid()) return {};
    found = action;
  }
  return found;
}

void link_in_turn(Draft& d, const std::vector<ResourceId>& instances, Key key, bool rising) {
  ActionId previous;
  for (const ResourceId instance : instances) {
    const ActionId action = only_required(d, instance, key);
    if (!action.valid()) continue;
    if (previous.valid()) link(d, rising ? previous : action, rising ? action : previous, kOrder);
    previous = action;
  }
}

void create_pseudo_actions(Draft& d, ResourceId clone, const std::vector<ResourceId>& instances) {
  Activity all;
  bool migratable = true;
  for (const ResourceId instance : instances) {
    create_resource_actions(d, instance);
    const Activity one = activity_of(d, instance);
    if (one.starting && one.stopping) migratable = false;
    all = all | one;
  }
  if (d[clone].is_clone() && d[clone].clone().ordered) {
    link_in_turn(d, instances, kStop, false);
    link_in_turn(d, instances, kStart, true);
  }
  const Phase up = request_phase(d, clone, Task::start, !all.starting);
  d[up.end].runnable = all.active || all.starting;
  d[up.end].priority = kDoneComesFirst;
  create_notifications(d, clone, up.begin, up.end);

  const Phase down = request_phase(d, clone, Task::stop, !all.stopping);
  d[down.end].priority = kDoneComesFirst;
  if (migratable) d[down.begin].migratable = true;
  create_notifications(d, clone, down.begin, down.end);
}

void create_promotion_actions(Draft& d, ResourceId clone, const Activity& all) {
  const Phase up = request_phase(d, clone, Task::promote, !all.promoting);
  d[up.end].priority = kDoneComesFirst;
  create_notifications(d, clone, up.begin, up.end);
  const Phase down = request_phase(d, clone, Task::demote, !all.demoting);
  d[down.end].priority = kDoneComesFirst;
  create_notifications(d, clone, down.begin, down.end);
}

void create_clone_actions(Draft& d, ResourceId clone) {
  if (d[clone].clone().ordered) sort_instances_by_number(d, clone);
  create_pseudo_actions(d, clone, std::vector<ResourceId>(d[clone].children));
  if (!d[clone].clone().promotable) return order_notifications(d, clone);
  for (const ResourceId instance : std::vector<ResourceId>(d[clone].children))
    create_resource_actions(d, instance);
  create_promotion_actions(d, clone, activity_of(d, clone));
  order_notifications(d, clone);
  // Promotion scores served to choose; in the graph an instance counts as much as its clone.
  for (const ResourceId instance : d[clone].children) {
    const std::int32_t priority = d[clone].priority;
    d[instance].priority = priority;
  }
}

// ---------------------------------------------------------------- bundles

void create_bundle_actions(Draft& d, ResourceId bundle) {
  const BundleSpec& spec = *bundle_data(d, bundle)->spec;
  std::vector<ResourceId> containers;
  for (const BundleReplicaSpec& replica : spec.parts) {
    for (const ResourceId part : {replica.ip, replica.container, replica.connection})
      if (part.valid()) create_resource_actions(d, part);
    containers.push_back(replica.container);
  }
  create_pseudo_actions(d, bundle, containers);
  if (!spec.inner_clone.valid()) return;
  create_resource_actions(d, spec.inner_clone);
  if (!d[spec.inner_clone].clone().promotable) return;
  for (const Task task : {Task::promote, Task::demote}) {
    const Phase phase = request_phase(d, bundle, task, true);
    d[phase.end].priority = kDoneComesFirst;
  }
}

}  // namespace

void create_resource_actions(Draft& d, ResourceId id) {
  switch (d[id].variant) {
    case Variant::primitive:
      return create_primitive_actions(d, id);
    case Variant::group:
      return create_group_actions(d, id);
    case Variant::clone:
      return create_clone_actions(d, id);
    case Variant::bundle:
      return create_bundle_actions(d, id);
  }
}

void create_actions(Draft& d) {
  for (const ResourceId id : std::vector<ResourceId>(d.top_level)) create_resource_actions(d, id);
}

}  // namespace fencepost::policy
