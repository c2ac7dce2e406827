// Verbs about fence devices beyond fence_mode.
#include "models/fencing/fencing_faults.h"

#include "models/core/given.h"
#include "models/fencing/sbd.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

Result<void> sbd_lost(const Given& given) {
  const Machine* machine = nullptr;
  if (!given.text("node").empty()) {
    const auto named = given.any_node();
    if (!named) return tl::unexpected(named.error());
    machine = *named;
  }
  Sbd& sbd = given.world().part<Sbd>();
  const std::string device = given.text("device");
  if (!sbd.configured() || sbd.config().devices.empty())
    return given.impossible("there are no sbd devices: name them under world: sbd: devices");
  if (!sbd.set_reachable(machine, device, false))
    return given.impossible("there is no sbd device '" + device + "'");
  return given.lasting(
      [] {}, [&sbd, machine, device] { static_cast<void>(sbd.set_reachable(machine, device, true)); });
}

}  // namespace

std::vector<FaultVerb> fencing_fault_verbs() {
  return {
      given_verb(
          "sbd_lost", "fencing", "node, device, for",
          "A node, or all, no longer reach an sbd device, or any of them: a SAN path or switch is gone.",
          "{at: 60s, verb: sbd_lost, node: db1, for: 10min}", sbd_lost),
  };
}

}  // namespace fencepost::models
