// ocf:heartbeat:LVM-activate
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/os/volume_groups.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

class LvmActivateAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    const std::string& action = run.action();
    if (action == "meta-data" || action == "validate-all" || action == "notify") co_return ocf::kSuccess;
    Machine& machine = self.machine();
    const std::string group{run.parameter("vgname")};
    if (group.empty()) co_return ocf::kNotConfigured;
    VolumeGroups& groups = machine.part<VolumeGroups>();
    machine.part<ResourceTruth>().watch(
        run.resource(), [&groups, group] { return groups.is_active(group) ? kStarted : kStopped; });
    if (action == "monitor" || action == "status")
      co_return groups.is_active(group) ? ocf::kSuccess : ocf::kNotRunning;
    if (action == "start") co_return started(run, groups.activate(group), group);
    // A volume that somebody has open stays active, however often it is tried.
    if (action == "stop") {
      while (groups.deactivate(group) == VolumeGroups::Answer::in_use) {
        run.exit_reason("Volume group[" + group + "] is in use");
        co_await self.sleep(1s);
      }
      run.exit_reason("");
      co_return ocf::kSuccess;
    }
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {  // vgs, lvs, vgchange; assumed
    if (action == "start") return sim::LogNormal{.median = 600ms, .sigma = 0.3};
    if (action == "stop") return sim::LogNormal{.median = 400ms, .sigma = 0.3};
    return sim::LogNormal{.median = 80ms, .sigma = 0.3};
  }

 private:
  static int started(AgentRun& run, VolumeGroups::Answer answer, const std::string& group) {
    if (answer == VolumeGroups::Answer::done) return ocf::kSuccess;
    run.exit_reason("Volume group[" + group + "] cannot be activated: its device is not there");
    return ocf::kGenericError;
  }
};

}  // namespace

std::unique_ptr<Agent> make_lvm_activate_agent() { return std::make_unique<LvmActivateAgent>(); }

}  // namespace fencepost::models
