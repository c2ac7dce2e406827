// What a run is made of wherever it happens, in the simulated world or in a lab: the first configuration,
// when it is over, what is judged in the end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/invariants/invariant_rules.h"
#include "reporters/outage.h"
#include "scenarios/run.h"
#include "scenarios/witness.h"

namespace fencepost::scenarios {

// What stands on every node's disk when it first boots: no resources, no fencing, and a DC after a second.
std::shared_ptr<const cib::Cib> first_cib();
// cibadmin --modify --allow-create -o configuration, with the scenario's.
node::EditCib load_configuration(const Scenario& scenario);

// A fault may show only after the token and consensus timeouts, or at the next run of a monitor.
Duration fault_shows_within(const Scenario& scenario);
// An agent that has been at work for longer than this does not keep a run from being over: it hangs.
inline constexpr Duration kAtWork = 15s;
// In which resources come to rest after the configuration is loaded.
inline constexpr Duration kStartLimit = 10min;

// What a CIB says about how often things may run.
models::InvariantOptions invariant_options(const Scenario& scenario);

// Who watched a run.
struct Witnesses {
  const Witness& witness;
  const reporters::OutageAnalyser& outages;
  const models::InvariantRules& invariants;
  reporters::Recorder* recording = nullptr;  // in memory, for checks in SQL
  std::vector<std::string> refused;          // faults that could not be done
  std::vector<std::string> never_came;       // faults whose trigger did not come
};
// With the times and the end filled in: outages, fences, findings, verdict. `begun`: t=0 was reached.
void conclude(const Scenario& scenario, const Witnesses& witnesses, bool begun, Outcome& outcome);

}  // namespace fencepost::scenarios
