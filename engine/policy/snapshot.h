// What a decision is made from: a CIB, the time, and nothing else.
#pragma once

#include <memory>

#include "engine/base/time.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::policy {

// Configuration read once: names interned, parts resolved. Share it between decisions of the same
// configuration.
class Configuration;

// Which parts of a Decision to make besides the graph and the changes.
struct Want {
  bool state = true;
  bool scores = true;
  bool utilization = false;  // capacities and needs among the scores
  bool reasons = true;
  bool actions = true;     // planned actions and orderings, for the dot file
  // What the graph's actions say. Without, they say what they are (kind, task), where (node, router_node) and
  // whether they are waited for; complete() makes the rest for one action.
  bool attributes = true;
};

struct Snapshot {
  const cib::Cib* cib = nullptr;  // outlives the call
  WallSeconds now;
  std::shared_ptr<const Configuration> configuration;  // optional: compiled from the same cib's configuration
  Want want;
  // Saved inputs have passwords and the like masked: differences in these alone are then no change.
  bool sanitized = true;
};

std::shared_ptr<const Configuration> compile(const cib::Cib& cib, WallSeconds now);

}  // namespace fencepost::policy
