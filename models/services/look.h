// Storage changed: who is served now?
#pragma once

namespace fencepost::models {

class World;

void look_at_services(World& world);

}  // namespace fencepost::models
