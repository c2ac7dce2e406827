#include "engine/policy/propagate.h"

#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/assign.h"
#include "engine/policy/colocations.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {

// ---------------------------------------------------------------- kinds, between two actions

namespace {

std::string cause_text(const Draft& d, const PlanAction& cause) {
  std::string text;
  if (cause.resource.valid()) text = d[cause.resource].spec->id + " ";
  if (cause.task == Task::one_or_more || cause.task == Task::load_stopped) return text + cause.name;
  const std::string_view named = word(cause.task);
  return text + std::string{named.empty() ? cause.word : named};
}

void explain(const Draft& d, PlanAction& action, const PlanAction& cause, const char* how, bool overwrite) {
  if (action.resource == cause.resource) return;
  set_reason(action, std::string{how} + " " + cause_text(d, cause), overwrite);
}

void require_because(Draft& d, PlanAction& action, const PlanAction& cause) {
  if (!action.optional) return;
  set_optional(d, action, false);
  explain(d, action, cause, "required", false);
}

void block_because(Draft& d, PlanAction& action, const PlanAction& cause) {
  if (!action.runnable) return;
  set_runnable(d, action, false);
  explain(d, action, cause, "unrunnable", false);
}

void pin_because(Draft& d, PlanAction& action, const PlanAction& cause) {
  if (!action.migratable) return;
  action.migratable = false;
  explain(d, action, cause, "unrunnable", true);
}

void restart_pair(Draft& d, PlanAction& first, PlanAction& then) {
  const bool restart = !then.optional;
  const bool cannot_start =
      !then.runnable && then.resource.valid() && d[then.resource].managed && first.resource == then.resource;
  if (!restart && !cannot_start) return;
  if (first.runnable) require_because(d, first, then);
  if (!then.optional) require_because(d, first, then);
  if (!then.migratable) pin_because(d, first, then);
  if (!first.optional && !first.runnable) block_because(d, then, first);
}

// A one-way mandatory ordering holds back what would start, and only that.
void asymmetric_pair(Draft& d, const PlanAction& first, PlanAction& then) {
  if (!then.resource.valid() || first.runnable) return;
  const Resource& r = d[then.resource];
  const Role role = role_of(d, then.resource, true);
  if (then.task == Task::stop && role == Role::stopped) return;
  if (then.task == Task::start && role >= Role::started && then.optional && then.node.valid() &&
      r.active_on.size() == 1 && r.active_on.front() == then.node) {
    return;
  }
  require_because(d, then, first);
  block_because(d, then, first);
}

void apply_to_pair(Draft& d, PlanAction& first, PlanAction& then, const Flags& flags, Kind kind) {
  switch (kind) {
    case kImpliesThen:
      if (!flags.optional && !first.migratable) require_because(d, then, first);
      break;
    case kRestart:
      if (d[then.resource].is_primitive()) restart_pair(d, first, then);
      break;
    case kImpliesFirst:
      if (!then.optional && flags.migratable && !then.migratable) pin_because(d, first, then);
      break;
    case kPromotedImpliesFirst:
      if (!then.optional && d[then.resource].role == Role::promoted) {
        require_because(d, first, then);
        if (first.migratable && !then.migratable) pin_because(d, first, then);
      }
      break;
    case kRunnableLeft:
      if (then.runnable && !flags.runnable) {
        block_because(d, then, first);
        then.migratable = false;
      }
      break;
    case kImpliesFirstMigratable:
      if (!then.migratable || !then.runnable) block_because(d, first, then);
      if (!then.optional) require_because(d, first, then);
      break;
    case kPseudoLeft:
      if (!flags.runnable) {
        pin_because(d, then, first);
        then.pseudo = false;
      }
      break;
    case kAsymmetrical:
      asymmetric_pair(d, first, then);
      break;
    default:
      break;
  }
}

Changed pair_update(Draft& d, ActionId first_id, ActionId then_id, const Flags& flags, Kind kind) {
  PlanAction& first = d[first_id];
  PlanAction& then = d[then_id];
  const Flags first_before = own_flags(first);
  const Flags then_before = own_flags(then);
  apply_to_pair(d, first, then, flags, kind);
  Changed changed;
  changed.then = own_flags(then) != then_before;
  if (changed.then && then.resource.valid() && d[then.resource].parent.valid()) update(d, then_id);
  changed.first = own_flags(first) != first_before;
  return changed;
}

// ---------------------------------------------------------------- kinds, for what collective resources hold

void update_after(Draft& d, ActionId id) {
  for_each_after(d, id, [&d](LinkId after) { update(d, d[after].then); });
}

Changed group_update(Draft& d, const KindUpdate& u) {
  Changed changed = pair_update(d, u.first, u.then, u.first_flags, u.kind);
  const Task task = d[u.then].task;
  for (ResourceId member : d[d[u.then].resource].children) {
    const ActionId part = find_by_task(d, member, task, u.node);
    if (part.valid()) changed |= apply_kind(d, {u.first, part, u.node, u.first_flags, u.kind});
  }
  return changed;
}

bool can_interleave(const Draft& d, const PlanAction& first, const PlanAction& then) {
  if (!first.resource.valid() || !then.resource.valid() || first.resource == then.resource) return false;
  const Resource& a = d[first.resource];
  const Resource& b = d[then.resource];
  if ((!a.is_clone() && !a.is_bundle()) || (!b.is_clone() && !b.is_bundle())) return false;
  const Resource& decides = then.key == kStop || then.key == kDemote ? a : b;
  const std::string* interleave = decides.def->find_meta("interleave");
  return interleave != nullptr && cib::is_true(*interleave);
}

// In a bundle, what is inside the container is stopped, promoted and demoted.
ResourceId acting_instance(const Draft& d, ResourceId instance, Task task, bool as_first) {
  const BundlePart* part = part_with_container(d, instance);
  if (part == nullptr || !part->spec->inner.valid()) return instance;
  const bool role_change =
      task == Task::promote || task == Task::demote || task == Task::promoted || task == Task::demoted;
  if (role_change || (as_first && task == Task::stop)) return part->spec->inner;
  return instance;
}

Changed interleaved_update(Draft& d, const KindUpdate& u) {
  Changed changed;
  const Key first_key = d[u.first].key;
  const bool current = first_key.task == Task::stopped || first_key.task == Task::demoted;
  const Task first_task = atomic(first_key.task);
  const Task then_task = d[u.then].task;
  for (ResourceId instance : paired_children(d, d[u.then].resource)) {
    const ResourceId partner = partner_of(d, instance, d[u.first].resource, Role::unknown, current);
    if (!partner.valid()) {
      if (current || (u.kind != kRunnableLeft && u.kind != kImpliesThen)) continue;
      // Nobody to be with there: it may not run.
      if (assign_to(d, instance, NodeId{}, true)) changed.then = true;
      continue;
    }
    const ActionId first = find_by_task(d, acting_instance(d, partner, first_task, true), first_task, u.node);
    const ActionId then = find_by_task(d, acting_instance(d, instance, then_task, false), then_task, u.node);
    if (!first.valid() || !then.valid()) continue;
    if (link(d, first, then, u.kind)) changed |= Changed{true, true};
    const Flags flags = effective_flags(d, first, u.node);
    changed |= apply_kind(d, {first, then, u.node, flags, u.kind});
  }
  return changed;
}

Changed clone_update(Draft& d, const KindUpdate& u) {
  if (can_interleave(d, d[u.first], d[u.then])) return interleaved_update(d, u);
  Changed changed = pair_update(d, u.first, u.then, u.first_flags, u.kind);
  const Task task = d[u.then].task;
  for (ResourceId child : d[d[u.then].resource].children) {
    const ActionId part = find_by_task(d, child, task, u.node);
    if (!part.valid() || !effective_flags(d, part, u.node).runnable) continue;
    const Changed one = apply_kind(d, {u.first, part, u.node, u.first_flags, u.kind});
    changed |= one;
    if (one.then) update_after(d, part);
  }
  return changed;
}

}  // namespace

