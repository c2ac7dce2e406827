// Each verb of disks, filesystems and NFS: that it bites, and that it ends.
#include <catch2/catch.hpp>

#include "models/fault_arguments.h"
#include "models/os/drbd_modules.h"
#include "models/services/clients.h"
#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

StorageConfig with_home(const std::string& options) {
  StorageConfig storage = with_drbd();
  storage.nfs_servers = {{.name = "filer", .exports = {"/home"}, .answer_time = sim::Constant{1ms}}};
  storage.mounts = {{.node = "db1", .from = "filer:/home", .at = "/home", .type = "nfs", .options = options}};
  return storage;
}

// `fs` is the NFS mount at /home, watched by writing to it.
void watch_home(Rig& rig) {
  rig.parameters["fs"] = {
      {"device", "filer:/home"}, {"directory", "/home"}, {"fstype", "nfs"}, {"OCF_CHECK_LEVEL", "20"}};
}

void watch_disk(Rig& rig) {
  rig.parameters["other"]["OCF_CHECK_LEVEL"] = "20";
  REQUIRE(rig.rc("db1", "other", "start") == 0);
  REQUIRE(rig.rc("db1", "other", "monitor", 40s) == 0);
}

}  // namespace

TEST_CASE("nfs_slow: a server that takes 60 s to answer lets the monitor time out, until it is itself again",
          "[nfs]") {
  Rig rig(with_home("hard"));
  watch_home(rig);
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
  rig.fault("nfs_slow", {{"server", "filer"}, {"factor", "60000"}, {"for", "5m"}});
  CHECK_FALSE(rig.run("db1", "fs", "monitor", 40s).code.has_value());
  rig.pass(5min);
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
}

TEST_CASE("nfs_stale: everything fails with ESTALE until it is mounted again", "[nfs]") {
  Rig rig(with_home("hard"));
  watch_home(rig);
  rig.fault("nfs_stale", {{"server", "filer"}});
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 1);
  CHECK(rig.rc("db1", "fs", "stop", 60s) == 0);
  CHECK(rig.rc("db1", "fs", "start", 60s) == 0);
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
}

// timeo 100 is 10 s; retrans 2: 10 + 2 x 10 = 30 s.
TEST_CASE("a soft mount of a dead server gives up after timeo + retrans x timeo", "[nfs]") {
  Rig rig(with_home("soft,timeo=100,retrans=2"));
  watch_home(rig);
  rig.fault("nfs_hang", {{"server", "filer"}});
  const SimTime began = rig.now();
  const Ran monitor = rig.run("db1", "fs", "monitor", 60s);
  CHECK(monitor.code == 1);
  CHECK(monitor.at - began >= 30s);
  CHECK(monitor.at - began <= 31s);
}

TEST_CASE("fs_full: a monitor that writes fails, one that reads does not, and clients are not served",
          "[fs]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  rig.fault("fs_full", {{"node", "db1"}, {"mount", "/srv/db"}, {"for", "1m"}});
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
  rig.parameters["fs"]["OCF_CHECK_LEVEL"] = "10";
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
  rig.parameters["fs"]["OCF_CHECK_LEVEL"] = "20";
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 1);
  CHECK_FALSE(rig.seen<backend::ServiceChanged>().back().available);
  rig.pass(1min);
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
  CHECK(rig.seen<backend::ServiceChanged>().back().available);
}

TEST_CASE("fs_readonly: a monitor that writes fails, and a new mount is writable again", "[fs]") {
  Rig rig(with_drbd());
  watch_disk(rig);
  rig.fault("fs_readonly", {{"node", "db1"}, {"mount", "/srv/other"}});
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 1);
  CHECK(rig.rc("db1", "other", "stop", 60s) == 0);
  CHECK(rig.rc("db1", "other", "start", 60s) == 0);
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 0);
}

TEST_CASE("io_stall: who waits for the disk is in D state, and SIGKILL ends nothing", "[fs]") {
  Rig rig(with_drbd());
  watch_disk(rig);
  rig.fault("io_stall", {{"node", "db1"}, {"device", "/dev/sdc"}, {"for", "90s"}});
  const int monitor = rig.order("db1", "other", "monitor", 40s);
  rig.pass(60s);
  const auto blocked = rig.seen<backend::ProcessBlocked>();
  REQUIRE_FALSE(blocked.empty());
  CHECK_FALSE(blocked.back().killable);
  rig.pass(60s);
  CHECK(rig.result(monitor).ended);
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 0);
}

