// fence_sbd and external/sbd: an order in the target's slot, then msgwait, in which it must have ended one
// way or another: by reading it, or by its watchdog. Nobody looks whether it has.
#include <memory>

#include "models/fencing/fence_agent.h"
#include "models/fencing/sbd.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

class SbdAgent final : public FenceAgent {
 protected:
  // `sbd list`: reads every slot of the devices.
  Task<bool> reach(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    const Sbd& sbd = self.world().part<Sbd>();
    if (!sbd.configured() || sbd.config().devices.empty()) {
      fail(run, "sbd has no devices here: name them under world: sbd: devices");
      co_return false;
    }
    static const sim::Distribution kReading = sim::LogNormal{.median = 60ms, .sigma = 0.4};  // assumed
    co_await self.sleep(machine.sample(kReading));
    if (sbd.reaches_majority(machine)) co_return true;
    co_await self.sleep(sbd.config().io_timeout);
    fail(run, "sbd devices cannot be read");
    co_return false;
  }

  Script act(Process& self, AgentRun& run, Machine& target, const fault::FenceMode& mode) override {
    Sbd& sbd = self.world().part<Sbd>();
    if (!co_await reach(self, run)) co_return refused(self, run, run.said());
    const Power::Action action = asked(run);
    if (action == Power::Action::on) co_return kOk;  // the slot is cleared; somebody else switches on
    if (mode.mode != fault::FenceMode::Mode::lie) {
      const auto order = action == Power::Action::off ? Sbd::Order::off : Sbd::Order::reset;
      if (!sbd.leave_order(self.machine(), target, order, device_of(run)))
        co_return refused(self, run, "cannot write to a majority of the sbd devices");
    }
    co_await self.sleep(msgwait(sbd.config()));
    co_return kOk;
  }
};

}  // namespace

std::unique_ptr<Agent> make_sbd_agent() { return std::make_unique<SbdAgent>(); }

}  // namespace fencepost::models
