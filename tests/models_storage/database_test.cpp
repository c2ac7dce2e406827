// MySQL, and what both databases do when they are slow, full or have much to write.
#include <catch2/catch.hpp>

#include "models/database/server.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

StorageConfig with_databases(DatabaseConfig config = {}) {
  StorageConfig storage = with_drbd();
  for (const char* name : {"db", "my"}) {
    config.name = name;
    storage.databases.push_back(config);
  }
  return storage;
}

struct MyRig : Rig {
  explicit MyRig(StorageConfig storage = with_databases()) : Rig(std::move(storage)) {
    const int there = order("db1", "drbd", "start");
    REQUIRE(rc("db2", "drbd", "start") == 0);
    REQUIRE(result(there).code == 0);
    REQUIRE(rc("db1", "drbd", "promote") == 0);
    REQUIRE(rc("db1", "fs", "start") == 0);
    REQUIRE(rc("db1", "my", "start", 120s) == 0);
  }
};

}  // namespace

TEST_CASE("mysql: starts, is found, stops in order, and then has nothing to recover", "[mysql]") {
  MyRig rig;
  CHECK(rig.rc("db1", "my", "monitor") == 0);
  CHECK(rig.machine("db1").role("my") == "Started");
  rig.pass(100s);
  CHECK(rig.rc("db1", "my", "stop", 120s) == 0);
  CHECK(rig.rc("db1", "my", "monitor") == 7);
  CHECK(rig.rc("db1", "my", "start", 120s) == 0);
  CHECK_FALSE(rig.saw_change("mysql", "recovering"));
}

TEST_CASE("mysql: a plain monitor is content with a process that hangs; one that selects is not", "[mysql]") {
  MyRig rig;
  rig.fault("db_hang", {{"resource", "my"}});
  CHECK(rig.rc("db1", "my", "monitor", 30s) == 0);
  rig.parameters["my"]["OCF_CHECK_LEVEL"] = "10";
  CHECK_FALSE(rig.run("db1", "my", "monitor", 30s).code.has_value());
}

TEST_CASE("mysql: out of connections, only a monitor that selects sees it", "[mysql]") {
  MyRig rig;
  rig.fault("db_out_of_connections", {{"resource", "my"}});
  CHECK(rig.rc("db1", "my", "monitor", 30s) == 0);
  rig.parameters["my"]["OCF_CHECK_LEVEL"] = "10";
  const Ran monitor = rig.run("db1", "my", "monitor", 30s);
  CHECK(monitor.code == 1);
  CHECK(monitor.reason == "Too many connections");
}

TEST_CASE("mysql: one that hangs is killed 5 s before the stop's timeout, and recovers at its next start",
          "[mysql]") {
  MyRig rig;
  rig.pass(60s);
  rig.fault("db_hang", {{"resource", "my"}});
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "my", "stop", 120s);
  CHECK(stop.code == 0);
  CHECK(stop.at - began >= 115s);
  CHECK(stop.at - began <= 117s);
  CHECK(rig.rc("db1", "my", "start", 120s) == 0);
  CHECK(rig.saw_change("mysql", "recovering"));
}

TEST_CASE("mysql: a shutdown that takes longer than the timeout allows ends as a crash", "[mysql]") {
  MyRig rig;
  rig.fault("db_slow_shutdown", {{"resource", "my"}, {"by", "3m"}});
  CHECK(rig.rc("db1", "my", "stop", 120s) == 0);
  rig.fault("db_slow_shutdown", {{"resource", "my"}, {"by", "0s"}});
  CHECK(rig.rc("db1", "my", "start", 120s) == 0);
  CHECK(rig.saw_change("mysql", "recovering"));
}

// 1000 writes/s x 8 KiB x 100 s = 781 MiB, written at 20 MiB/s: 39 s.
TEST_CASE("mysql: a shutdown writes what is dirty first", "[mysql]") {
  MyRig rig(with_databases({.name = {}, .address = {}, .writes_per_second = 1000, .flush_rate = 20 << 20}));
  rig.pass(100s);
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "my", "stop", 120s);
  CHECK(stop.code == 0);
  CHECK(stop.at - began >= 39s);
  CHECK(stop.at - began <= 42s);
}

TEST_CASE("pgsql: a slow shutdown is ended by -m immediate after stop_escalate, and costs a recovery",
          "[pgsql]") {
  Rig rig(with_databases());
  rig.stack_on("db1");
  rig.fault("db_slow_shutdown", {{"resource", "db"}, {"by", "5m"}});
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "db", "stop", 120s);
  CHECK(stop.code == 0);
  CHECK(stop.at - began >= 90s);
  CHECK(stop.at - began <= 92s);
  CHECK(rig.rc("db1", "db", "start", 120s) == 0);
  CHECK(rig.saw_change("postgres", "recovering"));
}

TEST_CASE("pgsql: db_long_recovery counts against the start's timeout", "[pgsql]") {
  Rig rig(with_databases());
  rig.stack_on("db1");
  rig.fault("db_long_recovery", {{"resource", "db"}, {"by", "5m"}});
  rig.fault("db_crash", {{"resource", "db"}});
  CHECK_FALSE(rig.run("db1", "db", "start", 120s).code.has_value());
  rig.pass(300s);
  CHECK(rig.rc("db1", "db", "monitor") == 0);  // nobody ended the server: it got there by itself
}

TEST_CASE("pgsql: db_slow makes the monitor's SELECT overrun its timeout, for as long as it lasts",
          "[pgsql]") {
  Rig rig(with_databases());
  rig.stack_on("db1");
  rig.fault("db_slow", {{"resource", "db"}, {"factor", "100000"}, {"for", "2m"}});
  CHECK_FALSE(rig.run("db1", "db", "monitor", 30s).code.has_value());
  rig.pass(2min);
  CHECK(rig.rc("db1", "db", "monitor", 30s) == 0);
}

TEST_CASE("load: what computes takes cpu times as long, what waits for disks disk times", "[load]") {
  StorageConfig storage = with_databases();
  storage.durations["db:monitor"] = sim::Constant{1s};
  for (DatabaseConfig& database : storage.databases) database.shutdown_checkpoint = sim::Constant{2s};
  Rig rig(storage);
  rig.stack_on("db1");
  rig.fault("load", {{"node", "db1"}, {"cpu", "20"}, {"for", "1m"}});
  SimTime began = rig.now();
  const Ran monitor = rig.run("db1", "db", "monitor");
  CHECK(monitor.code == 0);
  CHECK(monitor.at - began >= 20s);
  rig.pass(1min);
  began = rig.now();
  CHECK(rig.run("db1", "db", "monitor").at - began < 2s);

  rig.fault("load", {{"node", "db1"}, {"disk", "10"}});
  began = rig.now();
  const Ran stop = rig.run("db1", "db", "stop", 120s);
  CHECK(stop.at - began >= 20s);
}

TEST_CASE("simple agents have times of their own, and the run does not call them unknown", "[agents]") {
  Rig rig;
  CHECK(rig.rc("db1", "web", "start") == 0);
  CHECK(rig.rc("db1", "web", "monitor") == 0);
  CHECK(rig.rc("db1", "web", "stop") == 0);
  CHECK(rig.rc("db1", "web", "monitor") == 7);
  CHECK(rig.seen<backend::Noted>().empty());
}
