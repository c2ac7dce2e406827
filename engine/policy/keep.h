// What can be kept from one decision for the next, and what a decision kept can still say.
#pragma once

#include <memory>

#include "engine/policy/decision.h"

namespace fencepost::policy {

// The CIB's configuration, compiled: `known` itself if it is that.
std::shared_ptr<const Configuration> compiled(const std::shared_ptr<const Configuration>& known,
                                              const cib::Cib& cib, WallSeconds now);

// Whether what was decided about `before` at that time is what decide() would say about `cib` at any later
// time: if the two are the same and nothing in them runs out.
bool still_holds(const Decision& made, WallSeconds at, const Configuration& configuration,
                 const cib::Cib& before, const cib::Cib& cib);

// The decision with everything a record of it tells: attributes of all actions, planned actions, orderings.
Decision in_full(const Decision& decision);

}  // namespace fencepost::policy
