// Node attributes, fail counts and failed actions, as crm_simulate -A and -c print them.
#pragma once

#include "engine/policy/cluster_state.h"
#include "tools/crm_simulate/text_list.h"

namespace fencepost::crm_simulate {

void print_attributes(TextList& list, const policy::ClusterState& state);
void print_fail_counts(TextList& list, const policy::ClusterState& state);
void print_failures(TextList& list, const policy::ClusterState& state);

}  // namespace fencepost::crm_simulate
