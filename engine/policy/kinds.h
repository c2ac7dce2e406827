// What one kind of link between two actions does (§6.6), and the flags it looks at.
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

// An action's flags as others see them: those of a collective resource's action follow from its parts.
struct Flags {
  bool optional = true;
  bool runnable = true;
  bool migratable = false;
};
// On that node only, when one is given; runnable anywhere counts for a clone.
Flags effective_flags(Draft& d, ActionId action, NodeId node);

struct Changed {
  bool first = false;
  bool then = false;
};
Changed operator|(Changed a, Changed b);

// Applies one kind between two actions of no or simple resources, or to a collective's own pseudo-action.
Changed apply_kind(Draft& d, Kind kind, LinkId link, ActionId first, const Flags& first_flags, ActionId then,
                   const Flags& then_flags);

}  // namespace fencepost::policy
