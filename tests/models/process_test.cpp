// Processes: what they wait for, what ends them, and what does not.
#include <catch2/catch.hpp>

#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

// A dead NFS server on n1: what is asked of it is answered when it lives again.
struct DeadServer final : WorldPart {
  explicit DeadServer(World&) {}
  WaitQueue waiting;
  bool lives = false;
  bool forgets_kill = false;  // its waits cannot be killed
  int closed = 0;             // files closed, by whatever way

  void revive() {
    lives = true;
    waiting.wake_all();
  }
};

struct OpenFile {
  explicit OpenFile(DeadServer& on) : server(on) {}
  ~OpenFile() { ++server.closed; }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  DeadServer& server;
};

Task<int> statfs(Process& self) {
  auto& server = self.world().part<DeadServer>();
  const OpenFile file(server);
  while (!server.lives) co_await self.wait(server.waiting, {"statfs", "/home", !server.forgets_kill});
  co_return 0;
}

Script df(Process& self) { co_return co_await statfs(self); }

// A monitor that asks for all mounts in a child, as older agents do with df.
Script monitor_with_df(Process& self, AgentRun&) {
  Process& child = self.fork("df");
  const ExitStatus status = co_await self.exec(child, df(child));
  co_return status.success() ? ocf::kSuccess : ocf::kGenericError;
}

// A monitor whose own process asks.
Script monitor_itself(Process& self, AgentRun&) { co_return co_await statfs(self); }

Script two_sleeps(Process& self, AgentRun&) {
  co_await self.sleep(1s);
  co_await self.sleep(2s);
  co_return ocf::kNotRunning;
}

Script impatient(Process& self, AgentRun&) {
  Process& child = self.fork("timeout 3 df");
  const ExitStatus status = co_await self.exec_at_most(child, df(child), 3s);
  if (status.killed()) child.kill();
  co_return status.killed() ? 124 : 0;
}

Script background(Process& self, AgentRun&) {
  Process& child = self.fork("df &");
  self.exec_in_background(child, df(child));
  co_return ocf::kSuccess;
}

struct ProcessWorld : TinyWorld {
  ProcessWorld() {
    const auto add = [&](const char* type, ScriptedAgent::Body body) {
      world.agents().add({node::AgentClass::ocf, "test", type}, std::make_unique<ScriptedAgent>(body));
    };
    add("TwoSleeps", two_sleeps);
    add("Df", monitor_with_df);
    add("Itself", monitor_itself);
    add("Impatient", impatient);
    add("Background", background);
    form();
    t0 = world.now();
  }
  DeadServer& server() { return world.part<DeadServer>(); }
  SimTime t0;
};

}  // namespace

TEST_CASE("process: an agent takes its sleeps and the time to start it", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("TwoSleeps", "db", "monitor"));
  world.run(10s);

  CHECK(world.exit_code("n1", call) == ocf::kNotRunning);
  const auto took = world.exit_time("n1", call, world.t0);
  REQUIRE(took);
  CHECK(*took >= 3s + 17ms);
  CHECK(*took <= 3s + 60ms);
  CHECK(world.heard_by<node::AgentOverdue>("n1").empty());
}

TEST_CASE("process: the record says which call on which mount held whom", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("Df", "fs", "monitor", 40s));
  world.run(5s);

  const auto blocked = world.seen<backend::ProcessBlocked>();
  REQUIRE(blocked.size() == 1);
  CHECK(blocked[0].second.node == "n1");
  CHECK(blocked[0].second.command == "df");
  CHECK(blocked[0].second.call == "statfs");
  CHECK(blocked[0].second.object == "/home");
  CHECK(blocked[0].second.resource == "fs");
  CHECK(blocked[0].second.for_call == call);
  CHECK(world.seen<backend::ProcessUnblocked>().empty());
}

TEST_CASE("process: a server that answers again lets the run end as if nothing had been", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("Df", "fs", "monitor", 40s));
  world.world.at(world.t0 + 12s, [&] { world.server().revive(); });
  world.run(20s);

  CHECK(world.exit_code("n1", call) == ocf::kSuccess);
  CHECK(world.exit_time("n1", call, world.t0) == Duration(12s));
  CHECK(world.server().closed == 1);
  const auto unblocked = world.seen<backend::ProcessUnblocked>();
  REQUIRE(unblocked.size() == 1);
  CHECK_FALSE(unblocked[0].second.killed);
}

TEST_CASE("process: overdue is said once, at the timeout, and kills nothing", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("Df", "fs", "monitor", 10s));
  world.run(60s);

  const auto overdue = world.heard_by<node::AgentOverdue>("n1", world.t0);
  REQUIRE(overdue.size() == 1);
  CHECK(overdue[0].first == 10s);
  CHECK(overdue[0].second.call == call);
  CHECK_FALSE(world.exit_time("n1", call, world.t0));
  CHECK(world.machine("n1").processes().size() == 2);
}

