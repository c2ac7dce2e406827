// Actions of groups, clones and bundles: those of their parts, and the pseudo-actions around them (§5.3).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/create.h"
#include "engine/policy/history.h"
#include "engine/policy/notifications.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

constexpr std::int32_t kFirst = Score::kInfinity;  // "done" actions come before everything else

void create_group_actions(Draft& d, ResourceId id) {
  const std::vector<ResourceId> members = d[id].children;
  for (ResourceId member : members) create_actions_of(d, member);
  for (Task task : {Task::start, Task::running, Task::stop, Task::stopped}) {
    request_pseudo(d, id, key(task), true, true);
  }
  const std::string* promotable = d[id].def->find_meta("promotable");
  const ResourceId clone = clone_of(d, id);
  const bool can =
      clone.valid() ? d[clone].clone().promotable : promotable != nullptr && cib::is_true(*promotable);
  if (!can) return;
  for (Task task : {Task::demote, Task::demoted, Task::promote, Task::promoted}) {
    request_pseudo(d, id, key(task), true, true);
  }
}

// ---------------------------------------------------------------- what instances do

struct Doings {
  bool starting = false;
  bool stopping = false;
  bool active = false;
  bool migrating_apart = false;  // some instance both stops and starts
};

Doings doings_of_leaf(const Draft& d, ResourceId id) {
  Doings doings;
  for (ActionId action_id : d[id].actions) {
    const PlanAction& action = d[action_id];
    if (action.optional) continue;
    if (action.key == kStop && (action.pseudo || action.runnable)) doings.stopping = true;
    if (action.key == kStart && action.runnable) doings.starting = true;
  }
  return doings;
}

void gather(const Draft& d, ResourceId id, Doings& all) {
  const Resource& r = d[id];
  if (r.is_collective()) {
    for (ResourceId child : r.children) gather(d, child, all);
    return;
  }
  const Doings one = doings_of_leaf(d, id);
  all.starting = all.starting || one.starting;
  all.stopping = all.stopping || one.stopping;
}

struct InstanceActions {
  Doings all;
  void add(const Draft& d, ResourceId instance) {
    Doings one;
    gather(d, instance, one);
    all.starting = all.starting || one.starting;
    all.stopping = all.stopping || one.stopping;
    all.migrating_apart = all.migrating_apart || (one.starting && one.stopping);
    all.active = all.active || is_active(d, instance);
  }
};

// The one required action of that key, if there is just one.
ActionId sole_required(const Draft& d, ResourceId id, Key key) {
  ActionId found;
  int count = 0;
  for (ActionId action : d[id].actions) {
    if (d[action].key == key && !d[action].optional) {
      found = action;
      ++count;
    }
  }
  return count == 1 ? found : ActionId{};
}

void order_consecutive(Draft& d, const std::vector<ResourceId>& instances) {
  ActionId last_start;
  ActionId last_stop;
  for (ResourceId instance : instances) {
    if (const ActionId stop = sole_required(d, instance, kStop); stop.valid()) {
      if (last_stop.valid()) order_actions(d, stop, last_stop, kOrder);
      last_stop = stop;
    }
    if (const ActionId start = sole_required(d, instance, kStart); start.valid()) {
      if (last_start.valid()) order_actions(d, last_start, start, kOrder);
      last_start = start;
    }
  }
}

void create_instance_pseudos(Draft& d, ResourceId id, const InstanceActions& of) {
  const Doings& all = of.all;
  const ActionId start = request_pseudo(d, id, kStart, !all.starting, true);
  const ActionId started = request_pseudo(d, id, key(Task::running), !all.starting, false);
  d[started].priority = kFirst;
  if (all.active || all.starting) d[started].runnable = true;
  create_notifications(d, id, start, started);
  const ActionId stop = request_pseudo(d, id, kStop, !all.stopping, true);
  const ActionId stopped = request_pseudo(d, id, key(Task::stopped), !all.stopping, true);
  d[stopped].priority = kFirst;
  if (!all.migrating_apart) d[stop].migratable = true;
  create_notifications(d, id, stop, stopped);
}

// ---------------------------------------------------------------- promotion