Changed apply_kind(Draft& d, const KindUpdate& u) {
  const PlanAction& then = d[u.then];
  HA_ASSERT(then.resource.valid());
  const bool asks_nothing = u.kind == kOrder;  // but instances that go in pairs are ordered in pairs
  switch (d[then.resource].variant) {
    case Variant::primitive:
      return asks_nothing ? Changed{} : pair_update(d, u.first, u.then, u.first_flags, u.kind);
    case Variant::group:
      return asks_nothing ? Changed{} : group_update(d, u);
    case Variant::clone:
    case Variant::bundle:
      break;
  }
  return clone_update(d, u);
}

// ---------------------------------------------------------------- all kinds of one link

namespace {

// Actions of no resource know only a few kinds.
bool update_simple(Draft& d, PlanAction& first, PlanAction& then, const Flags& flags, Kind kind) {
  const Flags before = own_flags(then);
  if (kind == kImpliesThen && !flags.optional) require_because(d, then, first);
  if (kind == kRunnableLeft && !flags.runnable) block_because(d, then, first);
  if (kind == kOneOrMore && flags.runnable) {
    ++then.counted;
    if (then.counted >= then.needed) set_runnable(d, then, true);
  }
  return own_flags(then) != before;
}

struct LinkUpdate {
  LinkId link;
  ActionId first, then;
  Flags first_flags, then_flags;
};

Changed update_kind(Draft& d, const LinkUpdate& u, NodeId node, Kind kind) {
  PlanAction& first = d[u.first];
  PlanAction& then = d[u.then];
  // What a then-action asks of its first is between the two, whatever they are made of, unless their
  // instances go in pairs.
  if (kind == kImpliesFirst && (first.resource.valid() || then.resource.valid())) {
    if (can_interleave(d, first, then))
      return interleaved_update(d, {u.first, u.then, node, u.first_flags, kind});
    return pair_update(d, u.first, u.then, u.first_flags, kind);
  }
  if (!then.resource.valid()) return {false, update_simple(d, first, then, u.first_flags, kind)};
  if (kind == kOneOrMore) return {};
  if (kind == kPromotedImpliesFirst) return pair_update(d, u.first, u.then, u.first_flags, kind);
  return apply_kind(d, {u.first, u.then, node, u.first_flags, kind});
}

constexpr Kind kInOrder[] = {kImpliesThen, kRestart, kImpliesFirst, kPromotedImpliesFirst,
                             kOneOrMore,   kProbe_,  kRunnableLeft, kImpliesFirstMigratable,
                             kPseudoLeft,  kOrder,   kAsymmetrical};

bool stuck_stop(const Draft& d, const PlanAction& first) {
  if (!first.resource.valid() || first.key != kStop || first.runnable) return false;
  return !d[first.resource].managed && d[first.resource].blocked;
}

Changed update_link(Draft& d, const LinkUpdate& u) {
  Changed changed;
  NodeId node = d[u.then].node;
  Link& l = d[u.link];
  if ((l.kinds & kImpliesThenOnNode) != 0) {
    l.kinds = (l.kinds & ~static_cast<Kinds>(kImpliesThenOnNode)) | kImpliesThen;
    node = d[u.first].node;
  }
  for (Kind kind : kInOrder) {
    if ((d[u.link].kinds & kind) == 0) continue;
    Kind acting = kind;
    if (kind == kProbe_) {
      const PlanAction& first = d[u.first];
      if (!u.first_flags.runnable && first.resource.valid() && is_active(d, first.resource)) {
        d[u.link].kinds = kNoKind;
        break;
      }
      acting = kRunnableLeft;
    }
    changed |= update_kind(d, u, node, acting);
  }
  PlanAction& first = d[u.first];
  PlanAction& then = d[u.then];
  const Kinds kinds = d[u.link].kinds;
  if ((kinds & kThenShown) != 0 && u.first_flags.runnable && !u.first_flags.optional) then.shown = true;
  if ((kinds & kFirstShown) != 0 && !u.then_flags.optional) first.shown = true;
  if ((kinds & (kImpliesThen | kImpliesFirst | kRestart)) != 0 && stuck_stop(d, first) && then.runnable) {
    set_runnable(d, then, false);  // without a reason of its own
    changed.then = true;
  }
  return changed;
}

// What a collective resource begins counts for others once it is done.
ActionId remapped(const Draft& d, ActionId id, const PlanAction& then) {
  const PlanAction& first = d[id];
  if (!first.resource.valid() || !then.resource.valid() || first.resource == then.resource) return id;
  const Resource& r = d[first.resource];
  if (!r.is_collective() || is_ancestor(d, first.resource, then.resource)) return id;
  if (first.key.notify != Notify::no || first.key.interval_ms != 0) return id;
  Key wanted = first.key;
  if (!is_done(wanted.task)) wanted.task = done(wanted.task);
  if (wanted.task == Task::none) return id;
  const bool outermost = !r.parent.valid() || d[r.parent].is_bundle();
  if (r.is_clone() && r.clone().notify && outermost) wanted.notify = Notify::confirmed_post;
  const ActionId found = find_action(d, first.resource, wanted, NodeId{});
  return found.valid() ? found : id;
}

NodeId node_for(const Draft& d, const PlanAction& action) {
  if (action.resource.valid() && action.key == kStart && d[action.resource].is_group()) {
    return location_of(d, action.resource, false);
  }
  return action.node;
}

Changed follow_link(Draft& d, LinkId id) {
  Changed changed;
  const ActionId first_id = d[id].first;
  const ActionId then_id = d[id].then;
  const NodeId first_node = node_for(d, d[first_id]);
  const NodeId then_node = node_for(d, d[then_id]);
  const Flags first_flags = flags_for_ordering(d, first_id, then_node);
  const Flags then_flags = flags_for_ordering(d, then_id, first_node);
  Link& l = d[id];
  PlanAction& first = d[first_id];
  PlanAction& then = d[then_id];
  if ((l.kinds & kSameNode) != 0 && first_node.valid() && then_node.valid() && first_node != then_node) {
    l.kinds = kNoKind;
    return changed;
  }
  if ((l.kinds & kThenCancelsFirst) != 0 && !then_flags.optional) {
    if (!first.optional) changed.first = true;
    set_optional(d, first, true);
    if (first.key == kReload && first.resource.valid()) d[first.resource].reload = false;
  }
  const ActionId actual = remapped(d, first_id, then);
  if (actual != first_id) {
    if (link(d, actual, then_id, l.kinds)) {
      d[id].kinds = kNoKind;
      changed.then = true;
    }
  } else {
    changed |= update_link(d, {id, first_id, then_id, first_flags, then_flags});
  }
  if (changed.first) {
    update_after(d, first_id);
    update(d, first_id);
  }
  return changed;
}

}  // namespace

