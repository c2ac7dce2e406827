// What an action's fate means for those linked with it, until nothing changes any more (§6.5).
#include "engine/policy/propagate.h"

#include <algorithm>
#include <array>

#include "engine/policy/actions.h"
#include "engine/policy/kinds.h"
#include "engine/policy/pairing.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

// In this order; ImpliesThenOnNode is handled before them.
constexpr std::array<Kind, 13> kInOrder{kImpliesThen, kRestart,   kImpliesFirst, kPromotedImpliesFirst,
                                        kOneOrMore,   kProbeLink, kRunnableLeft, kImpliesFirstMigratable,
                                        kPseudoLeft,  kOrder,     kAsymmetrical, kThenShown,
                                        kFirstShown};

class Update {
 public:
  Update(Draft& d, ActionId then) : d_(d), then_(then) {}
  void run();

 private:
  void over_link(LinkId id);
  bool is_out_of_place(LinkId id, NodeId first_node, NodeId then_node);
  ActionId remapped(const Link& l) const;
  Changed apply_all(LinkId id, ActionId first, NodeId first_node, NodeId then_node);
  Changed apply(Kind kind, LinkId id, ActionId first, NodeId first_node, NodeId then_node);
  Changed apply_to_parts(Kind kind, LinkId id, ActionId first, const Flags& flags, NodeId node);
  Changed apply_to_instances(Kind kind, LinkId id, ActionId first, const Flags& flags, NodeId node);
  Changed apply_in_pairs(Kind kind, ActionId first);
  bool blocked_by_stuck_stop(const Link& l, ActionId first);
  NodeId node_of(ActionId id) const;
  void update_after(ActionId id);

  Draft& d_;
  ActionId then_;
  bool changed_ = false;
  bool was_runnable_ = false;
};

void Update::run() {
  PlanAction& then = d_[then_];
  was_runnable_ = then.runnable;
  const bool gate = then.one_or_more;
  if (gate) {
    then.counted = 0;
    then.needed = std::max(then.needed, 1);
    then.runnable = false;
  }
  const std::vector<LinkId> links = then.before;
  for (auto it = links.rbegin(); it != links.rend(); ++it) over_link(*it);
  if (gate) changed_ = d_[then_].runnable != was_runnable_;
  if (!changed_) return;
  if (was_runnable_ && !d_[then_].runnable) block_colocated(d_, then_);
  update_action(d_, then_);
  update_after(then_);
}

void Update::update_after(ActionId id) {
  const std::vector<LinkId> after = d_[id].after;
  for (auto it = after.rbegin(); it != after.rend(); ++it) update_action(d_, d_[*it].then);
}

// A group starts where all its members do.
NodeId Update::node_of(ActionId id) const {
  const PlanAction& action = d_[id];
  if (action.resource.valid() && d_[action.resource].is_group() && action.key == kStart) {
    const NodeId node = location_of(d_, action.resource, false);
    if (node.valid()) return node;
  }
  return action.node;
}

bool Update::is_out_of_place(LinkId id, NodeId first_node, NodeId then_node) {
  if ((d_[id].kinds & kSameNode) == 0 || !first_node.valid() || !then_node.valid()) return false;
  return first_node != then_node;
}

void Update::over_link(LinkId id) {
  const ActionId first = d_[id].first;
  const NodeId first_node = node_of(first);
  const NodeId then_node = node_of(then_);
  if (is_out_of_place(id, first_node, then_node)) {
    d_[id].kinds = kNoKind;
    return;
  }
  bool first_changed = false;
  if ((d_[id].kinds & kThenCancelsFirst) != 0 && !d_[then_].optional && !d_[first].optional) {
    d_[first].optional = true;
    if (d_[first].task == Task::reload) d_[d_[first].resource].reload = false;
    first_changed = true;
  }
  const ActionId other = remapped(d_[id]);
  if (other != first) {
    if (link(d_, other, then_, d_[id].kinds)) {
      d_[id].kinds = kNoKind;
      changed_ = true;
    }
    return;
  }
  const Changed changed = apply_all(id, first, first_node, then_node);
  changed_ = changed_ || changed.then;
  if (first_changed || changed.first) {
    update_after(first);
    update_action(d_, first);
  }
}

