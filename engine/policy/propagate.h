// How actions bear on each other: orderings become links, and what one action is bears on those linked to it,
// until nothing changes any more (§6.4 to §6.6).
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

inline Flags own_flags(const PlanAction& action) {
  return {action.optional, action.runnable, action.pseudo, action.migratable};
}
Flags effective_flags(Draft& d, ActionId action, NodeId node);
// As seen from an action on the node: for a clone, runnable anywhere is runnable.
Flags flags_for_ordering(Draft& d, ActionId action, NodeId node);

// How these flags change once orderings are propagated: what collective resources' flags follow from them
// follows at once.
void set_optional(Draft& d, PlanAction& action, bool value);
void set_runnable(Draft& d, PlanAction& action, bool value);

struct Changed {
  bool first = false;
  bool then = false;
  Changed& operator|=(Changed other) {
    first = first || other.first;
    then = then || other.then;
    return *this;
  }
};

// One kind of link, between a first action with these flags and a then action, with all that it implies for
// the parts of collective resources.
struct KindUpdate {
  ActionId first, then;
  NodeId node;
  Flags first_flags;
  Kind kind = kNoKind;
};
Changed apply_kind(Draft& d, const KindUpdate& update);

void update(Draft& d, ActionId then);
// What must be with a resource that cannot start cannot start either (§3.5).
void block_dependents(Draft& d, ActionId action);

void make_links(Draft& d);
void order_probes(Draft& d);
void disable_invalid_links(Draft& d);

ActionId find_by_task(const Draft& d, ResourceId resource, Task task, NodeId node);

}  // namespace fencepost::policy
