// Orderings between tasks become links between the actions that there are (§6.4).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/propagate.h"

namespace fencepost::policy {
namespace {

bool has_nothing_to_undo(const Draft& d, ResourceId id, Key key) {
  if (key == kStop) return role_of(d, id, true) == Role::stopped;
  if (key == kDemote) return role_of(d, id, true) == Role::unpromoted;
  return false;
}

std::vector<ActionId> first_actions(Draft& d, const Ordering& o) {
  if (o.first_action.valid()) return {o.first_action};
  std::vector<ActionId> found = find_actions(d, o.first_resource, o.first_key, NodeId{});
  if (!found.empty() || o.first_resource == o.then_resource) return found;
  if (has_nothing_to_undo(d, o.first_resource, o.first_key)) return found;
  return {request(d, o.first_resource, o.first_key, NodeId{}, Demand::optional)};
}

std::vector<ActionId> then_actions(Draft& d, const Ordering& o) {
  if (o.then_action.valid()) return {o.then_action};
  return find_actions(d, o.then_resource, o.then_key, NodeId{});
}

void make_links(Draft& d, const Ordering& o) {
  for (const ActionId first : first_actions(d, o)) {
    Kinds kinds = o.kinds;
    if (d[first].dangling && o.then_resource.valid() && d[first].resource == o.then_resource) {
      kinds &= ~Kinds{kImpliesThen};
    }
    for (const ActionId then : then_actions(d, o)) link(d, first, then, kinds);
  }
}

// A link from something on a guest node to what its own container does would bite its tail.
bool waits_for_its_own_guest(const Draft& d, const Link& l) {
  const PlanAction& first = d[l.first];
  const PlanAction& then = d[l.then];
  if ((l.original & kPreserve) != 0 || !first.resource.valid() || !then.resource.valid()) return false;
  if (!first.node.valid() || d[first.node].kind != NodeKind::guest) return false;
  return guest_container(d, first.node) == then.resource;
}

// Whether `from` is waited for, through whatever, by `to`.
bool leads_to(const Draft& d, ActionId from, ActionId to, std::vector<bool>& seen) {
  if (from == to) return true;
  if (seen[from.index()]) return false;
  seen[from.index()] = true;
  return std::any_of(d[from].after.begin(), d[from].after.end(),
                     [&](LinkId id) { return d[id].kinds != kNoKind && leads_to(d, d[id].then, to, seen); });
}

bool closes_a_loop(const Draft& d, const Link& l) {
  if (d[l.first].task != Task::load_stopped || d[l.then].task != Task::migrate_to || l.kinds == kNoKind)
    return false;
  std::vector<bool> seen(d.actions.size());
  return leads_to(d, l.then, l.first, seen);
}

}  // namespace

void make_links(Draft& d) {
  // Making one may create an action, but no ordering.
  for (std::size_t i = 0; i < d.orderings.size(); ++i) make_links(d, Ordering(d.orderings[i]));
}

void disable_invalid_links(Draft& d) {
  for (Link& l : d.links)
    if (waits_for_its_own_guest(d, l)) l.kinds = kNoKind;
  for (Link& l : d.links)
    if (closes_a_loop(d, l)) l.kinds = kNoKind;
}

}  // namespace fencepost::policy