// For others, what a collective resource does counts only when it is done with it.
ActionId Update::remapped(const Link& l) const {
  const PlanAction& first = d_[l.first];
  const ResourceId from = first.resource;
  const ResourceId to = d_[then_].resource;
  if (!from.valid() || !to.valid() || from == to || d_[from].is_primitive()) return l.first;
  if (is_ancestor(d_, from, to) || first.key.notify != Notify::no || first.key.interval_ms != 0)
    return l.first;
  Task task = first.key.task;
  if (!is_done(task)) task = done(task);
  if (task == Task::none) return l.first;
  Key wanted = key(task);
  const bool outermost = !d_[from].parent.valid() || d_[d_[from].parent].is_bundle();
  if (d_[from].is_clone() && d_[from].clone().notify && outermost) wanted.notify = Notify::confirmed_post;
  if (wanted == first.key) return l.first;
  const ActionId found = find_action(d_, from, wanted, NodeId{});
  return found.valid() ? found : l.first;
}

Changed Update::apply_all(LinkId id, ActionId first, NodeId first_node, NodeId then_node) {
  Changed all;
  Kinds kinds = d_[id].kinds;
  if ((kinds & kImpliesThenOnNode) != 0) {
    // Only what happens on the node where the first happens.
    if (!then_node.valid()) then_node = d_[first].node;
    all = all | apply(kImpliesThen, id, first, first_node, d_[first].node);
  }
  for (const Kind kind : kInOrder)
    if ((kinds & kind) != 0 && (d_[id].kinds & kind) != 0)
      all = all | apply(kind, id, first, first_node, then_node);
  if (blocked_by_stuck_stop(d_[id], first) && d_[then_].runnable) {
    d_[then_].runnable = false;
    set_reason(d_[then_], "unrunnable " + d_[d_[first].resource].spec->id + " stop");
    all.then = true;
  }
  return all;
}

bool Update::blocked_by_stuck_stop(const Link& l, ActionId first_id) {
  const PlanAction& first = d_[first_id];
  if ((l.kinds & (kImpliesThen | kImpliesFirst | kRestart)) == 0) return false;
  if (!first.resource.valid() || first.task != Task::stop || first.runnable) return false;
  return !d_[first.resource].managed && d_[first.resource].blocked;
}

Changed Update::apply(Kind kind, LinkId id, ActionId first, NodeId first_node, NodeId then_node) {
  const Flags first_flags = effective_flags(d_, first, then_node);
  const ResourceId resource = d_[then_].resource;
  if (!resource.valid()) {
    constexpr Kinds kActing = kImpliesThen | kRunnableLeft | kOneOrMore | kThenShown | kFirstShown;
    if ((kActing & kind) == 0) return {};
    return apply_kind(d_, kind, id, first, first_flags, then_, effective_flags(d_, then_, first_node));
  }
  if (d_[resource].is_clone() || d_[resource].is_bundle()) {
    if (interleaves(d_, first, then_)) return apply_in_pairs(kind, first);
    return apply_to_instances(kind, id, first, first_flags, then_node);
  }
  if (d_[resource].is_group()) return apply_to_parts(kind, id, first, first_flags, then_node);
  const Flags then_flags = effective_flags(d_, then_, first_node);
  const Changed changed = apply_kind(d_, kind, id, first, first_flags, then_, then_flags);
  if (changed.then && d_[resource].parent.valid()) update_action(d_, then_);
  return changed;
}

