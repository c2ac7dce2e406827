// Verbs about what machines share (switches, power feeds) and about load, for fault_verbs().
#pragma once

#include <vector>

#include "models/faults.h"

namespace fencepost::models {

std::vector<FaultVerb> world_fault_verbs();

}  // namespace fencepost::models
