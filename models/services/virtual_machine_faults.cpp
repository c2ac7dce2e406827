#include "models/services/virtual_machine_faults.h"

#include <algorithm>

#include "models/core/given.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/virtual_machines.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

Result<void> vm_crash(const Given& given) {
  for (const auto& machine : given.world().machines()) {
    Guest* guest = machine->up() ? machine->part<Guests>().known(given.text("resource")) : nullptr;
    if (!guest || !guest->is_on()) continue;
    guest->end();
    return {};
  }
  return given.impossible("'" + given.text("resource") + "' runs nowhere now");
}

// A guest that the scenario describes, or that some machine has defined.
Result<VirtualMachineConfig*> guest(const Given& given) {
  const auto resource = given.required("resource");
  if (!resource) return tl::unexpected(resource.error());
  const auto& described = given.world().part<StorageWorld>().config().virtual_machines;
  bool known = std::ranges::find(described, *resource, &VirtualMachineConfig::name) != described.end();
  for (const auto& machine : given.world().machines())
    known = known || (machine->up() && machine->part<Guests>().known(*resource));
  if (!known)
    return given.impossible("'" + *resource + "' is no virtual machine (ocf:heartbeat:VirtualDomain)");
  return &given.world().part<VirtualMachines>().config(*resource);
}

Result<void> vm_ignores_shutdown(const Given& given) {
  const auto config = guest(given);
  if (!config) return tl::unexpected(config.error());
  const VirtualMachineConfig& usual = given.world().part<VirtualMachines>().usual((*config)->name);
  return given.press({.what = "deafness of " + (*config)->name,
                      .otherwise = usual.ignores_shutdown ? 1.0 : 0.0,
                      .set = [c = *config](double deaf) { c->ignores_shutdown = deaf > 0; }});
}

Result<void> vm_busy(const Given& given) {
  const auto config = guest(given);
  const auto rate = given.number("mib_per_second", 1000);
  if (!config) return tl::unexpected(config.error());
  if (!rate) return tl::unexpected(rate.error());
  const VirtualMachineConfig& usual = given.world().part<VirtualMachines>().usual((*config)->name);
  return given.press(
      {.what = "dirty rate of " + (*config)->name,
       .strength = *rate * 1048576,
       .otherwise = static_cast<double>(usual.dirty_rate),
       .set = [c = *config](double bytes) { c->dirty_rate = static_cast<std::int64_t>(bytes); }});
}

}  // namespace

std::vector<FaultVerb> virtual_machine_fault_verbs() {
  return {
      given_verb("vm_crash", "virtual machine", "resource", "The guest ends at once, as if QEMU had crashed.",
                 "{at: 60s, verb: vm_crash, resource: vm1}", vm_crash),
      given_verb("vm_ignores_shutdown", "virtual machine", "resource, [for]",
                 "The guest does not listen to its power button.",
                 "{at: 60s, verb: vm_ignores_shutdown, resource: vm1}", vm_ignores_shutdown),
      given_verb("vm_busy", "virtual machine", "resource, [mib_per_second], [for]",
                 "The guest changes its memory faster: a migration may never converge.",
                 "{at: 60s, verb: vm_busy, resource: vm1, mib_per_second: 400, for: 10min}", vm_busy),
  };
}

}  // namespace fencepost::models
