// ocf:heartbeat:IPaddr2
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/addresses.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

class IPaddr2Agent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    Addresses& addresses = machine.world().part<Addresses>();
    const std::string address{run.parameter("ip")};
    const std::string& action = run.action();
    if (address.empty()) co_return ocf::kNotConfigured;
    addresses.name(run.resource(), address);
    machine.part<ResourceTruth>().watch(run.resource(), [&machine, &addresses, address] {
      return addresses.is_bound(machine, address) ? kStarted : kStopped;
    });
    if (action == "monitor" || action == "status") {
      co_return addresses.is_bound(machine, address) ? ocf::kSuccess : ocf::kNotRunning;
    }
    if (action == "start") {
      addresses.bind(machine, address);
      // IPv6 waits until nobody else claims the address: up to 10 s in the foreground, 1 s if all is well.
      if (address.find(':') != std::string::npos && !ocf_true(run.parameter("nodad", "false")))
        co_await self.sleep(1s);
      // The first of arp_count packets goes out at once; the rest follow in the background and change
      // nothing.
      if (to_int(run.parameter("arp_count", "5"), 5) > 0) addresses.announce(machine, address);
      co_return ocf::kSuccess;
    }
    if (action == "stop") {
      addresses.release(machine, address);
      co_return ocf::kSuccess;
    }
    if (action == "validate-all" || action == "meta-data" || action == "notify") co_return ocf::kSuccess;
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    // findif, ip addr, and the first ARP packet. All in all a start took 72-112 ms (n = 6), a stop 44-68 (3),
    // a recurring monitor about 50 (real-agents).
    if (action == "start") return sim::LogNormal{.median = 50ms, .sigma = 0.3};
    return sim::LogNormal{.median = 14ms, .sigma = 0.3};
  }
};

}  // namespace

std::unique_ptr<Agent> make_ipaddr2_agent() { return std::make_unique<IPaddr2Agent>(); }

}  // namespace fencepost::models
