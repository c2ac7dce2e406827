// Why the cluster decided as it did: what becomes of each resource, for which reason, and how every node's
// score came about.
#pragma once

#include <string>
#include <vector>

#include "engine/policy/decision.h"

namespace fencepost::reporters {

struct ExplainOptions {
  std::vector<std::string> resources;  // only these, by id or as people call them; empty: all that change
};

// The decision must have been made with Want::state and Want::reasons.
std::string explain(const policy::Decision& decision, const ExplainOptions& options = {});

// Resource names that `explain` knows: for messages.
std::vector<std::string> explainable(const policy::ClusterState& state);

}  // namespace fencepost::reporters
