// How long a service is away, whoever manages the cluster: nothing is asked of the manager, the machines are
// looked at from outside.
#pragma once

#include <optional>

#include "engine/base/result.h"
#include "tools/lab/lab.h"

namespace fencepost::lab {

// Who has not recovered by then is given up.
inline constexpr Duration kRecovers = 180s;

// Forms the cluster, loads the configuration, waits until all runs and rests, breaks it as the scenario says.
// From the last fault to the last service that is back, kRecovers if they are not back by then; nothing:
// somebody interrupted it.
Result<std::optional<Duration>> time_recovery(const Place& place, const scenarios::Scenario& scenario,
                                              const Support& support, Manager manager);

}  // namespace fencepost::lab