TEST_CASE("disk_fail: the monitor fails, the filesystem can be left, and not be mounted again", "[fs]") {
  Rig rig(with_drbd());
  watch_disk(rig);
  rig.fault("disk_fail", {{"node", "db1"}, {"device", "/dev/sdc"}});
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 1);
  CHECK(rig.rc("db1", "other", "stop", 60s) == 0);
  CHECK(rig.rc("db1", "other", "start", 60s) != 0);
}

TEST_CASE("faults: each argument of each verb has a type and a meaning", "[faults]") {
  for (const FaultVerb& verb : fault_verbs()) {
    for (const FaultArgument& argument : arguments_of(verb)) {
      INFO(verb.name << " " << argument.name);
      CHECK_FALSE(argument.meaning.empty());
    }
  }
}

TEST_CASE("faults: no number is infinite or none", "[faults]") {
  Rig rig;
  for (const char* number : {"inf", "nan", "1e300", "-1", "0"}) {
    INFO(number);
    CHECK_FALSE(inject(
        rig.world,
        {.index = 0, .fault = fault::Other{"load", {{"node", "db1"}, {"cpu", number}}}, .text = "load"}));
  }
}

TEST_CASE("load: of two that overlap the stronger is felt, each until its own end", "[faults]") {
  Rig rig;
  Machine& machine = rig.machine("db1");
  const auto takes = [&] { return machine.sample(sim::Constant{1s}); };
  rig.fault("load", {{"node", "db1"}, {"cpu", "4"}, {"for", "30s"}});
  rig.fault("load", {{"node", "db1"}, {"cpu", "10"}, {"for", "10s"}});
  CHECK(takes() == 10s);
  rig.pass(11s);
  CHECK(takes() == 4s);
  rig.pass(20s);
  CHECK(takes() == 1s);
}

TEST_CASE("overlaps: a disk that stalls twice answers when both are over", "[faults]") {
  Rig rig(with_drbd());
  watch_disk(rig);
  const Disk& disk = *rig.world.part<BlockDevices>().find_disk(rig.machine("db1"), "/dev/sdc");
  rig.fault("io_stall", {{"node", "db1"}, {"device", "/dev/sdc"}, {"for", "60s"}});
  rig.fault("io_stall", {{"node", "db1"}, {"device", "/dev/sdc"}, {"for", "10s"}});
  rig.fault("disk_fail", {{"node", "db1"}, {"device", "/dev/sdc"}, {"for", "5s"}});
  CHECK(disk.reads() == DeviceIo::fails);
  rig.pass(20s);
  CHECK(disk.reads() == DeviceIo::waits);
  rig.pass(50s);
  CHECK(disk.reads() == DeviceIo::flows);
}

TEST_CASE("overlaps: an NFS server is silent until the last fault is over, or somebody recovers it",
          "[faults]") {
  Rig rig(with_home("hard"));
  watch_home(rig);
  rig.fault("nfs_hang", {{"server", "filer"}, {"for", "5m"}});
  rig.fault("nfs_hang", {{"server", "filer"}, {"for", "1m"}});
  rig.pass(2min);
  CHECK_FALSE(rig.run("db1", "fs", "monitor", 40s).code.has_value());
  rig.pass(3min);
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);

  rig.fault("nfs_hang", {{"server", "filer"}, {"for", "1h"}});
  rig.fault("nfs_recover", {{"server", "filer"}});
  CHECK(rig.rc("db1", "fs", "monitor", 40s) == 0);
}

TEST_CASE("overlaps: a filesystem is full until the last fault is over, and the next mount is another one",
          "[faults]") {
  Rig rig(with_drbd());
  watch_disk(rig);
  const auto fill = [&](const char* time) {
    rig.fault("fs_full", {{"node", "db1"}, {"mount", "/srv/other"}, {"for", time}});
  };
  fill("2m");
  fill("30s");
  rig.pass(1min);
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 1);
  rig.pass(1min);
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 0);

  fill("1h");
  CHECK(rig.rc("db1", "other", "stop", 60s) == 0);
  CHECK(rig.rc("db1", "other", "start", 60s) == 0);
  fill("10s");
  rig.pass(20s);
  CHECK(rig.rc("db1", "other", "monitor", 40s) == 0);
}

TEST_CASE("overlaps: a replication link is cut until both ends' faults are over", "[faults]") {
  Rig rig(with_drbd());
  rig.stack_on("db1");
  const auto connected = [&] {
    return rig.world.part<DrbdModules>().find("r0")->state().link(0, 1) == DrbdLinkState::connected;
  };
  rig.fault("drbd_link_down", {{"node", "db1"}, {"for", "2m"}});
  rig.fault("drbd_link_down", {{"node", "db2"}, {"for", "30s"}});
  rig.pass(1min);
  CHECK_FALSE(connected());
  rig.pass(90s);
  CHECK(connected());
}
