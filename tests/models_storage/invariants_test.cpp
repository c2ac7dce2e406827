// Every invariant with a story in which it fires, and one in which all hold.
#include <algorithm>
#include <catch2/catch.hpp>

#include "models/invariants/invariants.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

struct Watched : Rig {
  Watched() : Rig(with_drbd()) {
    world.part<Invariants>().watch({.clones = {"drbd"}, .service_needs_quorum = true});
  }
  std::string verdict(const std::string& name) {
    for (const InvariantVerdict& verdict : world.part<Invariants>().verdicts()) {
      if (verdict.invariant != name) continue;
      switch (verdict.kind) {
        case InvariantVerdict::Kind::held:
          return "held";
        case InvariantVerdict::Kind::broken:
          return "broken";
        case InvariantVerdict::Kind::undecided:
          return "undecided";
      }
    }
    return "no such invariant";
  }
  void cut_and_promote_both() {
    stack_on("db1");
    fault("drbd_link_down", {{"node", "db1"}});
    pass(30s);
    REQUIRE(rc("db2", "drbd", "promote", 90s) == 0);
    pass(1s);
  }
};

}  // namespace

TEST_CASE("invariants: all hold while the stack runs, moves in order, and runs again", "[invariants]") {
  Watched rig;
  rig.stack_on("db1");
  rig.pass(60s);
  for (const char* resource : {"db", "ip", "fs"}) REQUIRE(rig.rc("db1", resource, "stop", 120s) == 0);
  REQUIRE(rig.rc("db1", "drbd", "demote") == 0);
  REQUIRE(rig.rc("db2", "drbd", "promote") == 0);
  for (const char* resource : {"fs", "ip", "db"}) REQUIRE(rig.rc("db2", resource, "start", 120s) == 0);
  rig.pass(60s);
  rig.world.part<Invariants>().finish();
  for (const std::string& name : Invariants::names()) {
    INFO(name);
    CHECK(rig.verdict(name) == "held");
  }
}

TEST_CASE("invariants: two_primaries fires when DRBD is Primary on both sides of a cut", "[invariants]") {
  Watched rig;
  rig.cut_and_promote_both();
  CHECK(rig.verdict("two_primaries") == "broken");
  CHECK(rig.verdict("split_brain") == "held");  // only one of them has written
}

TEST_CASE("invariants: split_brain fires when both sides have written, before anybody notices",
          "[invariants]") {
  Watched rig;
  rig.cut_and_promote_both();
  rig.pass(1s);
  REQUIRE(rig.rc("db2", "fs", "start") == 0);
  rig.pass(1s);
  CHECK(rig.verdict("split_brain") == "broken");
  CHECK(rig.verdict("double_mount") == "broken");
}

TEST_CASE("invariants: active_twice and duplicate_ip fire when an address is up on two nodes",
          "[invariants]") {
  Watched rig;
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  REQUIRE(rig.rc("db2", "ip", "start") == 0);
  rig.pass(1s);
  CHECK(rig.verdict("active_twice") == "broken");
  CHECK(rig.verdict("duplicate_ip") == "broken");
}

TEST_CASE("invariants: duplicate_ip fires for a stranger that takes the address", "[invariants]") {
  Watched rig;
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  rig.fault("ip_duplicate", {{"address", "10.0.0.100"}});
  rig.pass(1s);
  CHECK(rig.verdict("duplicate_ip") == "broken");
  CHECK(rig.verdict("active_twice") == "held");
}

TEST_CASE("invariants: data_loss fires when clients are served without what they were told is safe",
          "[invariants]") {
  Watched rig;
  rig.cut_and_promote_both();
  for (const char* resource : {"fs", "ip", "db"}) REQUIRE(rig.rc("db2", resource, "start", 120s) == 0);
  rig.machine("db1").power_off("test");
  rig.pass(1s);
  CHECK(rig.verdict("data_loss") == "broken");
}

TEST_CASE(
    "invariants: start_before_fence fires when a lost node's service starts elsewhere and nobody has fenced "
    "it",
    "[invariants]") {
  Watched hasty;
  REQUIRE(hasty.rc("db1", "ip", "start") == 0);
  hasty.machine("db1").power_off("test");
  REQUIRE(hasty.rc("db2", "ip", "start") == 0);
  hasty.pass(1s);
  CHECK(hasty.verdict("start_before_fence") == "broken");

  Watched certain;
  REQUIRE(certain.rc("db1", "ip", "start") == 0);
  certain.machine("db1").power_off("test");
  certain.world.record(node::NodeId{std::size_t{1}},
                       node::FenceFinished{.target = "db1", .action = "reboot", .success = true});
  REQUIRE(certain.rc("db2", "ip", "start") == 0);
  certain.pass(1s);
  CHECK(certain.verdict("start_before_fence") == "held");
}

TEST_CASE("invariants: no_quorum_service fires when something starts on a node without quorum",
          "[invariants]") {
  Watched rig;
  rig.world.observe(backend::MembershipSeen{.node = "db1", .ring = 99, .members = {"db1"}, .quorate = false});
  REQUIRE(rig.rc("db1", "ip", "start") == 0);
  rig.pass(1s);
  CHECK(rig.verdict("no_quorum_service") == "broken");
}

TEST_CASE("invariants: fence_loop fires at the third fence of a node within half an hour", "[invariants]") {
  Watched rig;
  const backend::FenceDeviceActed fence{
      .device = "ipmi", .target = "db1", .action = "reboot", .success = true};
  rig.world.observe(fence);
  rig.pass(5min);
  rig.world.observe(fence);
  rig.pass(5min);
  CHECK(rig.verdict("fence_loop") == "held");
  rig.world.observe(fence);
  rig.pass(1s);
  CHECK(rig.verdict("fence_loop") == "broken");
}

// An empty configuration: token and consensus 6.6 s, an action and cluster-delay 80 s, boot and dc-deadtime
// 25 s make 111.6 s.
TEST_CASE("invariants: recovers is undecided until the bound has passed, and broken when it has",
          "[invariants]") {
  Watched early;
  early.stack_on("db1");
  early.fault("db_crash", {{"resource", "db"}});
  early.pass(111s);
  early.world.part<Invariants>().finish();
  CHECK(early.verdict("recovers") == "undecided");

  Watched late;
  late.stack_on("db1");
  late.fault("db_crash", {{"resource", "db"}});
  late.pass(112s);
  late.world.part<Invariants>().finish();
  CHECK(late.verdict("recovers") == "broken");
}
