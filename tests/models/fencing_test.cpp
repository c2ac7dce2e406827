// Fence devices: what they do to power, how long it takes, and how they fail.
#include <catch2/catch.hpp>

#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

using Mode = fault::FenceMode::Mode;

node::AgentCommand fence(std::string type, std::string action, std::string target,
                         std::string device = "fence-dev") {
  node::AgentCommand command{.standard = node::AgentClass::stonith,
                             .provider = "",
                             .type = std::move(type),
                             .resource = std::move(device),
                             .action = std::move(action),
                             .interval = {},
                             .timeout = 60s,
                             .parameters = {},
                             .meta = {}};
  if (!target.empty()) command.parameters.add("plug", target);
  return command;
}

struct FenceWorld : TinyWorld {
  explicit FenceWorld(WorldConfig config = tiny_config(2)) : TinyWorld(std::move(config)) {
    form();
    t0 = world.now();
  }
  struct Outcome {
    std::optional<int> rc;
    Duration took{};
  };
  Outcome result(node::AgentCommand command, Duration wait = 60s) {
    const SimTime start = world.now();
    const node::CallId call = run_agent("n1", std::move(command));
    run(wait);
    return {exit_code("n1", call), exit_time("n1", call, start).value_or(Duration{-1})};
  }
  SimTime t0;
};

}  // namespace

TEST_CASE("fence_lab: power is off after off_s, and the agent knows; the node boots", "[fencing]") {
  FenceWorld world;
  const auto [rc, took] = world.result(fence("fence_lab", "reboot", "n2"), 1s);
  CHECK(rc == 0);
  CHECK(took >= 300ms + 17ms);
  CHECK(took <= 300ms + 80ms);
  CHECK(world.machine("n2").power() == Machine::Power::booting);
  world.run(6s);
  CHECK(world.machine("n2").up());
  const auto power = world.seen<backend::PowerChanged>();
  REQUIRE(power.size() == 2);
  CHECK(power[0].second.why == "fenced by n1");
}

TEST_CASE("fence_lab: a switch that has the order carries it out even if the one who gave it dies",
          "[fencing]") {
  FenceWorld world;
  world.inject(fault::FenceMode{.mode = Mode::slow, .seconds = 4s});
  world.run_agent("n1", fence("fence_lab", "off", "n2"));
  world.run(1s);
  world.inject(fault::Crash{.node = "n1"});
  world.run(2s);
  CHECK(world.machine("n2").up());
  world.run(2s);
  CHECK_FALSE(world.machine("n2").up());
}

TEST_CASE("fence_lab: fails as often as it is told, then works", "[fencing]") {
  FenceWorld world;
  world.inject(fault::FenceMode{.device = "fence-dev", .mode = Mode::fail, .count = 2});
  for (int i = 0; i < 2; ++i) {
    CHECK(world.result(fence("fence_lab", "reboot", "n2"), 2s).rc == 1);
    CHECK(world.machine("n2").up());
  }
  CHECK(world.result(fence("fence_lab", "reboot", "n2"), 2s).rc == 0);
}

TEST_CASE("fence modes: fit by device, target and requester", "[fencing]") {
  FenceWorld world;
  world.inject(fault::FenceMode{.device = "other", .mode = Mode::fail});
  world.inject(fault::FenceMode{.target = "n1", .mode = Mode::fail});
  world.inject(fault::FenceMode{.requester = "n2", .mode = Mode::fail});
  CHECK(world.result(fence("fence_lab", "off", "n2"), 2s).rc == 0);
}

TEST_CASE("fence modes: a device that hangs is killed by nobody but its timeout", "[fencing]") {
  FenceWorld world;
  world.inject(fault::FenceMode{.mode = Mode::hang});
  const node::CallId call = world.run_agent("n1", fence("fence_lab", "reboot", "n2"));
  world.run(100s);
  CHECK(world.heard_by<node::AgentOverdue>("n1", world.t0).size() == 1);
  world.machine("n1").stack().kill(call);
  world.run(1s);
  CHECK(world.exit_time("n1", call, world.t0));
  CHECK(world.machine("n2").up());
}

TEST_CASE("fence modes: a liar says it did, and the node runs on", "[fencing]") {
  FenceWorld world;
  world.inject(fault::FenceMode{.mode = Mode::lie});
  CHECK(world.result(fence("fence_lab", "reboot", "n2"), 2s).rc == 0);
  CHECK(world.result(fence("fence_ipmilan", "reboot", "n2"), 20s).rc == 0);
  CHECK(world.machine("n2").up());
  CHECK(world.seen<backend::PowerChanged>().empty());
}