TEST_CASE("process: SIGKILL ends a killable wait at once, with everything that the process held",
          "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("Df", "fs", "monitor", 10s));
  world.run(10s);
  world.machine("n1").stack().kill(call);
  world.run(1s);

  CHECK(world.machine("n1").processes().empty());
  CHECK(world.server().closed == 1);
  REQUIRE(world.exit_time("n1", call, world.t0));
  CHECK(*world.exit_time("n1", call, world.t0) < 10s + 10ms);
  CHECK_FALSE(world.exit_code("n1", call));
}

TEST_CASE("process: what waits in D state outlives SIGKILL and dies when the wait is over", "[process]") {
  ProcessWorld world;
  world.server().forgets_kill = true;
  const node::CallId call = world.run_agent("n1", ocf_command("Itself", "fs", "monitor", 10s));
  world.run(10s);
  world.machine("n1").stack().kill(call);
  world.run(50s);

  CHECK_FALSE(world.exit_time("n1", call, world.t0));
  REQUIRE(world.machine("n1").processes().size() == 1);
  CHECK(world.machine("n1").processes()[0]->in_d_state());

  world.server().revive();
  world.run(1s);
  REQUIRE(world.exit_time("n1", call, world.t0));
  CHECK(*world.exit_time("n1", call, world.t0) >= 60s);
  CHECK_FALSE(world.exit_code("n1", call));
  CHECK(world.machine("n1").processes().empty());
}

TEST_CASE("process: an agent whose child is in D state dies, and the child stays behind", "[process]") {
  ProcessWorld world;
  world.server().forgets_kill = true;
  const node::CallId call = world.run_agent("n1", ocf_command("Df", "fs", "monitor", 10s));
  world.run(10s);
  world.machine("n1").stack().kill(call);
  world.run(1s);

  CHECK(world.exit_time("n1", call, world.t0));
  REQUIRE(world.machine("n1").processes().size() == 1);
  CHECK(world.machine("n1").processes()[0]->command_line() == "df");
  CHECK(world.machine("n1").processes()[0]->parent() == nullptr);
}

TEST_CASE("process: who waits no longer than a limit goes on without its child", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("Impatient", "fs", "monitor", 10s));
  world.run(8s);

  CHECK(world.exit_code("n1", call) == 124);
  CHECK(*world.exit_time("n1", call, world.t0) < 3s + 100ms);
  CHECK(world.machine("n1").processes().empty());
}

TEST_CASE("process: nobody waits for a child in the background", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("Background", "fs", "start", 10s));
  world.run(30s);

  CHECK(world.exit_code("n1", call) == ocf::kSuccess);
  CHECK(world.machine("n1").processes().size() == 1);
  CHECK(world.heard_by<node::AgentOverdue>("n1").empty());
}

TEST_CASE("process: power-off ends everything, D state or not, and nothing is reported", "[process]") {
  ProcessWorld world;
  world.server().forgets_kill = true;
  world.run_agent("n1", ocf_command("Itself", "fs", "monitor", 10s));
  world.run_agent("n1", ocf_command("Df", "fs", "stop", 10s));
  world.run(5s);
  world.machine("n1").power_off("test");
  world.server().revive();
  world.run(60s);

  CHECK(world.machine("n1").processes().empty());
  CHECK(world.server().closed == 2);
  CHECK(world.server().waiting.empty());
  CHECK(world.heard_by<node::AgentExited>("n1", world.t0).empty());
}

TEST_CASE("process: a frozen machine's processes go on where they stood, late", "[process]") {
  ProcessWorld world;
  const node::CallId call = world.run_agent("n1", ocf_command("TwoSleeps", "db", "monitor"));
  world.run(500ms);
  world.machine("n1").freeze();
  world.run(600ms);
  world.machine("n1").thaw();
  world.run(10s);

  // The first sleep was over at 1 s + start, while the machine stood still until 1.1 s; the second began
  // then.
  const auto took = world.exit_time("n1", call, world.t0);
  REQUIRE(took);
  CHECK(*took == 1100ms + 2s);
}

TEST_CASE("process: a run that never blocks costs one event", "[process]") {
  ProcessWorld world;
  node::AgentCommand command = ocf_command("Dummy", "d", "monitor");
  command.provider = "pacemaker";
  world.run_agent("n1", command);
  const std::uint64_t before = world.world.events();
  world.run(1s);
  CHECK(world.world.events() - before == 1);
  CHECK(world.heard_by<node::AgentExited>("n1", world.t0).size() == 1);
}
