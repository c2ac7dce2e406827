// ocf:heartbeat:iscsi: logs in to a target and out again.
#include <memory>
#include <set>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/iscsi.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// Sessions with targets that the scenario does not describe: nothing lies on them.
struct OtherSessions final : MachinePart {
  explicit OtherSessions(Machine&) {}
  std::set<std::string, std::less<>> open;
};

class IscsiAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    const std::string& action = run.action();
    if (action == "meta-data" || action == "validate-all" || action == "notify") co_return ocf::kSuccess;
    Machine& machine = self.machine();
    IscsiTargets& targets = machine.world().part<IscsiTargets>();
    IscsiSession* session = targets.session(machine, run.parameter("target"));
    if (!session) session = targets.session(machine, run.parameter("portal"));
    if (!session) co_return without_target(machine, run);
    machine.part<ResourceTruth>().watch(run.resource(),
                                        [session] { return session->exists() ? kStarted : kStopped; });
    if (action == "start") {
      const bool done = session->log_in();
      machine.part<ResourceTruth>().refresh();
      if (!done) run.exit_reason("cannot log in: the target does not answer");
      co_return done ? ocf::kSuccess : ocf::kGenericError;
    }
    if (action == "stop") {
      session->log_out();
      machine.part<ResourceTruth>().refresh();
      co_return ocf::kSuccess;
    }
    // iscsiadm lists a session for as long as iscsid tries to get it back.
    if (action == "monitor" || action == "status")
      co_return session->exists() ? ocf::kSuccess : ocf::kNotRunning;
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {  // discovery, login, udev; assumed
    if (action == "start") return sim::LogNormal{.median = 1500ms, .sigma = 0.3};
    if (action == "stop") return sim::LogNormal{.median = 800ms, .sigma = 0.3};
    return sim::LogNormal{.median = 80ms, .sigma = 0.3};
  }

 private:
  static int without_target(Machine& machine, AgentRun& run) {
    auto& open = machine.part<OtherSessions>().open;
    const std::string resource{run.resource()};
    machine.part<ResourceTruth>().watch(
        resource, [&open, resource] { return open.contains(resource) ? kStarted : kStopped; });
    const std::string& action = run.action();
    if (action == "start") open.insert(resource);
    if (action == "stop") open.erase(resource);
    machine.part<ResourceTruth>().refresh();
    if (action == "start" || action == "stop") return ocf::kSuccess;
    if (action == "monitor" || action == "status")
      return open.contains(resource) ? ocf::kSuccess : ocf::kNotRunning;
    return ocf::kUnimplemented;
  }
};

}  // namespace

std::unique_ptr<Agent> make_iscsi_agent() { return std::make_unique<IscsiAgent>(); }

}  // namespace fencepost::models
