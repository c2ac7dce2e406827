#include <catch2/catch.hpp>

#include "models/os/drbd_modules.h"
#include "models/os/mount_table.h"
#include "models/services/addresses.h"
#include "models/services/clients.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

StorageConfig with_dead_home() {
  StorageConfig storage = with_drbd();
  storage.nfs_servers = {{.name = "filer", .exports = {"/home"}}};
  storage.mounts = {{.node = "db1", .from = "filer:/home", .at = "/home", .type = "nfs", .options = "hard"}};
  return storage;
}

bool about(Duration value, Duration wanted, Duration tolerance) {
  return value >= wanted - tolerance && value <= wanted + tolerance;
}

}  // namespace

TEST_CASE("the four agents bring the stack up, find it, and take it down in order", "[agents]") {
  Rig rig(with_drbd());
  for (const char* resource : {"drbd", "fs", "ip", "db"}) CHECK(rig.rc("db1", resource, "monitor") == 7);
  rig.stack_on("db1");

  CHECK(rig.rc("db1", "drbd", "monitor") == 8);
  CHECK(rig.rc("db2", "drbd", "monitor") == 0);
  for (const char* resource : {"fs", "ip", "db"}) CHECK(rig.rc("db1", resource, "monitor") == 0);
  CHECK(rig.machine("db1").role("drbd") == "Promoted");
  CHECK(rig.machine("db1").role("db") == "Started");

  CHECK(rig.rc("db1", "db", "stop", 120s) == 0);
  CHECK(rig.rc("db1", "ip", "stop") == 0);
  CHECK(rig.rc("db1", "fs", "stop") == 0);
  CHECK(rig.rc("db1", "drbd", "demote") == 0);
  CHECK(rig.rc("db1", "drbd", "stop") == 0);
  for (const char* resource : {"drbd", "fs", "ip", "db"}) CHECK(rig.rc("db1", resource, "monitor") == 7);
}

TEST_CASE(
    "clients are served from the moment the database answers, and no acknowledged write is missing elsewhere",
    "[clients]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  const auto service = rig.seen<backend::ServiceChanged>();
  REQUIRE_FALSE(service.empty());
  CHECK(service.back().resource == "db");
  CHECK(service.back().available);

  rig.pass(100s);
  const auto& clients = rig.world.part<Clients>();
  CHECK(rig.world.part<Clients>().acknowledged("db") >= 2000);  // 20 a second
  const Drbd& drbd = rig.world.part<DrbdModules>().find("r0")->state();
  CHECK(drbd.data(0).missing(drbd.version(1, 0)) == 0);
  static_cast<void>(clients);
}

TEST_CASE(
    "drbd: promotion scores are 10000 while both are up to date and 1000 for a Secondary that lost its peer",
    "[agents][drbd]") {
  Rig rig(with_drbd());
  const int other = rig.order("db2", "drbd", "start");
  REQUIRE(rig.rc("db1", "drbd", "start") == 0);
  rig.pass(1s);
  REQUIRE(rig.result(other).code == 0);
  CHECK(rig.score("db1") == "10000");

  rig.fault("drbd_link_down", {{"node", "db1"}});
  rig.pass(11s);
  rig.run("db1", "drbd", "monitor");
  rig.pass(1s);
  CHECK(rig.score("db1") == "1000");
  REQUIRE(rig.rc("db1", "drbd", "promote") == 0);
  rig.pass(1s);
  CHECK(rig.score("db1") == "10000");
}

TEST_CASE("drbd: a diskless host scores 10 while its peer is up to date", "[agents][drbd]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.fault("drbd_disk_fail", {{"node", "db2"}});
  rig.run("db2", "drbd", "monitor");
  rig.pass(1s);
  CHECK(rig.score("db2") == "10");
}

TEST_CASE("drbd: a start without a peer waits wfc_timeout, then goes on alone", "[agents][drbd]") {
  Rig rig(with_drbd());
  const SimTime began = rig.now();
  const Ran start = rig.run("db1", "drbd", "start", 240s);
  CHECK(start.code == 0);
  CHECK(about(start.at - began, 5500ms, 300ms));
  rig.pass(1s);
  CHECK(rig.score("db1") == "1000");
}

TEST_CASE("drbd: demote waits for the mount and gives up only with its timeout", "[agents][drbd]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  const Ran demote = rig.run("db1", "drbd", "demote", 20s);
  CHECK_FALSE(demote.code.has_value());
  CHECK(rig.rc("db1", "drbd", "monitor") == 8);
}

TEST_CASE("drbd: promotion of the survivor right after a crash takes one more second than usual",
          "[agents][drbd]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.machine("db1").power_off("test");
  const SimTime began = rig.now();
  const Ran promote = rig.run("db2", "drbd", "promote", 90s);
  CHECK(promote.code == 0);
  CHECK(about(promote.at - began, 1200ms, 200ms));
}