void update(Draft& d, ActionId then_id) {
  PlanAction& then = d[then_id];
  const Flags before = own_flags(then);
  if (then.one_or_more) {
    then.counted = 0;
    if (then.needed == 0) then.needed = 1;
    set_runnable(d, then, false);
  }
  bool changed = false;
  for_each_before(d, then_id, [&](LinkId link) {
    if (d[link].kinds != kNoKind) changed = follow_link(d, link).then || changed;
  });
  if (then.one_or_more) changed = own_flags(then) != before;
  if (!changed) return;
  if (before.runnable && !then.runnable) block_dependents(d, then_id);
  update(d, then_id);
  update_after(d, then_id);
}

// ---------------------------------------------------------------- mandatory colocation

namespace {

bool every_child_blocked(const Draft& d, ResourceId id, Task task) {
  const auto& children = d[id].children;
  return std::all_of(children.begin(), children.end(), [&](ResourceId child) {
    const ActionId part = find_by_task(d, child, task, NodeId{});
    return part.valid() && !d[part].runnable;
  });
}

void block(Draft& d, ResourceId id, Task task, const std::string& reason) {
  const std::vector<ActionId> actions = d[id].actions;
  for (ActionId action_id : actions) {
    PlanAction& action = d[action_id];
    if (!action.runnable || action.task != task) continue;
    set_runnable(d, action, false);
    set_reason(action, reason);
    block_dependents(d, action_id);
    update(d, action_id);
  }
  for (ResourceId child : d[id].children) block(d, child, task, reason);
}

}  // namespace

