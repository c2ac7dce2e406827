// Machines: power, boot, freezing, the stack, and what survives.
#include <catch2/catch.hpp>

#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

TEST_CASE("machine: power-on, then boot, then corosync, its own membership, and the engine", "[machine]") {
  TinyWorld world;
  world.machine("n1").power_on("test");
  world.run(10s);

  const auto power = world.seen<backend::PowerChanged>();
  const auto membership = world.seen<backend::MembershipSeen>();
  const auto stack = world.seen<backend::StackChanged>();
  REQUIRE(power.size() == 1);
  REQUIRE(membership.size() == 1);
  REQUIRE(stack.size() == 1);
  // 5 s of boot and 35-110 ms of set-up, 50-90 ms until corosync runs, 335-375 until its own membership,
  // 10-18 until the engine.
  CHECK(membership[0].first >= 5s + 420ms);
  CHECK(membership[0].first <= 5s + 575ms);
  CHECK(membership[0].second.members == std::vector<std::string>{"n1"});
  CHECK(stack[0].first - membership[0].first >= 10ms);
  CHECK(stack[0].first - membership[0].first <= 18ms);

  REQUIRE(world.heard.size() >= 2);
  CHECK(std::holds_alternative<node::Booted>(world.heard[0].event));
  CHECK(std::holds_alternative<node::MembershipFormed>(world.heard[1].event));
}

TEST_CASE("machine: what was persisted and written survives the power, what was in memory does not",
          "[machine]") {
  TinyWorld world;
  world.form();
  Machine& n1 = world.machine("n1");
  const auto cib = std::shared_ptr<const cib::Cib>(std::shared_ptr<int>(new int{1}), nullptr);
  n1.set_role("db", kStarted);
  n1.stack().persist(cib);
  world.run(1s);
  const auto lost = std::shared_ptr<const cib::Cib>(std::shared_ptr<int>(new int{2}), nullptr);
  n1.stack().persist(lost);
  n1.power_off("test");
  CHECK(n1.role("db") == kStopped);
  CHECK_FALSE(n1.stack().up());

  n1.up_at_once("test");
  world.run(2s);
  const auto booted = world.heard_by<node::Booted>("n1");
  REQUIRE(booted.size() == 1);
  CHECK_FALSE(booted[0].second.stored.owner_before(cib));
  CHECK_FALSE(cib.owner_before(booted[0].second.stored));
}

TEST_CASE("machine: a frozen machine's timers ring late, in the order in which they were due", "[machine]") {
  TinyWorld world;
  world.form();
  const SimTime t0 = world.world.now();
  Stack& stack = world.machine("n1").stack();
  stack.arm(node::TimerId{3}, t0 + 300ms);
  stack.arm(node::TimerId{1}, t0 + 100ms);
  stack.arm(node::TimerId{2}, t0 + 200ms);
  stack.arm(node::TimerId{4}, t0 + 900ms);
  world.machine("n1").freeze();
  world.run(500ms);
  CHECK(world.heard_by<node::TimerFired>("n1", t0).empty());
  world.machine("n1").thaw();
  world.run(1s);

  const auto fired = world.heard_by<node::TimerFired>("n1", t0);
  REQUIRE(fired.size() == 4);
  CHECK(fired[0].second.timer == node::TimerId{1});
  CHECK(fired[1].second.timer == node::TimerId{2});
  CHECK(fired[2].second.timer == node::TimerId{3});
  CHECK(fired[2].first == 500ms);
  CHECK(fired[3].first == 900ms);
}

TEST_CASE("machine: arming an armed timer moves it, a cancelled one never fires", "[machine]") {
  TinyWorld world;
  world.form();
  const SimTime t0 = world.world.now();
  Stack& stack = world.machine("n1").stack();
  stack.arm(node::TimerId{1}, t0 + 1s);
  stack.arm(node::TimerId{1}, t0 + 3s);
  stack.arm(node::TimerId{2}, t0 + 2s);
  stack.cancel(node::TimerId{2});
  world.run(10s);
  const auto fired = world.heard_by<node::TimerFired>("n1", t0);
  REQUIRE(fired.size() == 1);
  CHECK(fired[0].first == 3s);
}

TEST_CASE("machine: an orderly stop ends the engine, then leaves, and the power follows if asked",
          "[machine]") {
  TinyWorld world;
  world.form();
  const SimTime t0 = world.world.now();
  world.inject(fault::Shutdown{.node = "n1", .power_off = true, .back_after = 10s});
  world.run(100ms);
  REQUIRE(world.heard_by<node::CommandReceived>("n1", t0).size() == 1);  // the engine is asked …
  const SimTime stopped = world.world.now();
  world.machine("n1").stack().stop_stack(node::StopStack::How::orderly, "shutdown");  // … and answers
  world.run(5s);

  const auto stacks = world.seen<backend::StackChanged>(stopped);
  REQUIRE(stacks.size() == 1);
  CHECK(stacks[0].first == 0s);
  // The others hear of the leave 86 to 256 ms after the engine's end (shutdown-standby); no token is waited
  // for.
  const auto views = world.heard_by<node::MembershipFormed>("n2", stopped);
  REQUIRE(views.size() == 1);
  CHECK(views[0].first >= 80ms);
  CHECK(views[0].first <= 330ms);
  CHECK(world.seen<backend::TokenLost>(t0).empty());
  const auto power = world.seen<backend::PowerChanged>(stopped);
  REQUIRE(power.size() == 1);
  CHECK(power[0].first >= 890ms);
  CHECK(power[0].first <= 1300ms);
  world.run(10s);
  CHECK(world.machine("n1").up());
}