// What holds back a group holds back each member.
Changed Update::apply_to_parts(Kind kind, LinkId id, ActionId first, const Flags& flags, NodeId node) {
  const Flags then_flags = effective_flags(d_, then_, d_[first].node);
  Changed all;
  if (kind != kRestart) all = apply_kind(d_, kind, id, first, flags, then_, then_flags);
  const ResourceId group = d_[then_].resource;
  const Key wanted = d_[then_].key;
  for (const ResourceId member : std::vector<ResourceId>(d_[group].children)) {
    const ActionId part = find_action(d_, member, wanted, node);
    if (!part.valid()) continue;
    const Flags part_flags{d_[part].optional, d_[part].runnable, d_[part].migratable};
    const Changed changed = apply_kind(d_, kind, id, first, flags, part, part_flags);
    all = all | changed;
    if (changed.then) update_action(d_, part);
  }
  return all;
}

Changed Update::apply_to_instances(Kind kind, LinkId id, ActionId first, const Flags& flags, NodeId node) {
  const Flags then_flags = effective_flags(d_, then_, d_[first].node);
  Changed all;
  if (kind != kRestart) all = apply_kind(d_, kind, id, first, flags, then_, then_flags);
  const Key wanted = d_[then_].key;
  for (const ResourceId instance : instances_of(d_, d_[then_].resource)) {
    const ActionId part = find_action(d_, instance, wanted, node);
    if (!part.valid() || !d_[part].runnable) continue;
    const bool group = d_[instance].is_group();
    const Flags part_flags = effective_flags(d_, part, node);
    Changed changed = apply_kind(d_, kind, id, first, flags, part, part_flags);
    if (group) {
      for (const ResourceId member : std::vector<ResourceId>(d_[instance].children)) {
        const ActionId inner = find_action(d_, member, wanted, node);
        if (!inner.valid()) continue;
        const Flags inner_flags{d_[inner].optional, d_[inner].runnable, d_[inner].migratable};
        const Changed more = apply_kind(d_, kind, id, first, flags, inner, inner_flags);
        if (more.then) update_action(d_, inner);
        changed = changed | more;
      }
    }
    if (changed.then) update_after(part);
    all.first = all.first || changed.first;
  }
  return all;
}

// Interleaved: each instance minds only the one of the other clone that shares its node.
Changed Update::apply_in_pairs(Kind kind, ActionId first) {
  const Task first_task = d_[first].key.task;
  const bool current = first_task == Task::stopped || first_task == Task::demoted;
  Changed all;
  for (const ResourceId mine : instances_of(d_, d_[then_].resource)) {
    const ResourceId other = partner_of(d_, mine, d_[first].resource, current);
    if (!other.valid()) {
      if (!current && (kind == kImpliesThen || kind == kRunnableLeft) && lose_assignment(d_, mine))
        all.then = true;
      continue;
    }
    const ActionId a =
        find_action(d_, acting_part(d_, other, atomic(first_task), true), key(atomic(first_task)), NodeId{});
    const Task then_task = d_[then_].key.task;
    const ActionId b = find_action(d_, acting_part(d_, mine, then_task, false), key(then_task), NodeId{});
    if (!a.valid() || !b.valid()) continue;
    LinkId id;
    if (link(d_, a, b, kind)) {
      id = LinkId{d_.links.size() - 1};
    } else {
      id = find_link(d_, a, b);
      if (!id.valid()) continue;
    }
    const Changed changed = Update(d_, b).apply(kind, id, a, d_[a].node, d_[b].node);
    all.first = all.first || changed.first;
    if (changed.then) {
      all.then = true;
      update_after(b);
    }
    if (changed.first) {
      update_after(a);
      update_action(d_, a);
    }
  }
  return all;
}

}  // namespace

void update_action(Draft& d, ActionId then) { Update(d, then).run(); }

void propagate_orderings(Draft& d) {
  make_links(d);
  for (std::size_t i = 0; i < d.actions.size(); ++i) block_colocated(d, ActionId{i});
  order_probes(d);
  for (std::size_t i = d.actions.size(); i-- > 0;) update_action(d, ActionId{i});
  disable_invalid_links(d);
}

}  // namespace fencepost::policy
