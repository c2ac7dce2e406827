// Which resource a name in a history or on the command line means.
#pragma once

#include <string>

#include "engine/cib/resource.h"
#include "engine/policy/cluster_state.h"

namespace fencepost::crm_simulate {

// The first whose internal id or history name this is; null if there is none.
const policy::ResourceState* find_named(const policy::ClusterState& state, const std::string& name);

cib::Agent agent_of(const policy::ResourceState& resource);

}  // namespace fencepost::crm_simulate
