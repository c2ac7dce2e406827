// Carries a transition out on paper: every action succeeds at once, and the CIB remembers its result.
#pragma once

#include <vector>

#include "engine/cib/cib.h"
#include "engine/policy/cluster_state.h"
#include "engine/policy/transition_graph.h"
#include "tools/crm_simulate/status_edit.h"
#include "tools/crm_simulate/step.h"

namespace fencepost::crm_simulate {

struct Execution {
  Steps steps;
  bool complete = false;  // false: something waits for what will never happen
};

// `failures` lists the operations that fail when their turn comes; the first to do so ends the transition,
// but for what has the highest priority.
Execution execute(const policy::TransitionGraph& graph, const policy::ClusterState& state, cib::Cib& cib,
                  const std::vector<OperationSpec>& failures, WallSeconds now);

}  // namespace fencepost::crm_simulate