TEST_CASE("machine: a panic resets the node, and it boots", "[machine]") {
  TinyWorld world;
  world.form();
  world.machine("n1").stack().stop_stack(node::StopStack::How::panic, "told that it was fenced");
  world.run(1s);
  CHECK(world.machine("n1").power() == Machine::Power::booting);
  world.run(5s);
  CHECK(world.machine("n1").up());
}

TEST_CASE("machine: who serves shows in the record, and a frozen node does not", "[machine]") {
  TinyWorld world;
  world.form();
  world.machine("n1").set_role("db", kUnpromoted);
  world.machine("n2").set_role("db", kUnpromoted);
  world.machine("n1").set_role("db", kPromoted);
  world.machine("n1").freeze();
  world.machine("n1").thaw();
  world.machine("n1").power_off("test");
  std::string story;
  for (const auto& [at, service] : world.seen<backend::ServiceChanged>()) {
    story += (service.available ? service.node : "nobody") + " ";
  }
  CHECK(story == "n1 nobody n1 nobody ");
}

TEST_CASE("world: the same seed tells the same story, another seed another one", "[world]") {
  const auto story = [](std::uint64_t seed) {
    TinyWorld world(tiny_config(3, seed));
    world.form();
    world.inject(fault::Crash{.node = "n2", .back_after = 10s});
    world.run(30s);
    return world.world.fingerprint();
  };
  CHECK(story(7) == story(7));
  CHECK(story(7) != story(8));
}

TEST_CASE("world: records are numbered without gaps, and a fault's end is recorded", "[world]") {
  TinyWorld world;
  world.world.power_on_all();
  world.run(5s);
  world.inject(fault::Pause{.node = "n1", .lasts = 300ms});
  CHECK(world.world.scheduled() == 1);
  world.run(5s);
  CHECK(world.world.scheduled() == 0);
  for (std::size_t i = 0; i < world.records.size(); ++i) CHECK(world.records[i].sequence == i);
  const auto ended = world.seen<backend::FaultEnded>();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].second.verb == "pause");
}

TEST_CASE("faults: what cannot be done says so and changes nothing", "[faults]") {
  TinyWorld world;
  world.form();
  const auto message = [&](Fault fault) {
    const Result<void> done = inject(world.world, {.index = 0, .fault = std::move(fault), .text = ""});
    return done ? "" : done.error().message;
  };
  CHECK(message(fault::Crash{.node = "n9"}) == "there is no node 'n9'");
  CHECK(message(fault::Crash{.node = "@promoted:db"}) == "nobody is @promoted:db now");
  CHECK(message(fault::LinkDown{.node = "n1", .network = "san"}).find("no network 'san'") !=
        std::string::npos);
  CHECK(message(fault::KillDaemon{.node = "n1", .daemon = "crmd"}).find("no daemon 'crmd'") !=
        std::string::npos);
  CHECK(world.records.empty());
}

namespace {

// How long after its order the last of eight agents, four on each of two nodes, comes to its first line.
Duration last_of_a_crowd(const char* type, node::AgentClass standard, bool one_machine) {
  WorldConfig config = tiny_config(2);
  config.one_machine = one_machine;
  TinyWorld world(std::move(config));
  world.form();
  for (int i = 0; i < 4; ++i) {
    for (const char* node : {"n1", "n2"}) {
      node::AgentCommand command = ocf_command(type, "r" + std::to_string(i), "monitor");
      command.standard = standard;
      world.run_agent(node, std::move(command));
    }
  }
  const AgentRun& last = *world.machine("n2").agent_runs().back();
  return last.began() - last.started();
}

}  // namespace

TEST_CASE("machine: agents that start at once share the cores, and those of one machine are more",
          "[machine]") {
  using node::AgentClass;
  const Duration apart = last_of_a_crowd("Dummy", AgentClass::ocf, false);
  const Duration together = last_of_a_crowd("Dummy", AgentClass::ocf, true);
  CHECK(apart >= 17ms + 26ms);  // beside three others: 0.6 x (3 - 1) x 44 ms on two cores
  CHECK(apart <= 50ms + 62ms);
  CHECK(together >= 17ms + 79ms);  // beside seven, and beside others' work of up to 140 ms
  CHECK(together <= 50ms + 283ms);
  CHECK(last_of_a_crowd("httpd", AgentClass::systemd, true) <= 50ms);  // nothing is forked
}
