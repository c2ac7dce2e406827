// Runs a scenario in the simulated world: forms the cluster, loads the configuration, breaks things, and
// judges.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "reporters/outage.h"
#include "reporters/recorder.h"
#include "scenarios/judge.h"
#include "scenarios/scenario.h"

namespace fencepost::scenarios {

// Somebody who watches the whole run, and is told when t=0 is.
struct Spectator {
  backend::Observer* observer = nullptr;
  std::function<void(SimTime t0)> begin;  // may be empty
};

struct Fence {
  std::string node;
  SimTime at;
  std::string reason;
  bool success = true;  // false: the device failed
};

struct Outcome {
  Verdict verdict = Verdict::held;
  std::vector<Finding> findings;
  SimTime t0, end;
  std::string ended;  // "quiescent", "duration", "max", or why the run came to nothing
  std::uint64_t seed = 0;
  std::string fingerprint;
  std::uint64_t events = 0;
  std::vector<reporters::Outage> outages;  // since t=0
  std::vector<Fence> fences;               // since t=0
};

struct RunOptions {
  std::optional<std::uint64_t> seed;  // instead of the scenario's
};

Outcome run(const Scenario& scenario, const RunOptions& options,
            const std::vector<Spectator>& spectators = {});

// What a recording of it holds.
reporters::RunInfo run_info(const Scenario& scenario, const RunOptions& options);
reporters::RunResult run_result(const Outcome& outcome);

}  // namespace fencepost::scenarios
