// crm-simulate --profile: how long decisions take.
#pragma once

#include "engine/base/time.h"
#include "tools/crm_simulate/options.h"

namespace fencepost::crm_simulate {

// Decides on every CIB of options.profile_dir, options.repeat times each, and prints the processor time each
// took. Reading a file is not part of it; compiling its configuration is. Returns the exit code.
int profile(const Options& options, WallSeconds clock);

}  // namespace fencepost::crm_simulate
