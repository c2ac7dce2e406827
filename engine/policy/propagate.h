// Parts of propagate_orderings(): what an action's fate means for those linked with it.
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

void make_links(Draft& d);
void disable_invalid_links(Draft& d);

// Brings `then` in line with all it waits for, and what waits for it with it (§6.5).
void update_action(Draft& d, ActionId then);

// What cannot start keeps what must be with it from starting (§3.5).
void block_colocated(Draft& d, ActionId action);

// Probes come before what the probed resource's start would have to wait for (§6.7).
void order_probes(Draft& d);

}  // namespace fencepost::policy
