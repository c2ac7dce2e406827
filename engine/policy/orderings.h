// Orderings between a resource's task and a concrete action, besides those in actions.h.
#pragma once

#include "engine/policy/actions.h"

namespace fencepost::policy {

void order_key_then(Draft& d, ResourceId first, Key first_key, ActionId then, Kinds kinds);
void order_then_key(Draft& d, ActionId first, ResourceId then, Key then_key, Kinds kinds);

// The pseudo-action that stands for "what leaves this node has left it" while capacity is counted.
ActionId load_stopped(Draft& d, NodeId node);
// A node's unfencing ("on"), optional until something requires it.
ActionId unfencing(Draft& d, NodeId node);

}  // namespace fencepost::policy
