// Verbs about fence devices beyond fence_mode.
#include "models/fencing/fencing_faults.h"

#include <algorithm>

#include "models/core/given.h"
#include "models/fencing/sbd.h"
#include "models/machine.h"
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
  if (!device.empty() && std::ranges::count(sbd.config().devices, device) == 0)
    return given.impossible("there is no sbd device '" + device + "'");
  std::vector<Pressure> paths;
  for (const auto& each : given.world().machines()) {
    if (machine && each.get() != machine) continue;
    for (const std::string& one : sbd.config().devices) {
      if (!device.empty() && one != device) continue;
      paths.push_back(
          pressure("path of " + each->name() + " to " + one, [&sbd, m = each.get(), one](bool lost) {
            static_cast<void>(sbd.set_reachable(m, one, !lost));  // both are known
          }));
    }
  }
  return given.press(std::move(paths));
}

}  // namespace

std::vector<FaultVerb> fencing_fault_verbs() {
  return {
      given_verb(
          "sbd_lost", "fencing", "[node], [device], [for]",
          "A node, or all, no longer reach an sbd device, or any of them: a SAN path or switch is gone.",
          "{at: 60s, verb: sbd_lost, node: db1, for: 10min}", sbd_lost),
  };
}

}  // namespace fencepost::models
