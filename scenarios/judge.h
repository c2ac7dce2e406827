// Holds what was seen against what was expected.
#pragma once

#include <string>
#include <vector>

#include "models/invariants/invariant_rules.h"
#include "reporters/outage.h"
#include "reporters/recorder.h"
#include "scenarios/expect.h"
#include "scenarios/scenario.h"
#include "scenarios/witness.h"

namespace fencepost::scenarios {

struct Finding {
  std::string expectation;  // "fenced db1 because fs_stop"
  Verdict verdict = Verdict::held;
  std::string why;
};

struct Evidence {
  const Witness& witness;
  const std::vector<reporters::Outage>& outages;  // since t=0
  SimTime t0, end;
  std::vector<std::string> nodes;
  const reporters::Recorder* recording = nullptr;  // in memory and finished; needed only for checks in SQL
  std::vector<models::InvariantVerdict> invariants = {};  // what they come to at the end
};

// One finding for each expectation, and one for each invariant that fired unexpectedly.
std::vector<Finding> judge(const Expectations& expect, const Evidence& evidence);

// Broken if one is broken, else undecided if one is undecided.
Verdict verdict_of(const std::vector<Finding>& findings);

}  // namespace fencepost::scenarios
