// Random clusters: a CIB with configuration, history and membership that real Pacemaker accepts. The same
// seed gives the same text.
#pragma once

#include <cstdint>
#include <string>

namespace fencepost::crm_simulate {

// What the clusters are about: everything a little, or remote nodes, guest nodes and bundles in detail.
enum class Focus { any, remotes };

std::string random_cib(std::uint64_t seed, Focus focus = Focus::any);

}  // namespace fencepost::crm_simulate
