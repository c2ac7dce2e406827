// What this machine has and does, before a node starts on it.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/live/ocf.h"

namespace fencepost::cib {
struct Configuration;
}

namespace fencepost::live {

// Where to look; another root is for tests.
struct MachinePaths {
  std::string proc = "/proc";
  std::string systemd = "/etc/systemd/system";
};

// Two managers of the same resources start them twice. An Error while Pacemaker runs here, or would at the
// next boot.
Result<void> without_pacemaker(const MachinePaths& paths = {});

// A sentence for each resource whose agent is not installed here, or cannot be run.
std::vector<std::string> missing_agents(const cib::Configuration& configuration, const AgentPaths& paths);

}  // namespace fencepost::live
