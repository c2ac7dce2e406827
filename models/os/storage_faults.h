// The verbs of DRBD, filesystems, NFS, addresses and databases, for fault_verbs().
#pragma once

#include <vector>

#include "models/faults.h"

namespace fencepost::models {

std::vector<FaultVerb> storage_fault_verbs();

}  // namespace fencepost::models