TEST_CASE("fence modes: a monitor fails when told, and not otherwise", "[fencing]") {
  FenceWorld world;
  CHECK(world.result(fence("fence_ipmilan", "monitor", ""), 5s).rc == 0);
  world.inject(fault::FenceMode{.mode = Mode::fail_monitor});
  CHECK(world.result(fence("fence_ipmilan", "monitor", ""), 5s).rc == 1);
  CHECK(world.result(fence("fence_ipmilan", "reboot", "n2"), 20s).rc == 0);
}

TEST_CASE("fence_ipmilan: status, off, poll, on: 4 to 12 seconds, and success means the power was off",
          "[fencing]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    FenceWorld world(tiny_config(2, seed));
    const auto [rc, took] = world.result(fence("fence_ipmilan", "reboot", "n2"), 20s);
    CHECK(rc == 0);
    CHECK(took >= 3s);
    CHECK(took <= 13s);
    const auto power = world.seen<backend::PowerChanged>(world.t0);
    REQUIRE_FALSE(power.empty());
    CHECK_FALSE(power[0].second.on);
    CHECK(power[0].first < took);
  }
}

TEST_CASE("fence_ipmilan: a board without power answers nothing", "[fencing]") {
  FenceWorld world;
  world.inject(fault::PowerLoss{.node = "n2"});
  const auto [rc, took] = world.result(fence("fence_ipmilan", "reboot", "n2"), 30s);
  CHECK(rc == 1);
  CHECK(took >= 8s);
  WorldConfig own_power = tiny_config(2);
  own_power.hardware["n2"].bmc_shares_power = false;
  FenceWorld other(own_power);
  other.inject(fault::PowerLoss{.node = "n2"});
  CHECK(other.result(fence("fence_ipmilan", "off", "n2"), 30s).rc == 0);
}

TEST_CASE("fence_ipmilan: a board on a network of its own is reached while that is there", "[fencing]") {
  WorldConfig config = tiny_config(2);
  config.networks = {"lan", "mgmt"};
  config.hardware["n2"].bmc_network = "mgmt";
  FenceWorld world(config);
  world.inject(fault::LinkDown{.node = "n1", .network = "mgmt"});
  CHECK(world.result(fence("fence_ipmilan", "reboot", "n2"), 30s).rc == 1);
  world.inject(fault::LinkUp{.node = "n1", .network = "mgmt"});
  CHECK(world.result(fence("fence_ipmilan", "reboot", "n2"), 30s).rc == 0);
}

TEST_CASE("fence_apc: a node with two supplies goes on until both are off", "[fencing]") {
  WorldConfig config = tiny_config(2);
  config.hardware["n2"].supplies = {"pdu-a", "pdu-b"};
  FenceWorld world(config);
  CHECK(world.result(fence("fence_apc", "off", "n2", "pdu-a"), 10s).rc == 0);
  CHECK(world.machine("n2").up());
  CHECK(world.result(fence("fence_apc", "off", "n2", "pdu-b"), 10s).rc == 0);
  CHECK_FALSE(world.machine("n2").up());
  CHECK(world.result(fence("fence_apc", "on", "n2", "pdu-a"), 10s).rc == 0);
  CHECK(world.machine("n2").up());
}

TEST_CASE("fencing: status tells off from on, list names the nodes", "[fencing]") {
  FenceWorld world;
  CHECK(world.result(fence("fence_ipmilan", "status", "n2"), 5s).rc == 0);
  world.machine("n2").power_off("test");
  CHECK(world.result(fence("fence_ipmilan", "status", "n2"), 5s).rc == 2);
  CHECK(world.result(fence("fence_lab", "list", ""), 5s).rc == 0);
  CHECK(world.heard_by<node::AgentExited>("n1").back().second.exit.output == "n1,\nn2,\n");
}

TEST_CASE("fencing: a node that fences itself is off before it could say so", "[fencing]") {
  FenceWorld world;
  const node::CallId call = world.run_agent("n1", fence("fence_lab", "reboot", "n1"));
  world.run(2s);
  CHECK_FALSE(world.exit_time("n1", call, world.t0));
  CHECK(world.machine("n1").power() == Machine::Power::booting);
}

TEST_CASE("fencing: after_fence off leaves the node off", "[fencing]") {
  WorldConfig config = tiny_config(2);
  config.power.on_after_fence = false;
  FenceWorld world(config);
  CHECK(world.result(fence("fence_lab", "reboot", "n2"), 30s).rc == 0);
  CHECK_FALSE(world.machine("n2").up());
}
