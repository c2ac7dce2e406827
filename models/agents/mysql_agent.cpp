// ocf:heartbeat:mysql and ocf:heartbeat:mariadb, without replication
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/database/server.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// SIGKILL so long before the stop's timeout (ocf:heartbeat:mysql).
constexpr Duration kKillBeforeTimeout = 5s;
constexpr int kSelects = 10;  // OCF_CHECK_LEVEL from which the monitor selects (the agent's metadata)

class MysqlAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    const std::string data{run.parameter("datadir", "/var/lib/mysql")};
    DatabaseServer& server = machine.part<DatabaseServers>().find(DatabaseKind::mysql, run.resource(), data);
    machine.part<ResourceTruth>().watch(run.resource(), [&server] {
      return server.state() == ServerState::running || server.state() == ServerState::stopping ? kStarted
                                                                                               : kStopped;
    });
    const std::string& action = run.action();
    if (action == "monitor" || action == "status") co_return co_await monitor(self, run, server);
    if (action == "start") co_return co_await start(self, run, server);
    if (action == "stop") co_return co_await stop(self, run, server);
    if (action == "validate-all" || action == "meta-data" || action == "notify") co_return ocf::kSuccess;
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "monitor" || action == "status") return sim::LogNormal{.median = 20ms, .sigma = 0.3};
    return sim::LogNormal{.median = 70ms, .sigma = 0.3};  // mysqld_safe, directories
  }

 private:
  // A process is enough, unless a check level asks for a SELECT.
  static Script monitor(Process& self, AgentRun& run, DatabaseServer& server) {
    if (!server.has_process()) co_return ocf::kNotRunning;
    if (to_int(run.parameter("OCF_CHECK_LEVEL", "0"), 0) < kSelects) co_return ocf::kSuccess;
    Process& client = self.fork("mysql -e 'SELECT COUNT(*)'");
    const ExitStatus answered = co_await self.exec(client, select(client, server));
    if (answered.success()) co_return ocf::kSuccess;
    run.exit_reason(server.answer() == ServerAnswer::too_many_clients
                        ? "Too many connections"
                        : "Failed to select from the test table");
    co_return ocf::kGenericError;
  }

  // It waits until clients are answered: recovery of InnoDB counts against the timeout, without a bound of
  // its own.
  static Script start(Process& self, AgentRun& run, DatabaseServer& server) {
    if (server.has_process() && server.answer() == ServerAnswer::row) co_return ocf::kSuccess;
    if (!server.data_accessible()) {
      run.exit_reason("Datadir " + server.data_directory() + " doesn't exist");
      co_return ocf::kNotInstalled;
    }
    if (!server.start()) {
      run.exit_reason("MySQL start command failed, please check your installation");
      co_return ocf::kGenericError;
    }
    while (server.answer() != ServerAnswer::row) {
      co_await self.sleep(1s);
      if (server.has_process()) continue;
      run.exit_reason("MySQL server failed to start, please check your installation");
      co_return ocf::kGenericError;
    }
    co_return ocf::kSuccess;
  }

  static Script stop(Process& self, AgentRun& run, DatabaseServer& server) {
    if (!server.has_process()) co_return ocf::kSuccess;
    server.stop_fast();
    const SimTime patience = run.started() + run.command().timeout - kKillBeforeTimeout;
    while (server.has_process() && self.world().now() < patience) co_await self.sleep(1s);
    if (server.has_process()) server.stop_by_force();
    while (server.has_process()) co_await self.sleep(1s);
    co_return ocf::kSuccess;
  }

  static Script select(Process& self, DatabaseServer& server) {
    while (server.answer() == ServerAnswer::silence)
      co_await self.wait(server.changed,
                         {.call = "poll", .object = server.data_directory(), .killable = true});
    if (server.answer() != ServerAnswer::row) co_return 1;
    co_await self.sleep(server.select_time());
    co_return 0;
  }
};

}  // namespace

std::unique_ptr<Agent> make_mysql_agent() { return std::make_unique<MysqlAgent>(); }

}  // namespace fencepost::models
