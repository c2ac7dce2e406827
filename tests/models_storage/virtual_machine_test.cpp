// Guests: boot, power button, plug, and migration by the arithmetic of memory, dirty rate and bandwidth.
#include <catch2/catch.hpp>

#include "models/services/virtual_machines.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

constexpr std::int64_t kMiB = 1 << 20;

StorageConfig with_guest(VirtualMachineConfig guest = {}) {
  guest.name = "vm";
  guest.boot = sim::Constant{20s};
  guest.shutdown = sim::Constant{6s};
  StorageConfig storage;
  storage.virtual_machines = {guest};
  storage.nfs_servers = {{.name = "filer", .exports = {"/images"}}};
  for (const char* node : {"db1", "db2"})
    storage.mounts.push_back(
        {.node = node, .from = "filer:/images", .at = "/images", .type = "nfs", .options = "hard"});
  return storage;
}

Duration took(const Ran& ran, SimTime began) { return ran.at - began; }

Ran migrate(Rig& rig, Duration timeout = 120s) {
  rig.meta["vm"] = {{"migrate_source", "db1"}, {"migrate_target", "db2"}};
  return rig.run("db1", "vm", "migrate_to", timeout);
}

}  // namespace

TEST_CASE("guest: it is started at once, and serves when it has booted", "[vm]") {
  Rig rig(with_guest());
  CHECK(rig.rc("db1", "vm", "monitor") == 7);
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  CHECK(rig.rc("db1", "vm", "monitor") == 0);
  CHECK(rig.machine("db1").role("vm") == "Started");
  CHECK(rig.seen<backend::ServiceChanged>().empty());
  rig.pass(20s);
  REQUIRE(rig.seen<backend::ServiceChanged>().size() == 1);
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
}

TEST_CASE("guest: the power button ends it in its own time", "[vm]") {
  Rig rig(with_guest());
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "vm", "stop", 90s);
  CHECK(stop.code == 0);
  CHECK(took(stop, began) >= 6s);
  CHECK(took(stop, began) <= 7500ms);  // looks each second
}

TEST_CASE("guest: one that ignores its power button is unplugged 5 s before the timeout", "[vm]") {
  Rig rig(with_guest());
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  rig.fault("vm_ignores_shutdown", {{"resource", "vm"}});
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "vm", "stop", 90s);
  CHECK(stop.code == 0);
  CHECK(took(stop, began) >= 85s);
  CHECK(took(stop, began) <= 86500ms);
}

TEST_CASE("guest: it is not served while its storage answers nothing, and goes on when it does", "[vm]") {
  Rig rig(with_guest({.storage = "/images"}));
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  rig.fault("nfs_hang", {{"server", "filer"}, {"for", "1m"}});
  rig.pass(1s);
  CHECK_FALSE(rig.seen<backend::ServiceChanged>().back().available);
  rig.pass(1min);
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
}

TEST_CASE("guest: without its storage neither button nor plug end it, and the stop fails", "[vm]") {
  Rig rig(with_guest({.storage = "/images"}));
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  rig.fault("nfs_hang", {{"server", "filer"}});
  const Ran stop = rig.run("db1", "vm", "stop", 120s);
  CHECK(stop.code != 0);
  CHECK(rig.rc("db1", "vm", "monitor") == 0);
}

// 4 GiB at 128 MiB/s: 32 s; meanwhile 32 s x 16 MiB/s = 512 MiB: 4 s; 64 MiB: 0.5 s; 8 MiB: 0.0625 s, which
// is within the downtime limit of 0.3 s. Together 36.56 s.
TEST_CASE("migration: rounds shrink by dirty rate over bandwidth until the rest fits into the downtime",
          "[vm]") {
  Rig rig(with_guest({.memory = 4096 * kMiB, .dirty_rate = 16 * kMiB, .bandwidth = 128 * kMiB}));
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  REQUIRE(rig.rc("db2", "vm", "monitor") == 7);  // a probe
  const SimTime began = rig.now();
  const Ran moved = migrate(rig);
  CHECK(moved.code == 0);
  CHECK(took(moved, began) >= 36560ms);
  CHECK(took(moved, began) <= 36560ms + 500ms);
  CHECK(rig.machine("db1").role("vm") == "Stopped");
  CHECK(rig.machine("db2").role("vm") == "Started");
  CHECK(rig.rc("db2", "vm", "migrate_from") == 0);
  CHECK(rig.seen<backend::ServiceChanged>().back().node == "db2");
}

TEST_CASE(
    "migration: a guest that changes more than the network takes never converges, and stays where it is",
    "[vm]") {
  Rig rig(with_guest({.dirty_rate = 200 * kMiB, .bandwidth = 110 * kMiB}));
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  const Ran moved = migrate(rig, 120s);
  CHECK_FALSE(moved.code.has_value());  // killed at its timeout
  CHECK(rig.rc("db1", "vm", "monitor") == 0);
  CHECK(rig.rc("db2", "vm", "monitor") == 7);
}

TEST_CASE("migration: vm_busy makes it diverge, and its end lets it converge", "[vm]") {
  Rig rig(with_guest({.memory = 1024 * kMiB}));
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  rig.fault("vm_busy", {{"resource", "vm"}, {"mib_per_second", "400"}, {"for", "60s"}});
  const SimTime began = rig.now();
  const Ran moved = migrate(rig, 300s);
  CHECK(moved.code == 0);
  CHECK(took(moved, began) >= 60s);
}

TEST_CASE("migration: to a host that is gone it fails, before and meanwhile", "[vm]") {
  Rig rig(with_guest());
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  rig.meta["vm"] = {{"migrate_target", "db2"}};
  const int order = rig.order("db1", "vm", "migrate_to", 120s);
  rig.pass(5s);
  rig.machine("db2").power_off("test");
  rig.pass(100s);
  CHECK(rig.result(order).code == 1);
  CHECK(migrate(rig).code == 1);
  CHECK(rig.machine("db1").role("vm") == "Started");
}

TEST_CASE("guest: vm_crash and kill_resource end it; a host without power serves nobody", "[vm]") {
  Rig rig(with_guest());
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.fault("vm_crash", {{"resource", "vm"}});
  CHECK(rig.rc("db1", "vm", "monitor") == 7);
  REQUIRE(rig.rc("db1", "vm", "start", 90s) == 0);
  rig.pass(30s);
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
  rig.machine("db1").power_off("test");
  CHECK_FALSE(rig.seen<backend::ServiceChanged>().back().available);
}

TEST_CASE("guest: vm_busy and vm_ignores_shutdown are refused for what is no guest", "[vm]") {
  Rig rig(with_guest());
  for (const char* verb : {"vm_busy", "vm_ignores_shutdown"}) {
    INFO(verb);
    CHECK_FALSE(
        inject(rig.world, {.index = 0, .fault = fault::Other{verb, {{"resource", "db"}}}, .text = verb}));
  }
}

TEST_CASE("guest: of two that make it busy the stronger is felt, each until its own end", "[vm]") {
  Rig rig(with_guest());
  const auto rate = [&] { return rig.world.part<VirtualMachines>().config("vm").dirty_rate / kMiB; };
  rig.fault("vm_busy", {{"resource", "vm"}, {"mib_per_second", "400"}, {"for", "10s"}});
  rig.fault("vm_busy", {{"resource", "vm"}, {"mib_per_second", "100"}, {"for", "20s"}});
  CHECK(rate() == 400);
  rig.pass(11s);
  CHECK(rate() == 100);
  rig.pass(10s);
  CHECK(rate() == 20);
}
