// ocf:heartbeat:pgsql: one server. With replication: pgsql_replication.cpp
#include <memory>
#include <string>

#include "models/agents/pgsql_agent.h"
#include "models/agents/storage_agents.h"
#include "models/database/server.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// pg_ctl, by su. A start that found the server up at the first look took 0.16-0.20 s, one that looked
// again 1.16-1.30; a stop 0.13 s, or 1.12-1.19 (real-agents, n = 12).
constexpr sim::LogNormal kPgCtl{.median = 75ms, .sigma = 0.2};

Duration machine_time(Process& self, const sim::Distribution& takes) { return self.machine().sample(takes); }

Script wait_for_answer(Process& self, DatabaseServer& server) {
  while (server.answer() == ServerAnswer::silence) {
    co_await self.wait(server.changed, {.call = "poll", .object = server.data_directory(), .killable = true});
  }
  co_return 0;
}

}  // namespace

namespace pgsql {

// A process, and an answer to "select now();" over a client connection.
Script monitor(Process& self, AgentRun& run, DatabaseServer& server) {
  if (!server.has_process()) co_return ocf::kNotRunning;
  if (server.answer() == ServerAnswer::silence) {
    Process& psql = self.fork("psql -c 'select now();'");
    co_await self.exec(psql, wait_for_answer(psql, server));
  }
  switch (server.answer()) {
    case ServerAnswer::row:
      co_await self.sleep(server.select_time());
      co_return ocf::kSuccess;
    case ServerAnswer::starting_up:
      run.exit_reason("the database system is starting up");
      break;
    case ServerAnswer::too_many_clients:
      run.exit_reason("sorry, too many clients already");
      break;
    case ServerAnswer::refused:
    case ServerAnswer::silence:
      run.exit_reason("could not connect to server");
      break;
  }
  co_return server.has_process() ? ocf::kGenericError : ocf::kNotRunning;
}

Script wait_until_up(Process& self, AgentRun& run, DatabaseServer& server) {
  co_await self.sleep(machine_time(self, kPgCtl));
  for (;;) {
    const int rc = co_await monitor(self, run, server);
    if (rc == ocf::kSuccess) break;
    if (rc == ocf::kNotRunning) {
      run.exit_reason("Can't start PostgreSQL.");
      co_return ocf::kGenericError;
    }
    co_await self.sleep(1s);
  }
  run.exit_reason("");
  co_return ocf::kSuccess;
}

// -m fast; after stop_escalate -m immediate. A timeout shorter than that escalates 10 s before its end.
// (ocf:heartbeat:pgsql: stop_escalate)
Script stop(Process& self, AgentRun& run, DatabaseServer& server) {
  if (!server.has_process()) co_return ocf::kSuccess;
  Duration escalate = std::chrono::seconds(to_int(run.parameter("stop_escalate", "90"), 90));
  const Duration timeout = run.command().timeout;
  if (timeout <= escalate) escalate = std::max<Duration>(1s, timeout - 10s);
  server.stop_fast();
  co_await self.sleep(machine_time(self, kPgCtl));
  const SimTime patience = self.world().now() + escalate;
  while (server.has_process() && self.world().now() < patience) co_await self.sleep(1s);
  if (server.has_process()) server.stop_immediately();
  while (server.has_process()) co_await self.sleep(1s);
  co_return ocf::kSuccess;
}

}  // namespace pgsql

namespace {

// Crash recovery counts against the timeout: it looks every second until a client is answered.
Script start(Process& self, AgentRun& run, DatabaseServer& server) {
  if (server.answer() == ServerAnswer::row) co_return ocf::kSuccess;
  if (!server.data_accessible()) {
    run.exit_reason("Data directory " + server.data_directory() + " doesn't exist");
    co_return ocf::kNotInstalled;
  }
  if (!server.start()) {
    run.exit_reason("Can't start PostgreSQL.");
    co_return ocf::kGenericError;
  }
  co_return co_await pgsql::wait_until_up(self, run, server);
}

class PgsqlAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    const std::string data{run.parameter("pgdata", "/var/lib/pgsql/data")};
    DatabaseServer& server =
        machine.part<DatabaseServers>().find(DatabaseKind::postgres, run.resource(), data);
    const std::string& action = run.action();
    const std::string_view mode = run.parameter("rep_mode", "none");
    const bool is_replicated = mode == "async" || mode == "sync";
    machine.part<ResourceTruth>().watch(run.resource(), [&server, is_replicated] {
      if (server.state() != ServerState::running && server.state() != ServerState::stopping) return kStopped;
      if (!is_replicated) return kStarted;
      return server.is_standby() ? kUnpromoted : kPromoted;
    });
    if (is_replicated) co_return co_await pgsql::replicated(self, run, server);
    if (action == "monitor" || action == "status") co_return co_await pgsql::monitor(self, run, server);
    if (action == "start") co_return co_await start(self, run, server);
    if (action == "stop") co_return co_await pgsql::stop(self, run, server);
    if (action == "validate-all" || action == "meta-data" || action == "methods" || action == "notify") {
      co_return ocf::kSuccess;
    }
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "monitor" || action == "status")
      return sim::LogNormal{.median = 35ms, .sigma = 0.3};  // su, psql
    return sim::LogNormal{.median = 42ms, .sigma = 0.3};
  }
};

}  // namespace

std::unique_ptr<Agent> make_pgsql_agent() { return std::make_unique<PgsqlAgent>(); }

}  // namespace fencepost::models