TEST_CASE("drbd: without access to good data promotion fails, after 15 s", "[agents][drbd]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  REQUIRE(rig.rc("db2", "drbd", "stop") == 0);  // outdated by the Primary that stays
  rig.machine("db1").power_off("test");
  REQUIRE(rig.rc("db2", "drbd", "start") == 0);
  const SimTime began = rig.now();
  const Ran promote = rig.run("db2", "drbd", "promote", 90s);
  CHECK(promote.code == 1);
  CHECK(about(promote.at - began, 15s, 200ms));
}

TEST_CASE("Filesystem: a dead NFS server leaves depth 0 green", "[agents][filesystem]") {
  StorageConfig storage = with_dead_home();
  Rig rig(storage);
  rig.parameters["fs"] = {{"device", "filer:/home"}, {"directory", "/home"}, {"fstype", "nfs"}};
  rig.fault("nfs_hang", {{"server", "filer"}});
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
}

TEST_CASE("Filesystem: depth 10 reads the device, and does nothing for NFS; depth 20 stalls with the storage",
          "[agents][filesystem]") {
  Rig rig(with_dead_home());
  rig.parameters["fs"] = {{"device", "filer:/home"}, {"directory", "/home"}, {"fstype", "nfs"}};
  rig.fault("nfs_hang", {{"server", "filer"}});
  rig.parameters["fs"]["OCF_CHECK_LEVEL"] = "10";
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
  rig.parameters["fs"]["OCF_CHECK_LEVEL"] = "20";
  CHECK_FALSE(rig.run("db1", "fs", "monitor", 40s).code.has_value());
}

TEST_CASE(
    "Filesystem: an agent whose monitor runs df hangs on an unrelated dead mount, and the record says so",
    "[agents][filesystem]") {
  StorageConfig storage = with_dead_home();
  storage.habits = {{.name = "fs", .monitor_walks_mounts = true}};
  Rig rig(storage);
  rig.stack_on("db1");
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);

  rig.fault("nfs_hang", {{"server", "filer"}, {"for", "5m"}});
  CHECK_FALSE(rig.run("db1", "fs", "monitor", 40s).code.has_value());
  const auto blocked = rig.seen<backend::ProcessBlocked>();
  REQUIRE_FALSE(blocked.empty());
  CHECK(blocked.back().command == "df");
  CHECK(blocked.back().call == "statfs");
  CHECK(blocked.back().object == "/home (nfs filer:/home)");
  CHECK(blocked.back().operation == "monitor");

  rig.pass(5min);
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
}

TEST_CASE(
    "Filesystem: fuser blocks on an unrelated dead mount, so a busy healthy filesystem cannot be stopped",
    "[agents][filesystem]") {
  StorageConfig storage = with_dead_home();
  storage.processes = {{.node = {}, .command = "tail -f /srv/db/log", .uses = {"/srv/db"}}};
  Rig rig(storage);
  rig.stack_on("db1");
  rig.rc("db1", "db", "stop", 120s);
  rig.fault("nfs_hang", {{"server", "filer"}});

  CHECK_FALSE(rig.run("db1", "fs", "stop", 60s).code.has_value());
  const auto blocked = rig.seen<backend::ProcessBlocked>();
  CHECK(std::any_of(blocked.begin(), blocked.end(), [](const auto& b) {
    return b.command == "fuser -Mm /srv/db" && b.object == "/home (nfs filer:/home)" && b.operation == "stop";
  }));
}

TEST_CASE("Filesystem: force_unmount=safe finds the user without fuser, and the same stop succeeds",
          "[agents][filesystem]") {
  StorageConfig storage = with_dead_home();
  storage.processes = {{.node = {}, .command = "tail -f /srv/db/log", .uses = {"/srv/db"}}};
  Rig rig(storage);
  rig.parameters["fs"]["force_unmount"] = "safe";
  rig.stack_on("db1");
  rig.rc("db1", "db", "stop", 120s);
  rig.fault("nfs_hang", {{"server", "filer"}});
  CHECK(rig.rc("db1", "fs", "stop", 60s) == 0);
}

TEST_CASE("Filesystem: a user that catches SIGTERM is killed after half of the timeout",
          "[agents][filesystem]") {
  StorageConfig storage = with_drbd();
  storage.processes = {
      {.node = {}, .command = "stubborn", .uses = {"/srv/db"}, .works_on = {}, .survives_sigterm = true}};
  Rig rig(storage);
  rig.stack_on("db1");
  rig.rc("db1", "db", "stop", 120s);
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "fs", "stop", 60s);
  CHECK(stop.code == 0);
  CHECK(about(stop.at - began, 30s, 1500ms));
}

