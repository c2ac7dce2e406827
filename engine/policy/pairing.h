// Which instances of two clones belong together (§4.3), and the parts of clones and bundles that act.
#pragma once

#include <vector>

#include "engine/policy/draft.h"

namespace fencepost::policy {

// A clone's instances; a bundle's containers.
std::vector<ResourceId> instances_of(const Draft& d, ResourceId id);

// The instance of `clone` on the node of `instance`; with `current`, where they are, else where they will be.
ResourceId partner_of(const Draft& d, ResourceId instance, ResourceId clone, bool current);

// Whether the two actions' resources are clones that are ordered instance by instance.
bool interleaves(const Draft& d, ActionId first, ActionId then);

// Which part of a bundle's replica carries a task out; for others the instance itself.
ResourceId acting_part(const Draft& d, ResourceId instance, Task task, bool first);

LinkId find_link(const Draft& d, ActionId first, ActionId then);

// Takes its node away; whether it had one.
bool lose_assignment(Draft& d, ResourceId id);

}  // namespace fencepost::policy
