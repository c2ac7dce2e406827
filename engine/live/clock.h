// The two clocks of a real machine. Nothing outside engine/live asks them.
#pragma once

#include "engine/node/ids.h"

namespace fencepost::live {

// CLOCK_MONOTONIC, which no one sets. It stands still while the machine is suspended; Corosync's does too.
SimTime monotonic_now();
// CLOCK_REALTIME, only for writing down.
WallSeconds wall_now();
inline node::Now now_on_both() { return {monotonic_now(), wall_now()}; }

}  // namespace fencepost::live
