#include "models/services/virtual_machine_faults.h"

#include "models/core/given.h"
#include "models/machine.h"
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

Result<void> vm_ignores_shutdown(const Given& given) {
  const auto resource = given.required("resource");
  if (!resource) return tl::unexpected(resource.error());
  VirtualMachineConfig& config = given.world().part<VirtualMachines>().config(*resource);
  return given.lasting([&] { config.ignores_shutdown = true; },
                       [&config] { config.ignores_shutdown = false; });
}

Result<void> vm_busy(const Given& given) {
  const auto resource = given.required("resource");
  const auto rate = given.number("mib_per_second", 1000);
  if (!resource) return tl::unexpected(resource.error());
  if (!rate) return tl::unexpected(rate.error());
  VirtualMachineConfig& config = given.world().part<VirtualMachines>().config(*resource);
  return given.lasting([&] { config.dirty_rate = static_cast<std::int64_t>(*rate * 1048576); },
                       [&config, before = config.dirty_rate] { config.dirty_rate = before; });
}

}  // namespace

std::vector<FaultVerb> virtual_machine_fault_verbs() {
  return {
      given_verb("vm_crash", "virtual machine", "resource", "The guest ends at once, as if QEMU had crashed.",
                 "{at: 60s, verb: vm_crash, resource: vm1}", vm_crash),
      given_verb("vm_ignores_shutdown", "virtual machine", "resource, for",
                 "The guest does not listen to its power button.",
                 "{at: 60s, verb: vm_ignores_shutdown, resource: vm1}", vm_ignores_shutdown),
      given_verb("vm_busy", "virtual machine", "resource, mib_per_second, for",
                 "The guest changes its memory faster: a migration may never converge.",
                 "{at: 60s, verb: vm_busy, resource: vm1, mib_per_second: 400, for: 10min}", vm_busy),
  };
}

}  // namespace fencepost::models