void block_dependents(Draft& d, ActionId id) {
  const PlanAction& action = d[id];
  if (!action.resource.valid() || action.runnable) return;
  if (action.task != Task::start && action.task != Task::promote) return;
  const ResourceId top = top_of(d, action.resource);
  ResourceId primary = top;
  if (d[primary].parent.valid()) primary = d[primary].parent;
  if (d[primary].with_this.empty() || !every_child_blocked(d, primary, action.task)) return;
  const bool is_start = action.task == Task::start;
  const std::string reason = "colocation with " + d[action.resource].spec->id;
  const std::vector<std::uint32_t> list = d[primary].with_this;
  for (std::uint32_t index : list) {
    const Colocation& c = d.colocations[index];
    if (c.score < Score::kInfinity) continue;
    if (!is_start && c.primary_role != Role::promoted) continue;
    block(d, c.dependent, c.dependent_role == Role::promoted ? Task::promote : Task::start, reason);
  }
}

void propagate_orderings(Draft& d) {
  make_links(d);
  for (std::size_t i = d.actions.size(); i-- > 0;) block_dependents(d, ActionId{i});
  order_probes(d);
  d.flags_changed = 1;
  for (std::size_t i = d.actions.size(); i-- > 0;) update(d, ActionId{i});
  d.flags_changed = 0;
  disable_invalid_links(d);
}

}  // namespace fencepost::policy
