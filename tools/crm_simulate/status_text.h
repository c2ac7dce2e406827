// A cluster's status as crm_mon and crm_simulate print it.
#pragma once

#include "engine/policy/cluster_state.h"
#include "tools/crm_simulate/text_list.h"

namespace fencepost::crm_simulate {

struct StatusDetail {
  bool pending =
      true;  // what has begun and is not over: only known of a real cluster, not of a simulated one
  bool attributes = false;
  bool fail_counts = false;
};

// The node list and the resource list, and what `detail` asks for.
void print_status(TextList& list, const policy::ClusterState& state, const StatusDetail& detail);

}  // namespace fencepost::crm_simulate
