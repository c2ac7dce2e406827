// A cluster's state as Prometheus reads it.
#pragma once

#include <string>

#include "engine/base/time.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::ctl {

// Text exposition format 0.0.4. `node` is who answered.
std::string metrics(const cib::Cib& cib, const std::string& node, bool is_dc, WallSeconds now);

}  // namespace fencepost::ctl