TEST_CASE("Filesystem: a DRBD Secondary cannot be mounted", "[agents][filesystem]") {
  Rig rig(with_drbd());
  const int there = rig.order("db1", "drbd", "start");
  rig.rc("db2", "drbd", "start");
  CHECK(rig.result(there).ended);
  const Ran start = rig.run("db2", "fs", "start");
  CHECK(start.code == 1);
  CHECK(start.reason == "Couldn't mount device [/dev/drbd0] as /srv/db: Wrong medium type");
}

TEST_CASE("IPaddr2: the address is bound, announced, and missed when somebody removes it", "[agents][ip]") {
  Rig rig;
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  CHECK(rig.world.part<Addresses>().owner("10.0.0.100") == "db1");
  rig.fault("ip_remove", {{"address", "10.0.0.100"}});
  CHECK(rig.rc("db1", "ip", "monitor") == 7);
}

TEST_CASE("pgsql: crash recovery counts against the start timeout", "[agents][pgsql]") {
  StorageConfig storage = with_drbd();
  // 200 writes/s of 8 KiB make 1.5625 MiB/s of WAL; 200 s without a checkpoint at 5 MiB/s take 62.5 s to
  // replay.
  storage.databases = {{.name = "db", .address = {}, .writes_per_second = 200, .wal_replay_rate = 5 << 20}};
  Rig rig(storage);
  rig.stack_on("db1");
  rig.pass(200s);
  rig.fault("db_crash", {{"resource", "db"}});
  CHECK(rig.rc("db1", "db", "monitor") == 7);
  const SimTime began = rig.now();
  const Ran start = rig.run("db1", "db", "start", 120s);
  CHECK(start.code == 0);
  CHECK(about(start.at - began, 64500ms, 2s));

  rig.pass(200s);
  rig.fault("db_crash", {{"resource", "db"}});
  CHECK_FALSE(rig.run("db1", "db", "start", 30s).code.has_value());
}

TEST_CASE("pgsql: after a clean stop there is nothing to recover", "[agents][pgsql]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.pass(250s);
  REQUIRE(rig.rc("db1", "db", "stop", 120s) == 0);
  REQUIRE(rig.rc("db1", "db", "start", 120s) == 0);
  CHECK_FALSE(rig.saw_change("postgres", "recovering"));
}

TEST_CASE("pgsql: a hung server hangs the monitor and the stop; out of connections fails the monitor at once",
          "[agents][pgsql]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.fault("db_out_of_connections", {{"resource", "db"}, {"for", "10s"}});
  const Ran refused = rig.run("db1", "db", "monitor", 30s);
  CHECK(refused.code == 1);
  CHECK(refused.reason == "sorry, too many clients already");
  rig.pass(10s);
  CHECK(rig.rc("db1", "db", "monitor", 30s) == 0);

  rig.fault("db_hang", {{"resource", "db"}});
  CHECK_FALSE(rig.run("db1", "db", "monitor", 30s).code.has_value());
  CHECK_FALSE(rig.run("db1", "db", "stop", 120s).code.has_value());
}

TEST_CASE("pgsql: no data directory, no start; and a stop has nothing to do", "[agents][pgsql]") {
  Rig rig(with_drbd());
  CHECK(rig.rc("db1", "db", "start") == 5);
  CHECK(rig.rc("db1", "db", "stop") == 0);
}

TEST_CASE(
    "both primaries after a partition without fencing: what clients were told on one side is lost on the "
    "other",
    "[clients][split-brain]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.fault("drbd_link_down", {{"node", "db1"}});
  rig.pass(30s);
  REQUIRE(rig.rc("db2", "drbd", "promote", 90s) == 0);
  for (const char* resource : {"fs", "ip", "db"}) REQUIRE(rig.rc("db2", resource, "start", 120s) == 0);
  rig.machine("db1").power_off("test");
  rig.pass(1s);
  CHECK(rig.broken() == std::vector<std::string>{"data_loss"});
}

TEST_CASE("a survivor of a crash serves every write that was acknowledged", "[clients]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.pass(60s);
  rig.machine("db1").power_off("test");
  REQUIRE(rig.rc("db2", "drbd", "promote", 90s) == 0);
  for (const char* resource : {"fs", "ip", "db"}) REQUIRE(rig.rc("db2", resource, "start", 120s) == 0);
  CHECK(rig.saw_change("postgres", "recovering"));
  CHECK(rig.broken().empty());
  CHECK(rig.world.part<Clients>().lost("db") == 0);
}

TEST_CASE("clients wait while DRBD has not noticed that its peer is gone", "[clients][drbd]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  const SimTime began = rig.now();
  rig.machine("db2").power_off("test");
  rig.pass(10s);
  const auto io = rig.seen<backend::ServiceChanged>();
  REQUIRE(io.size() >= 3);
  CHECK_FALSE(io[io.size() - 2].available);
  CHECK(io.back().available);
  CHECK(rig.saw_change("drbd-io", "suspended"));
  static_cast<void>(began);
}
