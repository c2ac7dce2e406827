#include "models/services/look.h"

#include "models/services/clients.h"
#include "models/services/virtual_machines.h"
#include "models/services/web_servers.h"
#include "models/world.h"

namespace fencepost::models {

void look_at_services(World& world) {
  world.part<Clients>().look();
  world.part<VirtualMachines>().look();
  world.part<WebServers>().look();
}

}  // namespace fencepost::models
