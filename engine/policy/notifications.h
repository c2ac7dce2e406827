// Telling a clone's instances before and after something changes (§5.9).
#pragma once

#include "engine/policy/actions.h"

namespace fencepost::policy {

// The clone's own four notifications around a phase. Nothing if it does not notify.
void create_notifications(Draft& d, ResourceId clone, ActionId begin, ActionId end);
// How the phases' notifications follow each other.
void order_notifications(Draft& d, ResourceId clone);
// Once it is known what will happen: who is told what. Part of making the graph.
void notify_instances(Draft& d, ResourceId clone);
std::vector<Setting> in_words(const Draft& d, const CloneNews& news);

// After a stop that fencing implies, the other instances hear of it.
void notify_of_fencing(Draft& d, ResourceId resource, ActionId stop, ActionId fencing);

}  // namespace fencepost::policy
