// ocf:heartbeat:nfsserver and ocf:heartbeat:exportfs
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/nfs_servers.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

bool says_nothing_of_the_world(const std::string& action) {
  return action == "meta-data" || action == "validate-all" || action == "notify";
}

// The kernel's server, its mountd and statd, as systemd units.
class NfsServerAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    if (says_nothing_of_the_world(run.action())) co_return ocf::kSuccess;
    Machine& machine = self.machine();
    NfsDaemon& daemon = machine.part<NfsDaemon>();
    machine.part<ResourceTruth>().watch(run.resource(),
                                        [&daemon] { return daemon.runs() ? kStarted : kStopped; });
    const std::string& action = run.action();
    if (action == "monitor" || action == "status") co_return daemon.runs() ? ocf::kSuccess : ocf::kNotRunning;
    if (action == "start" || action == "stop") {
      daemon.run(action == "start");
      co_return ocf::kSuccess;
    }
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "start") return sim::LogNormal{.median = 2500ms, .sigma = 0.3};
    if (action == "stop") return sim::LogNormal{.median = 1500ms, .sigma = 0.3};
    return sim::LogNormal{.median = 100ms, .sigma = 0.3};
  }
};

// One directory. Its fsid makes file handles the same on every node, so that clients go on after a failover.
class ExportfsAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    if (says_nothing_of_the_world(run.action())) co_return ocf::kSuccess;
    Machine& machine = self.machine();
    NfsDaemon& daemon = machine.part<NfsDaemon>();
    const std::string directory{run.parameter("directory")};
    const std::string& action = run.action();
    if (directory.empty()) co_return ocf::kNotConfigured;
    machine.part<ResourceTruth>().watch(
        run.resource(), [&daemon, directory] { return daemon.exports(directory) ? kStarted : kStopped; });
    if (action == "monitor" || action == "status")
      co_return daemon.exports(directory) ? ocf::kSuccess : ocf::kNotRunning;
    if (action == "start") {
      daemon.export_directory(directory);
      co_return ocf::kSuccess;
    }
    if (action == "stop") {
      daemon.unexport(directory);
      // Clients' leases run out before the filesystem goes away: NFSv4's lease time is 90 s, and two more
      // (the agent's metadata).
      if (ocf_true(run.parameter("wait_for_leasetime_on_stop", "false"))) co_await self.sleep(92s);
      co_return ocf::kSuccess;
    }
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "start") return sim::LogNormal{.median = 120ms, .sigma = 0.3};
    if (action == "stop") return sim::LogNormal{.median = 150ms, .sigma = 0.3};
    return sim::LogNormal{.median = 60ms, .sigma = 0.3};
  }
};

}  // namespace

std::unique_ptr<Agent> make_nfsserver_agent() { return std::make_unique<NfsServerAgent>(); }
std::unique_ptr<Agent> make_exportfs_agent() { return std::make_unique<ExportfsAgent>(); }

}  // namespace fencepost::models
