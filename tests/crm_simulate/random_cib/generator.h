// Random clusters: a CIB with configuration, history and membership that real Pacemaker accepts. The same
// seed gives the same text.
#pragma once

#include <cstdint>
#include <string>

namespace fencepost::crm_simulate {

// How much of Pacemaker a cluster may use; each level holds those before it.
enum class Breadth {
  primitives,  // nodes, fencing, primitives, location, order, colocation
  groups,
  clones,  // with promotable ones
  all,     // migration, utilization, tickets, sets, notifications, odd options
};

std::string random_cib(std::uint64_t seed, Breadth breadth);

}  // namespace fencepost::crm_simulate
