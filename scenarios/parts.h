// How the reader of scenarios is divided. Only scenarios/read_*.cpp include this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scenarios/fields.h"
#include "scenarios/inputs.h"
#include "scenarios/scenario.h"

namespace fencepost::scenarios {

// cib_file, cib_xml, resources, constraints, remove, properties, rsc_defaults, op_defaults, meta, instance
// and op, put together as the lab does; then checked as crm_verify would.
void read_cib(Fields& fields, Inputs& inputs, Scenario& scenario);

// world: corosync_conf. It may name the nodes, so it comes first.
void read_corosync_conf(Fields& fields, Inputs& inputs, Scenario& scenario);

// The key `world`, and what of the machines stands beside it: agents, power, corosync, quorum.
void read_world(Fields& fields, Inputs& inputs, Scenario& scenario);

// world: sbd. Sets have-watchdog in the CIB, as the cluster does that finds SBD.
void read_sbd(Fields& world, Scenario& scenario);

// The key `faults`. The nodes and the CIB are known.
std::vector<TimedFault> read_faults(const Value& list, const Scenario& scenario, Problems& problems);

// The invariants there are, by the names that expectations use.
std::vector<std::string> invariant_names();

// Ids of the primitives, in the order of the CIB.
std::vector<std::string> primitive_ids(const cib::Cib& cib);

}  // namespace fencepost::scenarios
