// An NFS server that the cluster runs: who answers its clients, and what keeps its filesystem busy.
#include <catch2/catch.hpp>

#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

// db1 exports /srv/db at 10.0.0.100; db2 mounts it at /mnt ("other").
struct Share : Rig {
  Share() : Rig(config()) {
    parameters["export"] = {{"directory", "/srv/db"}, {"fsid", "1"}};
    parameters["other"] = {{"device", "share:/srv/db"},
                           {"directory", "/mnt"},
                           {"fstype", "nfs"},
                           {"options", "hard"},
                           {"OCF_CHECK_LEVEL", "20"}};
    serve_on("db1");
  }
  static StorageConfig config() {
    StorageConfig storage = with_drbd();
    storage.nfs_servers = {{.name = "share", .exports = {"/srv/db"}, .address = "ip"}};
    return storage;
  }
  void serve_on(const std::string& node) {
    if (node == "db1") {
      const int there = order("db1", "drbd", "start");
      REQUIRE(rc("db2", "drbd", "start") == 0);
      REQUIRE(result(there).code == 0);
    }
    REQUIRE(rc(node, "drbd", "promote", 90s) == 0);
    for (const char* resource : {"fs", "nfsd", "export", "ip"}) REQUIRE(rc(node, resource, "start") == 0);
  }
};

}  // namespace

TEST_CASE("nfs server: a client's calls hang while it fails over, and end as if nothing had been",
          "[nfs-server]") {
  Share rig;
  REQUIRE(rig.rc("db2", "other", "start") == 0);
  REQUIRE(rig.rc("db2", "ip", "monitor") == 7);
  REQUIRE(rig.rc("db1", "ip", "stop") == 0);
  const int monitor = rig.order("db2", "other", "monitor", 120s);
  for (const char* resource : {"export", "nfsd", "fs"}) REQUIRE(rig.rc("db1", resource, "stop") == 0);
  REQUIRE(rig.rc("db1", "drbd", "demote") == 0);
  CHECK_FALSE(rig.result(monitor).ended);
  rig.serve_on("db2");
  rig.pass(30s);
  CHECK(rig.result(monitor).code == 0);
}

TEST_CASE("nfs server: what is exported cannot be unmounted, and no signal helps", "[nfs-server]") {
  Share rig;
  CHECK(rig.rc("db1", "fs", "stop", 20s) != 0);
  REQUIRE(rig.rc("db1", "export", "stop") == 0);
  CHECK(rig.rc("db1", "fs", "stop", 20s) == 0);
}

TEST_CASE("nfs server: what is not exported cannot be mounted", "[nfs-server]") {
  Share rig;
  REQUIRE(rig.rc("db1", "export", "stop") == 0);
  const Ran start = rig.run("db2", "other", "start");
  CHECK(start.code == 1);
  CHECK(start.reason.find("Permission denied") != std::string::npos);
}

TEST_CASE("exportfs: with wait_for_leasetime_on_stop it waits until the leases have run out",
          "[nfs-server]") {
  Share rig;
  rig.parameters["export"]["wait_for_leasetime_on_stop"] = "true";
  const SimTime began = rig.now();
  const Ran stop = rig.run("db1", "export", "stop", 120s);
  CHECK(stop.code == 0);
  CHECK(stop.at - began >= 92s);
}
