// Dense ids of a decision. Node ids follow name order, so a tie goes to the first name, as a person would
// guess.
#pragma once

#include "engine/base/id.h"
#include "engine/cib/values.h"

namespace fencepost::policy {

using NodeId = Id<struct NodeTag>;
using ResourceId = Id<struct ResourceTag>;

// Roles in the order in which a resource is "more" active; unknown as a next role means "not decided".
using cib::Role;

}  // namespace fencepost::policy
