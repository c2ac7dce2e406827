// What takes ways from the network, as pressures: firewalls of both ends, cables, switches and faults may all
// press on the same one. See models/core/overlaps.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "models/core/overlaps.h"
#include "models/network/network.h"

namespace fencepost::models {

Pressure way_cut(World& world, const Way& way);
Pressure packets_lost(World& world, const Way& way, double share);
Pressure packets_late(World& world, const Way& way, Duration delay);

// The host's port to this network, or to each: down. A port is also what its switch gives it, so that who
// plugs the cable in again (kCable) need not have a link.
inline constexpr const char* kCable = "cable";
std::vector<Pressure> ports_down(World& world, EndpointId host, std::optional<NetworkId> network,
                                 const std::string& cause);
void ports_up(World& world, EndpointId host, std::optional<NetworkId> network, const std::string& cause);

}  // namespace fencepost::models
