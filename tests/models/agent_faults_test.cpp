// The lab's `agent` fault, laid over agents.
#include <catch2/catch.hpp>

#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

using Mode = fault::AgentFault::Mode;

struct AgentWorld : TinyWorld {
  static WorldConfig config() {
    WorldConfig config = tiny_config(2);
    config.agents.everywhere["fs"]["start"] = sim::Constant{500ms};
    config.agents.everywhere["fs"]["monitor"] = sim::Constant{100ms};
    config.agents.on_node["n2"]["fs"]["start"] = sim::Constant{2s};
    return config;
  }
  AgentWorld() : TinyWorld(config()) {
    form();
    t0 = world.now();
  }
  node::CallId act(std::string_view node, std::string action, Duration interval = {}) {
    node::AgentCommand command = ocf_command("Sim", "fs", std::move(action), 5s);
    command.provider = "lab";
    command.interval = interval;
    return run_agent(node, command);
  }
  // Exit code and seconds of an action, run to its end.
  std::pair<std::optional<int>, double> result(std::string_view node, std::string action,
                                               Duration interval = {}) {
    const SimTime start = world.now();
    const node::CallId call = act(node, std::move(action), interval);
    run(30s);
    const auto took = exit_time(node, call, start);
    return {exit_code(node, call), took ? to_seconds(*took) : -1.0};
  }
  SimTime t0;
};

}  // namespace

TEST_CASE("generic agent: takes the time it is given, per node, plus 17-60 ms to start", "[agent]") {
  AgentWorld world;
  const auto [rc1, took1] = world.result("n1", "start");
  CHECK(rc1 == ocf::kSuccess);
  CHECK(took1 >= 0.517);
  CHECK(took1 <= 0.56);
  const auto [rc2, took2] = world.result("n2", "start");
  CHECK(took2 >= 2.017);
  CHECK(took2 <= 2.06);
}

TEST_CASE("generic agent: start takes effect at its end, stop at its beginning", "[agent]") {
  AgentWorld world;
  world.act("n1", "start");
  world.run(500ms);
  CHECK(world.machine("n1").role("fs") == kStopped);
  world.run(100ms);
  CHECK(world.machine("n1").role("fs") == kStarted);
  world.act("n1", "stop");
  world.run(60ms);
  CHECK(world.machine("n1").role("fs") == kStopped);
}

TEST_CASE("agent fault: rc does nothing and says so, for as many calls as it counts", "[agent]") {
  AgentWorld world;
  world.inject(fault::AgentFault{.resource = "fs", .action = "start", .mode = Mode::rc, .rc = 1, .count = 1});
  CHECK(world.result("n1", "start").first == 1);
  CHECK(world.machine("n1").role("fs") == kStopped);
  CHECK(world.result("n1", "start").first == 0);
  CHECK(world.machine("n1").role("fs") == kStarted);
}

TEST_CASE("agent fault: apply does it and says otherwise", "[agent]") {
  AgentWorld world;
  world.inject(
      fault::AgentFault{.resource = "fs", .action = "start", .mode = Mode::apply, .rc = 1, .count = 1});
  CHECK(world.result("n1", "start").first == 1);
  CHECK(world.machine("n1").role("fs") == kStarted);
}

TEST_CASE("agent fault: a fault of monitors leaves probes alone unless it says otherwise", "[agent]") {
  AgentWorld world;
  world.inject(fault::AgentFault{.resource = "fs", .action = "monitor", .mode = Mode::rc, .rc = 1});
  CHECK(world.result("n1", "monitor").first == ocf::kNotRunning);
  CHECK(world.result("n1", "monitor", 10s).first == 1);
}

TEST_CASE("agent fault: hang is overdue and SIGKILL ends it", "[agent]") {
  AgentWorld world;
  world.inject(fault::AgentFault{.resource = "*", .action = "stop", .node = "n1", .mode = Mode::hang});
  const node::CallId call = world.act("n1", "stop");
  world.run(6s);
  CHECK(world.heard_by<node::AgentOverdue>("n1", world.t0).size() == 1);
  world.machine("n1").stack().kill(call);
  world.run(1s);
  CHECK(world.exit_time("n1", call, world.t0));
}

TEST_CASE("agent fault: stuck outlives SIGKILL until it is cleared", "[agent]") {
  AgentWorld world;
  world.inject(
      fault::AgentFault{.resource = "fs", .action = "monitor", .mode = Mode::stuck, .count = 1, .id = "s1"});
  const node::CallId call = world.act("n1", "monitor", 10s);
  world.run(6s);
  world.machine("n1").stack().kill(call);
  world.run(10s);
  CHECK_FALSE(world.exit_time("n1", call, world.t0));
  world.inject(fault::AgentClear{.id = "s1"});
  world.run(1s);
  CHECK(world.exit_time("n1", call, world.t0));
}

TEST_CASE("agent fault: delay takes longer by so much", "[agent]") {
  AgentWorld world;
  world.inject(fault::AgentFault{.resource = "fs", .action = "start", .mode = Mode::delay, .seconds = 3s});
  const auto [rc, took] = world.result("n1", "start");
  CHECK(rc == 0);
  CHECK(took >= 3.5);
  CHECK(took <= 3.57);
}

TEST_CASE("agent fault: ends by itself after its time", "[agent]") {
  AgentWorld world;
  world.inject(
      fault::AgentFault{.resource = "fs", .action = "start", .mode = Mode::rc, .rc = 1, .lasts = 10s});
  CHECK(world.result("n1", "start").first == 1);
  CHECK(world.result("n1", "start").first == 0);
  CHECK(world.seen<backend::FaultEnded>().size() == 1);
}

TEST_CASE("generic stateful: promotion scores reach the engine as attributes of this node", "[agent]") {
  AgentWorld world;
  node::AgentCommand command = ocf_command("Stateful", "drbd", "start");
  command.provider = "lab";
  world.run_agent("n1", command);
  world.run(1s);
  const auto asked = world.heard_by<node::AttributeRequested>("n1", world.t0);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].second.name == "master-drbd");
  CHECK(asked[0].second.value == "5");
  CHECK(world.machine("n1").role("drbd") == kUnpromoted);
}

TEST_CASE("agents: one that has no model runs as a generic one, and the run says so once", "[agent]") {
  AgentWorld world;
  for (const char* action : {"start", "monitor"}) {
    world.run_agent("n1", ocf_command("NeverHeardOf", "x", action));
    world.run(1s);
  }
  CHECK(world.machine("n1").role("x") == kStarted);
  const auto notes = world.seen<backend::Noted>();
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].second.text.find("ocf:test:NeverHeardOf is not modelled") != std::string::npos);
}
