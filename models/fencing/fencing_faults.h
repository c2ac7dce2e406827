// The verbs of fence devices that have no struct of their own, for fault_verbs().
#pragma once

#include <vector>

#include "models/faults.h"

namespace fencepost::models {

std::vector<FaultVerb> fencing_fault_verbs();

}  // namespace fencepost::models
