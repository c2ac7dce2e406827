// ocf:heartbeat:apache and ocf:heartbeat:nginx
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/web_servers.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

class WebAgent final : public StorageAgent {
 public:
  // `asks`: its plain monitor asks the server for its status, apache's statusurl. nginx's looks for the
  // process, and asks from OCF_CHECK_LEVEL 10 on.
  WebAgent(std::string program, Duration start, Duration stop, bool asks)
      : program_(std::move(program)), start_(start), stop_(stop), asks_(asks) {}

  Script run(Process& self, AgentRun& run) override {
    const std::string& action = run.action();
    if (action == "meta-data" || action == "validate-all" || action == "notify") co_return ocf::kSuccess;
    Machine& machine = self.machine();
    static_cast<void>(machine.world().part<WebServers>().config(run.resource()));  // known from here on
    WebServer& server = machine.part<WebServersOfMachine>().find(run.resource(), program_);
    machine.part<ResourceTruth>().watch(run.resource(),
                                        [&server] { return server.runs() ? kStarted : kStopped; });
    if (action == "start") {
      server.start();
      co_return co_await answer(self, server);
    }
    if (action == "stop") {
      server.stop();
      while (!server.ended())
        co_await self.wait(server.changed, {.call = "wait", .object = server.resource(), .killable = true});
      co_return ocf::kSuccess;
    }
    if (action != "monitor" && action != "status") co_return ocf::kUnimplemented;
    if (!server.runs()) co_return ocf::kNotRunning;
    const bool deep = to_int(run.parameter("OCF_CHECK_LEVEL"), 0) >= 10;
    if (!asks_ && !deep) co_return ocf::kSuccess;
    co_return co_await answer(self, server);
  }

 protected:
  sim::Distribution work(std::string_view action) const override {  // assumed
    if (action == "start") return sim::LogNormal{.median = start_, .sigma = 0.3};
    if (action == "stop") return sim::LogNormal{.median = stop_, .sigma = 0.3};
    return sim::LogNormal{.median = 60ms, .sigma = 0.3};
  }

 private:
  // Of a request that needs no page. Who has no worker left answers nothing.
  static Script answer(Process& self, WebServer& server) {
    while (server.runs() && !server.answers())
      co_await self.wait(server.changed, {.call = "recv", .object = server.resource(), .killable = true});
    co_return server.runs() ? ocf::kSuccess : ocf::kGenericError;
  }

  std::string program_;
  Duration start_, stop_;
  bool asks_;
};

}  // namespace

std::unique_ptr<Agent> make_apache_agent() {
  return std::make_unique<WebAgent>("apache2", 1200ms, 1500ms, true);
}
std::unique_ptr<Agent> make_nginx_agent() { return std::make_unique<WebAgent>("nginx", 300ms, 400ms, false); }

}  // namespace fencepost::models
