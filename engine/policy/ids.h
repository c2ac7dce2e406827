// Dense ids of a decision. Node ids follow name order, so a tie goes to the first name, as a person would
// guess.
#pragma once

#include <cstdint>

#include "engine/base/id.h"

namespace fencepost::policy {

using NodeId = Id<struct NodeTag>;
using ResourceId = Id<struct ResourceTag>;

// Roles in the order in which a resource is "more" active.
enum class Role : std::uint8_t { unknown, stopped, started, unpromoted, promoted };

const char* to_string(Role role);  // "Unknown", "Stopped", "Started", "Unpromoted", "Promoted"

}  // namespace fencepost::policy
