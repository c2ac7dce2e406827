// Runs a scenario on a lab: the same story as scenarios::run(), with real machines, real Corosync, real
// agents and real time. Inside a cell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/run.h"
#include "tools/lab/lab.h"
#include "tools/lab/support.h"

namespace fencepost::lab {

struct LabRun {
  scenarios::Outcome outcome;
  struct Tape {
    std::string node;
    int life = 0;
    std::string content;
  };
  std::vector<Tape> tapes;  // all that every node's engine was told
  bool interrupted = false;
};

struct LabOptions {
  scenarios::RunOptions run;
  std::string keep;  // a folder for the nodes' logs; empty: they are not kept
};

LabRun run_in_lab(const Place& place, const scenarios::Scenario& scenario, const Support& support,
                  const LabOptions& options, const std::vector<scenarios::Spectator>& spectators);

}  // namespace fencepost::lab
