// Web servers whose pages lie on a file server that dies.
#include <catch2/catch.hpp>

#include "rig.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

struct Site : Rig {
  explicit Site(bool killable = true, double requests_per_second = 10)
      : Rig(storage(killable, requests_per_second)) {}
  static StorageConfig storage(bool killable, double requests_per_second) {
    StorageConfig config;
    config.nfs_servers = {{.name = "filer", .exports = {"/home"}, .answer_time = sim::Constant{1ms}}};
    config.mounts = {{.node = "db1", .from = "filer:/home", .at = "/home", .type = "nfs", .options = "hard"}};
    config.dead_nfs_is_killable = killable;
    // 100 workers at 10 requests a second are used up after 10 s.
    for (const char* name : {"apache", "web"})
      config.web_servers.push_back({.name = name,
                                    .root = "/home/www",
                                    .address = {},
                                    .requests_per_second = requests_per_second,
                                    .workers = 100});
    return config;
  }
  bool served() const {
    const auto changes = seen<backend::ServiceChanged>();
    return !changes.empty() && changes.back().available;
  }
};

}  // namespace

TEST_CASE(
    "web: no client gets a page from a dead file server, and apache's monitor is green while workers last",
    "[web][agents]") {
  Site site;
  REQUIRE(site.rc("db1", "apache", "start", 40s) == 0);
  CHECK(site.served());
  site.fault("nfs_hang", {{"server", "filer"}, {"for", "1m"}});
  CHECK_FALSE(site.served());
  CHECK(site.rc("db1", "apache", "monitor", 5s) == 0);
  site.pass(10s);
  CHECK_FALSE(site.run("db1", "apache", "monitor", 20s).code.has_value());
  site.pass(1min);
  CHECK(site.served());
  CHECK(site.rc("db1", "apache", "monitor", 20s) == 0);
}

TEST_CASE("web: workers that nearly nobody asks for last as long as anybody looks", "[web][agents]") {
  Site site(true, 1e-12);
  REQUIRE(site.rc("db1", "apache", "start", 40s) == 0);
  site.fault("nfs_hang", {{"server", "filer"}});
  site.pass(1h);
  CHECK_FALSE(site.served());
  CHECK(site.rc("db1", "apache", "monitor", 20s) == 0);
}

TEST_CASE("web: nginx's plain monitor sees a process, a deeper one asks it", "[web][agents]") {
  Site site;
  REQUIRE(site.rc("db1", "web", "start", 40s) == 0);
  site.fault("nfs_hang", {{"server", "filer"}});
  site.pass(15s);
  CHECK(site.rc("db1", "web", "monitor", 20s) == 0);
  site.parameters["web"]["OCF_CHECK_LEVEL"] = "10";
  CHECK_FALSE(site.run("db1", "web", "monitor", 20s).code.has_value());
}

TEST_CASE("web: a stop ends the workers that wait, unless nothing ends them", "[web][agents]") {
  for (const bool killable : {true, false}) {
    Site site(killable);
    REQUIRE(site.rc("db1", "apache", "start", 40s) == 0);
    site.fault("nfs_hang", {{"server", "filer"}});
    site.pass(2s);
    CHECK(site.run("db1", "apache", "stop", 60s).code.has_value() == killable);
  }
}

TEST_CASE("web: a server that crashes is not running, and starts again", "[web][agents]") {
  Site site;
  REQUIRE(site.rc("db1", "apache", "start", 40s) == 0);
  site.world.at(site.now() + 1s, [&] {
    REQUIRE(inject(site.world, {.index = 0,
                                .fault = fault::KillResource{.resource = "apache", .node = "db1"},
                                .text = "kill_resource"}));
  });
  site.pass(2s);
  CHECK_FALSE(site.served());
  CHECK(site.rc("db1", "apache", "monitor", 20s) == 7);
  CHECK(site.rc("db1", "apache", "start", 40s) == 0);
  CHECK(site.served());
}
