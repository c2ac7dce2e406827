// Lets events happen to the cluster of a CIB before it is asked to decide.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/cib/cib.h"
#include "engine/policy/cluster_state.h"
#include "tools/crm_simulate/options.h"
#include "tools/crm_simulate/step.h"

namespace fencepost::crm_simulate {

struct Injected {
  Steps steps;
  std::vector<std::string> complaints;  // what was asked for and could not be made sense of
};

// `state` is what the CIB said before. An Error: a node is named that is not there.
Result<Injected> inject(cib::Cib& cib, const policy::ClusterState& state, const Injections& events,
                        WallSeconds now);

}  // namespace fencepost::crm_simulate
