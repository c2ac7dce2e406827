// Random clusters: a CIB with configuration, history and membership that real Pacemaker accepts. The same
// seed gives the same text.
#pragma once

#include <cstdint>
#include <string>

namespace fencepost::crm_simulate {

std::string random_cib(std::uint64_t seed);

}  // namespace fencepost::crm_simulate
