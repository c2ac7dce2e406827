// SBD: watchdogs, slots, and the times between an order and the certainty that it was carried out.
#include <catch2/catch.hpp>

#include "models/fencing/sbd.h"
#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

node::AgentCommand order(std::string action, std::string target) {
  return {.standard = node::AgentClass::stonith,
          .provider = "",
          .type = "fence_sbd",
          .resource = "sbd",
          .action = std::move(action),
          .interval = {},
          .timeout = 60s,
          .parameters = {{"plug", std::move(target)}},
          .meta = {}};
}

WorldConfig with_sbd(int nodes, std::vector<std::string> devices, SbdConfig sbd = {}) {
  WorldConfig config = tiny_config(nodes);
  sbd.devices = std::move(devices);
  config.sbd = sbd;
  return config;
}

struct SbdWorld : TinyWorld {
  explicit SbdWorld(WorldConfig config) : TinyWorld(std::move(config)) {
    form();
    t0 = world.now();
  }
  // When the node's power went, after t0; nothing if it did not.
  std::optional<Duration> died(std::string_view node) {
    for (const auto& [after, power] : seen<backend::PowerChanged>(t0))
      if (!power.on && power.node == node) return after;
    return std::nullopt;
  }
  Sbd& sbd() { return world.part<Sbd>(); }
  void lose(std::string_view node, std::string_view device = "") {
    REQUIRE(sbd().set_reachable(&machine(node), device, false));
  }
  SimTime t0;
};

}  // namespace

TEST_CASE("sbd: the target ends within a loop of the order, and the agent is sure after msgwait", "[sbd]") {
  SbdWorld world(with_sbd(2, {"/dev/sbd1"}));
  const node::CallId call = world.run_agent("n1", order("reboot", "n2"));
  world.run(15s);
  REQUIRE(world.died("n2"));
  CHECK(*world.died("n2") <= 1s + 500ms);  // agent + loop
  CHECK(world.exit_code("n1", call) == 0);
  const auto sure = world.exit_time("n1", call, world.t0);
  REQUIRE(sure);
  CHECK(*sure >= 10s);  // msgwait = 2 x watchdog = 2 x 5 s
  CHECK(*sure <= 10s + 500ms);
}

TEST_CASE("sbd: a node that stands still is reset by its hardware watchdog, not by softdog", "[sbd]") {
  for (const bool hardware : {true, false}) {
    SbdWorld world(with_sbd(2, {"/dev/sbd1"}, {.hardware_watchdog = hardware}));
    world.inject(fault::Pause{.node = "n2", .lasts = 30s});
    world.run(20s);
    CHECK(world.died("n2").has_value() == hardware);
    if (!hardware) continue;
    CHECK(*world.died("n2") >= 4s);  // watchdog - loop
    CHECK(*world.died("n2") <= 5s);  // watchdog
  }
}

TEST_CASE("sbd: a pause shorter than the watchdog does no harm", "[sbd]") {
  SbdWorld world(with_sbd(2, {"/dev/sbd1"}));
  world.inject(fault::Pause{.node = "n2", .lasts = 3s});
  world.run(30s);
  CHECK_FALSE(world.died("n2"));
}

TEST_CASE("sbd: losing the disk is survived with quorum, and not without", "[sbd]") {
  SbdWorld quorate(with_sbd(3, {"/dev/sbd1"}));
  quorate.lose("n3");
  quorate.run(60s);
  CHECK_FALSE(quorate.died("n3"));

  SbdWorld alone(with_sbd(3, {"/dev/sbd1"}));
  alone.lose("n3");
  alone.inject(fault::LinkDown{.node = "n3"});
  alone.run(60s);
  REQUIRE(alone.died("n3"));
  // token 1000 + 650 for the third node, consensus 1.2 x that, then the watchdog
  CHECK(*alone.died("n3") >= 3630ms - 400ms + 4s);
  CHECK(*alone.died("n3") <= 3630ms + 100ms + 5s);
}

