// Fence agents that work on power: the lab's power switch, management boards, and switched power outlets.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "models/fencing/fence_agent.h"
#include "models/fencing/power.h"
#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

using Mode = fault::FenceMode::Mode;

// fence_lab: one request to a switch, which has it at once and acts after off_s.
class LabSwitch final : public FenceAgent {
 protected:
  Task<bool> reach(Process&, AgentRun&) override { co_return true; }
  bool slows_switch() const override { return true; }

  Script act(Process& self, AgentRun& run, Machine& target, const fault::FenceMode& mode) override {
    World& world = self.world();
    const PowerConfig& config = world.config().power;
    const Duration takes =
        self.machine().sample(config.off) + (mode.mode == Mode::slow ? mode.seconds : Duration::zero());
    Power::Action action = asked(run);
    if (action == Power::Action::reboot && !config.on_after_fence) action = Power::Action::off;
    if (mode.mode != Mode::lie) {
      world.part<Power>().order({.device = device_of(run),
                                 .target = target.name(),
                                 .requester = self.machine().name(),
                                 .supply = {},
                                 .action = action,
                                 .up_at_once = true},
                                takes);
    }
    Duration answer{};  // drawn here: g++ 12 evaluates a ?: within co_await otherwise than clang
    if (target.power() != Machine::Power::off) answer = self.machine().sample(config.answer);
    co_await self.sleep(takes + answer);
    co_return kOk;
  }
};

// fence_ipmilan, fence_ilo, fence_drac, fence_aws …: asks for the status, orders off, asks each
// second until it is off, orders on. Success is known once power is off; that it comes on again is not waited
// for in vain (fence-agents, lib/fencing.py.py).
class Board final : public FenceAgent {
 public:
  // Of a virtual machine: its host, which is not part of it, ends it (fence_virsh, fence_xvm …).
  explicit Board(bool hypervisor) : hypervisor_(hypervisor) {}

 protected:
  Task<bool> reach(Process& self, AgentRun& run) override {
    const PowerConfig& config = self.world().config().power;
    if (!reachable(self, run)) {
      co_await self.sleep(config.unreachable_after);
      fail(run, "Unable to connect/login to fencing device");
      co_return false;
    }
    co_await self.sleep(self.machine().sample(config.query));
    co_return true;
  }

  Script act(Process& self, AgentRun& run, Machine& target, const fault::FenceMode& mode) override {
    World& world = self.world();
    const PowerConfig& config = world.config().power;
    Power& power = world.part<Power>();
    const Power::Action action = asked(run);
    const bool lies = mode.mode == Mode::lie;
    const auto order = [&](Power::Action what) -> Power::Order {
      return {.device = device_of(run),
              .target = target.name(),
              .requester = self.machine().name(),
              .supply = {},
              .action = what};
    };

    if (!co_await reach(self, run)) co_return refused(self, run, "Unable to connect/login to fencing device");
    const bool was_off = target.power() == Machine::Power::off;
    if (action != Power::Action::on && !was_off && !lies) {
      if (!co_await reach(self, run)) co_return refused(self, run, "connection lost");
      power.order(order(Power::Action::off),
                  self.machine().sample(hypervisor_ ? config.hypervisor_off : config.board_off));
      const SimTime give_up = world.now() + config.power_timeout;
      while (target.power() != Machine::Power::off) {
        if (world.now() >= give_up) co_return refused(self, run, "Timed out waiting to power OFF");
        co_await self.sleep(config.poll);
        if (!co_await reach(self, run)) co_return refused(self, run, "connection lost");
      }
    }
    if (action != Power::Action::off && config.on_after_fence && !lies && co_await reach(self, run)) {
      power.order(order(Power::Action::on), Duration::zero());
      co_await self.sleep(config.poll);
    }
    co_return kOk;
  }

 private:
  // The board is part of the target: it answers while it has power and its network is there. A hypervisor
  // answers while the network is there, if the scenario's network knows it by name.
  bool reachable(Process& self, const AgentRun& run) const {
    World& world = self.world();
    const std::string_view address = run.parameter("ip", run.parameter("ipaddr"));
    if (hypervisor_) {
      const auto host = world.network().find_endpoint(address);
      return !host || world.network().passes_both_ways(endpoint(self.machine().id()), *host);
    }
    for (const auto& machine : world.machines()) {
      const HardwareConfig& hardware = machine->hardware();
      const bool is_it =
          hardware.bmc_address.empty() ? machine->name() == target_of(run) : hardware.bmc_address == address;
      if (!is_it) continue;
      if (hardware.bmc_shares_power && !machine->has_supply()) return false;
      const auto network = world.network().find_network(hardware.bmc_network);
      const auto board = world.network().find_endpoint("bmc-" + machine->name());
      if (network && board)
        return world.network().passes_both_ways(endpoint(self.machine().id()), *board, *network);
      return true;
    }
    return true;  // a monitor of a board of which the world only knows that it is there
  }

  bool hypervisor_;
};

// fence_apc, fence_eaton_snmp, fence_raritan …: outlets. Off is off at once; a machine with a second supply
// goes on.
class Outlets final : public FenceAgent {
 protected:
  Task<bool> reach(Process& self, AgentRun&) override {
    co_await self.sleep(self.machine().sample(self.world().config().power.query));
    co_return true;
  }

  Script act(Process& self, AgentRun& run, Machine& target, const fault::FenceMode& mode) override {
    World& world = self.world();
    const Power::Action action = asked(run);
    const std::string_view address = run.parameter("ip", run.parameter("ipaddr"));
    const auto& supplies = target.hardware().supplies;
    std::string supply = run.command().resource;
    if (std::ranges::count(supplies, address) > 0) supply = address;
    const auto switch_to = [&](Power::Action what) {
      if (mode.mode == Mode::lie) return;
      world.part<Power>().order({.device = device_of(run),
                                 .target = target.name(),
                                 .requester = self.machine().name(),
                                 .supply = supply,
                                 .action = what},
                                Duration::zero());
    };
    co_await reach(self, run);  // status
    if (action != Power::Action::on) {
      co_await reach(self, run);
      switch_to(Power::Action::off);
      co_await self.sleep(world.config().power.poll);
    }
    if (action != Power::Action::off) {
      co_await reach(self, run);
      switch_to(Power::Action::on);
      co_await self.sleep(world.config().power.poll);
    }
    co_return kOk;
  }
};

}  // namespace

void add_fence_agents(AgentRegistry& registry) {
  using node::AgentClass;
  registry.add({AgentClass::stonith, "", "fence_lab"}, std::make_unique<LabSwitch>());
  for (const char* pdu : {"fence_apc", "fence_apc_snmp", "fence_eaton_snmp", "fence_eps", "fence_raritan",
                          "fence_wti", "fence_netio"}) {
    registry.add({AgentClass::stonith, "", pdu}, std::make_unique<Outlets>());
  }
  for (const char* sbd : {"fence_sbd", "external/sbd"})
    registry.add({AgentClass::stonith, "", sbd}, make_sbd_agent());
  for (const char* host : {"fence_virsh", "fence_virt", "fence_xvm", "fence_vmware_rest", "fence_vmware_soap",
                           "fence_vbox", "fence_pve"})
    registry.add({AgentClass::stonith, "", host}, std::make_unique<Board>(true));
  registry.add_fallback(AgentClass::stonith, std::make_unique<Board>(false));
}

}  // namespace fencepost::models
