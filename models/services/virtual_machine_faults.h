// The verbs of guests, for fault_verbs().
#pragma once

#include <vector>

#include "models/faults.h"

namespace fencepost::models {

std::vector<FaultVerb> virtual_machine_fault_verbs();

}  // namespace fencepost::models