TEST_CASE("sbd: of three disks two must be there, of two one is enough to live but not to fence", "[sbd]") {
  SbdWorld three(with_sbd(2, {"/dev/a", "/dev/b", "/dev/c"}));
  three.lose("n1", "/dev/a");
  const node::CallId fence = three.run_agent("n1", order("reboot", "n2"));
  three.run(30s);
  CHECK(three.exit_code("n1", fence) == 0);
  CHECK(three.died("n2"));

  SbdWorld two(with_sbd(2, {"/dev/a", "/dev/b"}));
  two.lose("n1", "/dev/a");
  const node::CallId refused = two.run_agent("n1", order("reboot", "n2"));
  two.run(30s);
  CHECK(two.exit_code("n1", refused) == 1);
  CHECK_FALSE(two.died("n1"));
  CHECK_FALSE(two.died("n2"));
}

TEST_CASE(
    "sbd: a target with quorum that has lost its disk lives on while its peer is told that it was fenced",
    "[sbd]") {
  SbdWorld world(with_sbd(2, {"/dev/sbd1"}));
  world.lose("n2");
  const node::CallId call = world.run_agent("n1", order("reboot", "n2"));
  world.run(30s);
  CHECK(world.exit_code("n1", call) == 0);
  CHECK_FALSE(world.died("n2"));
  // Back on the disk it finds the order.
  REQUIRE(world.sbd().set_reachable(&world.machine("n2"), "", true));
  world.run(3s);
  CHECK(world.died("n2"));
}

TEST_CASE("sbd diskless: who loses quorum is reset, who keeps it stays, and who never had it is left alone",
          "[sbd]") {
  SbdWorld world(with_sbd(3, {}));
  world.inject(fault::LinkDown{.node = "n3"});
  world.run(30s);
  REQUIRE(world.died("n3"));
  CHECK_FALSE(world.died("n1"));
  CHECK_FALSE(world.died("n2"));
  // Rebooted, and still without its network: no endless loop of resets.
  world.run(5min);
  CHECK(world.machine("n3").boots() == 2);
}

TEST_CASE("sbd: an orderly stop disarms the watchdog; a killed corosync does not", "[sbd]") {
  SbdWorld world(with_sbd(3, {}));
  world.machine("n2").stack().crash("corosync was killed");
  world.run(6s);
  CHECK(world.died("n2"));
}

TEST_CASE("sbd: with SBD_DELAY_START the stack of a rebooted node waits", "[sbd]") {
  for (const Duration delay : {Duration::zero(), Duration{10s}}) {
    SbdWorld world(with_sbd(2, {"/dev/sbd1"}, {.delay_start = delay}));
    world.inject(fault::Crash{.node = "n2", .back_after = 1s});
    world.run(4s);
    CHECK(world.machine("n2").stack().up() == (delay == Duration::zero()));
    world.run(10s);
    CHECK(world.machine("n2").stack().up());
  }
}

TEST_CASE("sbd_lost: for a time, and for one of the devices", "[sbd]") {
  SbdWorld world(with_sbd(2, {"/dev/a"}));
  world.inject(fault::Other{"sbd_lost", {{"node", "n1"}, {"for", "60s"}}});
  CHECK_FALSE(world.sbd().reaches_majority(world.machine("n1")));
  CHECK(world.sbd().reaches_majority(world.machine("n2")));
  world.run(61s);
  CHECK(world.sbd().reaches_majority(world.machine("n1")));
}

TEST_CASE("fence_virsh: the host answers while its guest is dark, and the guest is off within seconds",
          "[fencing]") {
  WorldConfig config = tiny_config(2);
  config.hosts = {"kvm1"};
  TinyWorld world(config);
  world.form();
  world.inject(fault::PowerLoss{.node = "n2"});
  node::AgentCommand fence = order("off", "n2");
  fence.type = "fence_virsh";
  fence.parameters = {{"ip", "kvm1"}, {"plug", "n2"}};
  const node::CallId call = world.run_agent("n1", fence);
  world.run(10s);
  CHECK(world.exit_code("n1", call) == 0);

  world.inject(fault::LinkDown{.node = "kvm1"});
  const node::CallId cut_off = world.run_agent("n1", fence);
  world.run(30s);
  CHECK(world.exit_code("n1", cut_off) == 1);
}
