// What cannot start keeps what must be with it from starting (§3.5).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/propagate.h"

namespace fencepost::policy {
namespace {

bool every_child_is_stuck(const Draft& d, ResourceId id, Key key) {
  const auto& children = d[id].children;
  return std::all_of(children.begin(), children.end(), [&](ResourceId child) {
    const ActionId action = find_action(d, child, key, NodeId{});
    return action.valid() && !d[action].runnable;
  });
}

void block(Draft& d, ResourceId id, Key key, const std::string& reason) {
  const ActionId action = find_action(d, id, key, NodeId{});
  if (action.valid() && d[action].runnable) {
    d[action].runnable = false;
    set_reason(d[action], reason);
    block_colocated(d, action);
    update_action(d, action);
    const std::vector<LinkId> after = d[action].after;
    for (auto it = after.rbegin(); it != after.rend(); ++it) update_action(d, d[*it].then);
  }
  for (const ResourceId child : std::vector<ResourceId>(d[id].children)) block(d, child, key, reason);
}

}  // namespace

void block_colocated(Draft& d, ActionId id) {
  const PlanAction& action = d[id];
  if (action.runnable || !action.resource.valid()) return;
  if (action.key != kStart && action.key != kPromote) return;
  const ResourceId bundle = bundle_of(d, action.resource);
  const ResourceId top = bundle.valid() ? bundle : top_of(d, action.resource);
  if (d[top].with_this.empty() || !every_child_is_stuck(d, top, action.key)) return;
  const Key blocked = action.key;
  for (const std::uint32_t index : std::vector<std::uint32_t>(d[top].with_this)) {
    const Colocation& c = d.colocations[index];
    if (c.score != Score::kInfinity) continue;
    if (blocked == kPromote && c.primary_role != Role::promoted) continue;
    const Key key = c.dependent_role == Role::promoted ? kPromote : kStart;
    block(d, c.dependent, key, "colocation with " + d[top].spec->id);
  }
}

}  // namespace fencepost::policy
