// Volume groups on DRBD: what they need, and what they keep busy.
#include <catch2/catch.hpp>

#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

struct Volumes : Rig {
  Volumes() : Rig(config()) {
    parameters["lvm"] = {{"vgname", "vg1"}, {"vg_access_mode", "system_id"}};
    parameters["fs"]["device"] = "/dev/vg1/db";
    const int there = order("db1", "drbd", "start");
    REQUIRE(rc("db2", "drbd", "start") == 0);
    REQUIRE(result(there).code == 0);
  }
  static StorageConfig config() {
    StorageConfig storage = with_drbd();
    storage.volume_groups = {{.name = "vg1", .device = "/dev/drbd0"}};
    return storage;
  }
};

}  // namespace

TEST_CASE("lvm: a group is activated only where its device may be opened", "[lvm]") {
  Volumes rig;
  CHECK(rig.rc("db1", "lvm", "start") == 1);
  REQUIRE(rig.rc("db1", "drbd", "promote") == 0);
  CHECK(rig.rc("db1", "lvm", "start") == 0);
  CHECK(rig.rc("db1", "lvm", "monitor") == 0);
  CHECK(rig.rc("db2", "lvm", "monitor") == 7);
}

TEST_CASE("lvm: a volume is there while its group is active, by both of its names", "[lvm]") {
  Volumes rig;
  REQUIRE(rig.rc("db1", "drbd", "promote") == 0);
  CHECK(rig.rc("db1", "fs", "start") == 5);
  REQUIRE(rig.rc("db1", "lvm", "start") == 0);
  CHECK(rig.rc("db1", "fs", "start") == 0);
  REQUIRE(rig.rc("db1", "fs", "stop") == 0);
  rig.parameters["fs"]["device"] = "/dev/mapper/vg1-db";
  CHECK(rig.rc("db1", "fs", "start") == 0);
}

TEST_CASE("lvm: an active group keeps DRBD in use, and a mounted volume its group", "[lvm]") {
  Volumes rig;
  REQUIRE(rig.rc("db1", "drbd", "promote") == 0);
  REQUIRE(rig.rc("db1", "lvm", "start") == 0);
  REQUIRE(rig.rc("db1", "fs", "start") == 0);
  CHECK_FALSE(rig.run("db1", "lvm", "stop", 20s).code.has_value());
  REQUIRE(rig.rc("db1", "fs", "stop") == 0);
  CHECK_FALSE(rig.run("db1", "drbd", "demote", 20s).code.has_value());
  CHECK(rig.rc("db1", "lvm", "stop") == 0);
  CHECK(rig.rc("db1", "drbd", "demote") == 0);
}
