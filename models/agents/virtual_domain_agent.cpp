// ocf:heartbeat:VirtualDomain
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/virtual_machines.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

constexpr Duration kDestroyBeforeTimeout =
    5s;  // so long before the stop's timeout (ocf:heartbeat:VirtualDomain)
// Without storage virsh shutdown returns after 30-60 s and destroy after more than 15 (seapath/ansible#306).
constexpr sim::Uniform kShutdownBlocked{.min = 30s, .max = 60s};
constexpr Duration kDestroyBlocked = 15s;
constexpr Duration kSshGivesUp = 3s;  // assumed

class VirtualDomainAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    static_cast<void>(machine.world().part<VirtualMachines>().config(run.resource()));  // known from here on
    Guest& guest = machine.part<Guests>().find(run.resource());
    machine.part<ResourceTruth>().watch(run.resource(),
                                        [&guest] { return guest.is_on() ? kStarted : kStopped; });
    const std::string& action = run.action();
    if (action == "monitor" || action == "status") co_return guest.is_on() ? ocf::kSuccess : ocf::kNotRunning;
    if (action == "start") co_return start(run, guest);
    if (action == "stop") co_return co_await stop(self, run, guest);
    if (action == "migrate_to") co_return co_await migrate_to(self, run, guest);
    if (action == "migrate_from") co_return co_await migrate_from(self, run, guest);
    if (action == "validate-all" || action == "meta-data" || action == "notify") co_return ocf::kSuccess;
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "start") return sim::LogNormal{.median = 900ms, .sigma = 0.3};  // virsh create
    return sim::LogNormal{.median = 80ms, .sigma = 0.3};                          // virsh domstate
  }

 private:
  static int start(AgentRun& run, Guest& guest) {
    if (guest.start()) return ocf::kSuccess;
    run.exit_reason("Failed to start virtual domain " + std::string(run.resource()) +
                    ": its image is not there");
    return ocf::kGenericError;
  }

  // The power button; each second a look; the plug, 5 s before the timeout.
  static Script stop(Process& self, AgentRun& run, Guest& guest) {
    if (!guest.is_on()) co_return ocf::kSuccess;
    const SimTime patience = run.started() + run.command().timeout - kDestroyBeforeTimeout;
    if (!ocf_true(run.parameter("force_stop", "false"))) {
      if (guest.storage_stuck()) co_await self.sleep(self.machine().sample(kShutdownBlocked));
      guest.press_power_button();
      while (guest.is_on() && self.world().now() < patience) co_await self.sleep(1s);
    }
    if (!guest.is_on()) co_return ocf::kSuccess;
    if (guest.storage_stuck()) {
      co_await self.sleep(kDestroyBlocked);
      if (guest.storage_stuck()) {
        run.exit_reason("forced stop failed: QEMU waits for its storage and cannot be killed");
        co_return ocf::kGenericError;
      }
    }
    guest.end();
    co_return ocf::kSuccess;
  }

  static Script migrate_to(Process& self, AgentRun& run, Guest& guest) {
    if (!guest.is_on()) co_return ocf::kNotRunning;
    const std::string target{run.meta("migrate_target")};
    Machine* const there = self.world().find_machine(target);
    if (!there || !there->serves()) {
      co_await self.sleep(kSshGivesUp);
      run.exit_reason("migration to " + target + " failed: no connection");
      co_return ocf::kGenericError;
    }
    Process& virsh = self.fork("virsh migrate --live " + std::string(run.resource()) + " " + target);
    const ExitStatus status = co_await self.exec(virsh, guest.migrate(virsh, *there));
    if (status.success()) co_return ocf::kSuccess;
    run.exit_reason("live migration to " + target + " failed");
    co_return ocf::kGenericError;
  }

  static Script migrate_from(Process& self, AgentRun& run, Guest& guest) {
    while (!guest.is_on() && run.left() > 1s) co_await self.sleep(1s);
    co_return guest.is_on() ? ocf::kSuccess : ocf::kGenericError;
  }
};

}  // namespace

std::unique_ptr<Agent> make_virtual_domain_agent() { return std::make_unique<VirtualDomainAgent>(); }

}  // namespace fencepost::models
