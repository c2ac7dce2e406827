// Parts of the stages that create actions, shared between their files.
#pragma once

#include "engine/policy/actions.h"

namespace fencepost::policy {

void add_implicit_orderings(Draft& d);

// What one resource does, by kind of resource (§5.2, §5.3).
void create_resource_actions(Draft& d, ResourceId id);
void create_primitive_actions(Draft& d, ResourceId id);
void create_recurring_actions(Draft& d, ResourceId id);
void create_migration_actions(Draft& d, ResourceId id, NodeId source, bool continues);

// Removes a resource's history from a node, after its stop there (§5.5).
void clean_up(Draft& d, ResourceId id, NodeId node, bool optional);

void sort_instances_by_number(Draft& d, ResourceId clone);

}  // namespace fencepost::policy
