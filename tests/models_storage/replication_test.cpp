// Streaming replication, run by hand: who is promoted, and what is lost, by arithmetic.
#include <catch2/catch.hpp>

#include "models/database/replication.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

// db1 is primary and db2 streams from it; 50 writes a second, a lag of 1 s.
struct Pair : Rig {
  explicit Pair(const std::string& mode = "async") : Rig(config()) {
    parameters["db"] = {{"pgdata", "/var/lib/postgresql/data"}, {"rep_mode", mode}};
    for (const char* node : {"db1", "db2"}) REQUIRE(rc(node, "db", "start", 120s) == 0);
    REQUIRE(rc("db1", "db", "promote", 120s) == 0);
    REQUIRE(rc("db1", "db", "monitor") == 8);
    REQUIRE(rc("db2", "db", "monitor") == 0);
  }
  static StorageConfig config() {
    StorageConfig storage;
    DatabaseConfig db;
    db.name = "db";
    db.writes_per_second = 50;
    db.replication_lag = 1s;
    storage.databases = {db};
    return storage;
  }
  std::string loss() const {
    const auto all = seen<backend::InvariantBroken>();
    return all.empty() ? "" : all.back().text;
  }
};

}  // namespace

TEST_CASE("replication: roles are what the servers are", "[replication]") {
  Pair rig;
  CHECK(rig.machine("db1").role("db") == "Promoted");
  CHECK(rig.machine("db2").role("db") == "Unpromoted");
  CHECK(rig.saw_change("postgres-replication", "streaming"));
}

TEST_CASE("replication: a standby that takes over lacks rate x lag, and the lock keeps the old primary down",
          "[replication]") {
  Pair rig;
  rig.pass(60s);
  rig.machine("db1").power_off("crash");
  REQUIRE(rig.rc("db2", "db", "promote", 120s) == 0);
  CHECK(rig.loss().find("lack 50 of") != std::string::npos);
  rig.machine("db1").up_at_once("repaired");
  rig.pass(5s);
  const Ran start = rig.run("db1", "db", "start", 120s);
  CHECK(start.code == 1);
  CHECK(start.reason.find("PGSQL.lock") != std::string::npos);
  rig.fault("db_rebuild", {{"resource", "db"}, {"node", "db1"}});
  CHECK(rig.rc("db1", "db", "start", 120s) == 0);
  CHECK(rig.machine("db1").role("db") == "Unpromoted");
}

TEST_CASE("replication: what was acknowledged synchronously is never lost", "[replication]") {
  Pair rig("sync");
  rig.pass(60s);
  rig.machine("db1").power_off("crash");
  REQUIRE(rig.rc("db2", "db", "promote", 120s) == 0);
  CHECK(rig.loss().empty());
}

TEST_CASE("replication: an orderly stop sends everything first", "[replication]") {
  Pair rig;
  rig.pass(60s);
  REQUIRE(rig.rc("db1", "db", "demote", 120s) == 0);
  REQUIRE(rig.rc("db2", "db", "promote", 120s) == 0);
  CHECK(rig.loss().empty());
  CHECK(rig.rc("db1", "db", "start", 120s) == 1);  // a standby went on without it
}

TEST_CASE("replication: a primary that was alone when it stopped may start again", "[replication]") {
  Pair rig;
  REQUIRE(rig.rc("db2", "db", "stop", 120s) == 0);
  REQUIRE(rig.rc("db1", "db", "stop", 120s) == 0);
  CHECK(rig.rc("db1", "db", "start", 120s) == 0);
}

TEST_CASE("replication: without a primary the newest is to be it, after three looks", "[replication]") {
  Pair rig;
  rig.pass(60s);
  REQUIRE(rig.rc("db1", "db", "stop", 120s) == 0);
  for (int looks = 1; looks <= 3; ++looks) {
    CHECK(rig.score("db2") != "1000");
    REQUIRE(rig.rc("db2", "db", "monitor") == 0);
  }
  rig.pass(1s);
  CHECK(rig.score("db2") == "1000");
}

TEST_CASE("replication: commits that wait for a silent standby go on when a monitor has given it up",
          "[replication]") {
  Pair rig("sync");
  rig.machine("db2").power_off("crash");
  rig.pass(59s);
  REQUIRE(rig.rc("db1", "db", "monitor") == 8);
  CHECK_FALSE(rig.seen<backend::ServiceChanged>().back().available);
  rig.pass(1s);
  REQUIRE(rig.rc("db1", "db", "monitor") == 8);
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
}
