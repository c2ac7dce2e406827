// A disk over iSCSI, and what the loss of a session does: waits, fails, comes back.
#include <catch2/catch.hpp>

#include "models/os/block_device.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

StorageConfig with_san(bool at_boot = true) {
  StorageConfig storage;
  storage.iscsi_targets = {{.name = "san", .iqn = "iqn.2001-04.com.example:db", .devices = {"/dev/sdb"}}};
  storage.iscsi_targets.front().at_boot = at_boot;
  return storage;
}

struct San : Rig {
  explicit San(bool at_boot = true) : Rig(with_san(at_boot)) {
    parameters["other"] = {{"device", "/dev/sdb"}, {"directory", "/srv/other"}, {"fstype", "ext4"}};
    parameters["iscsi"] = {{"target", "iqn.2001-04.com.example:db"}, {"portal", "san:3260"}};
  }
  void reached(bool yes) {
    world.network().set_port(*world.network().find_endpoint("san"), std::nullopt, yes);
  }
  DeviceIo io(const std::string& node = "db1") {
    const BlockDevice* disk = world.part<BlockDevices>().find(machine(node), "/dev/sdb");
    REQUIRE(disk);
    return disk->writes();
  }
};

}  // namespace

TEST_CASE("iscsi: while a session is lost I/O waits, and goes on when it is back", "[iscsi]") {
  San san;
  san.parameters["other"]["OCF_CHECK_LEVEL"] = "20";
  REQUIRE(san.rc("db1", "other", "start") == 0);
  san.reached(false);
  const int monitor = san.order("db1", "other", "monitor", 100s);
  san.pass(60s);
  CHECK_FALSE(san.result(monitor).ended);
  const auto blocked = san.seen<backend::ProcessBlocked>();
  REQUIRE_FALSE(blocked.empty());
  CHECK_FALSE(blocked.back().killable);
  san.reached(true);
  san.pass(3s);  // a new login is tried every 2 s
  CHECK(san.result(monitor).code == 0);
}

// A NOP-Out within 5 s, 5 s without an answer, replacement_timeout 120 s: between 125 and 130 s.
TEST_CASE("iscsi: after replacement_timeout I/O fails, until there is a session again", "[iscsi]") {
  San san;
  san.reached(false);
  san.pass(124900ms);
  CHECK(san.io() == DeviceIo::waits);
  san.pass(5200ms);
  CHECK(san.io() == DeviceIo::fails);
  san.reached(true);
  san.pass(3s);
  CHECK(san.io() == DeviceIo::flows);
}

TEST_CASE("iscsi: a cut that nobody notices is one of TCP", "[iscsi]") {
  San san;
  san.reached(false);
  san.pass(3s);
  san.reached(true);
  san.pass(4s);  // sent again after 0.2 + 0.4 + 0.8 + 1.6 + 3.2 s
  CHECK(san.io() == DeviceIo::flows);
  for (const auto& change : san.seen<backend::StateChanged>())
    if (change.kind == "iscsi-session") CHECK(change.to != "recovering");
}

TEST_CASE("iscsi: both machines have the same disk, and what one wrote the other reads", "[iscsi]") {
  San san;
  REQUIRE(san.rc("db1", "other", "start") == 0);
  BlockDevices& devices = san.world.part<BlockDevices>();
  BlockDevice& here = *devices.find(san.machine("db1"), "/dev/sdb");
  const std::int64_t before = here.position();
  here.write(7, true);
  CHECK(devices.find(san.machine("db2"), "/dev/sdb")->position() == before + 7);
  CHECK(devices.find_disk(san.machine("db1"), "/dev/sdb") == nullptr);  // it is no disk of one machine
}

TEST_CASE("iscsi: the agent logs in and out; without a session there is no disk", "[iscsi][agents]") {
  San san(false);
  CHECK(san.rc("db1", "iscsi", "monitor") == 7);
  CHECK(san.rc("db1", "other", "start") != 0);
  CHECK(san.rc("db1", "iscsi", "start") == 0);
  CHECK(san.rc("db1", "iscsi", "monitor") == 0);
  CHECK(san.rc("db1", "other", "start") == 0);
  san.reached(false);
  san.pass(60s);
  CHECK(san.rc("db1", "iscsi", "monitor") == 0);  // iscsid tries to get it back
  CHECK(san.rc("db1", "iscsi", "stop") == 0);
  CHECK(san.rc("db1", "iscsi", "monitor") == 7);
  CHECK(san.rc("db1", "iscsi", "start") == 1);  // nobody answers
}
