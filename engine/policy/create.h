// Making the actions that lead from where resources are to where they were assigned (§5).
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

void create_actions_of(Draft& d, ResourceId resource);
void create_primitive_actions(Draft& d, ResourceId resource);
void create_recurring(Draft& d, ResourceId resource);
void create_migration(Draft& d, ResourceId resource, NodeId current);
void sort_by_number(Draft& d, ResourceId clone);
bool probe(Draft& d, ResourceId resource, NodeId node);

// A stop on each node where it is active.
void stop_everywhere(Draft& d, ResourceId resource, bool optional);
// Removes its history from a node, in order with stop and start.
ActionId clean_up(Draft& d, ResourceId resource, NodeId node, bool optional);

// Cancels a recurring operation.
ActionId cancel_recurring(Draft& d, ResourceId resource, Key recurring, std::string_view word, NodeId node);

}  // namespace fencepost::policy