void create_phase(Draft& d, ResourceId id, Task task, bool optional) {
  const ActionId begin = request_pseudo(d, id, key(task), optional, true);
  const ActionId end = request_pseudo(d, id, key(done(task)), optional, true);
  d[end].priority = kFirst;
  create_notifications(d, id, begin, end);
}

void create_promotion_pseudos(Draft& d, ResourceId id, bool promote, bool demote) {
  create_phase(d, id, Task::promote, !promote);
  create_phase(d, id, Task::demote, !demote);
}

void create_promotable_actions(Draft& d, ResourceId id) {
  // Instances are looked at once more, now that it is known what the others do.
  const std::vector<ResourceId> instances = d[id].children;
  bool promoting = false;
  bool demoting = false;
  for (ResourceId instance : instances) {
    create_actions_of(d, instance);
    for_each_leaf(d, instance, [&](ResourceId leaf) {
      for (ActionId action_id : d[leaf].actions) {
        const PlanAction& action = d[action_id];
        if (action.optional) continue;
        promoting = promoting || action.key == kPromote;
        demoting = demoting || action.key == kDemote;
      }
    });
  }
  create_promotion_pseudos(d, id, promoting, demoting);
}

void restore_priorities(Draft& d, ResourceId clone) {
  for (ResourceId child : d[clone].children) {
    for_each_resource(d, child, [&](ResourceId part) { d[part].priority = d[clone].priority; });
  }
}

void create_clone_actions(Draft& d, ResourceId id) {
  InstanceActions of;
  for (ResourceId instance : std::vector<ResourceId>(d[id].children)) {
    create_actions_of(d, instance);
    of.add(d, instance);
  }
  if (d[id].clone().ordered) sort_by_number(d, id);
  const std::vector<ResourceId> instances = d[id].children;
  if (d[id].clone().ordered) order_consecutive(d, instances);
  create_instance_pseudos(d, id, of);
  if (!d[id].clone().promotable) return order_notifications(d, id);
  create_promotable_actions(d, id);
  order_notifications(d, id);
  restore_priorities(d, id);
}

// ---------------------------------------------------------------- bundles

void create_bundle_actions(Draft& d, ResourceId id) {
  const Bundle& bundle = *bundle_data(d, id);
  std::vector<ResourceId> containers;
  for (const BundlePart& part : bundle.parts) {
    if (part.spec->ip.valid()) create_actions_of(d, part.spec->ip);
    create_actions_of(d, part.spec->container);
    if (part.spec->connection.valid()) create_actions_of(d, part.spec->connection);
    containers.push_back(part.spec->container);
  }
  InstanceActions of;
  for (ResourceId container : containers) {
    create_actions_of(d, container);
    of.add(d, container);
  }
  create_instance_pseudos(d, id, of);
  const ResourceId clone = bundle.spec->inner_clone;
  if (!clone.valid()) return;
  create_actions_of(d, clone);
  if (!d[clone].clone().promotable) return;
  create_promotion_pseudos(d, id, false, false);
}

}  // namespace

void sort_by_number(Draft& d, ResourceId clone) {
  auto& children = d[clone].children;
  std::stable_sort(children.begin(), children.end(),
                   [&d](ResourceId a, ResourceId b) { return d[a].spec->instance < d[b].spec->instance; });
}

void create_actions_of(Draft& d, ResourceId id) {
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
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId id : all) create_actions_of(d, id);
}

namespace {

void clear_orphan_failcount(Draft& d, ResourceId id, NodeId node) {
  if (!d[node].online || fail_count(d, id, node, true).count == 0) return;
  const ActionId clear = clear_fail_count(d, id, node, "it is orphaned");
  order(d, {.first_resource = {},
            .then_resource = id,
            .first_key = {},
            .then_key = kStop,
            .first_action = clear,
            .then_action = {},
            .kinds = kOrder});
}

}  // namespace

void clear_orphan_failcounts(Draft& d) {
  if (!d.options.stop_orphan_resources) return;
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId id : all) {
    if (!d[id].orphan) continue;
    for (std::size_t i = 0; i < d.nodes.size(); ++i) clear_orphan_failcount(d, id, NodeId{i});
  }
}

}  // namespace fencepost::policy
