// A node does not start beside Pacemaker, takes no resource it cannot run, and a watchdog watches it.
#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/cib/read.h"
#include "engine/live/safety/heartbeat.h"
#include "engine/live/safety/machine.h"
#include "engine/live/safety/watchdog.h"
#include "folder.h"

using namespace fencepost;
using namespace fencepost::live;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

// A machine on which nothing runs.
struct Machine {
  Folder folder;
  MachinePaths paths{folder / "proc", folder / "systemd"};

  Machine() {
    fs::create_directories(folder / "proc/net");
    fs::create_directories(folder / "systemd/multi-user.target.wants");
    process(1, "systemd");
    process(77, "corosync");
    put_content(folder / "proc/net/unix", "Num RefCount\n0000: 00000002 0 00010000 0001 01 1 @quorum\n");
  }
  void process(int pid, const std::string& name) {
    const std::string path = folder / ("proc/" + std::to_string(pid));
    fs::create_directories(path);
    put_content(path + "/comm", name + "\n");
  }
  std::string refusal() const {
    const auto result = without_pacemaker(paths);
    return result ? "" : result.error().message;
  }
};

std::shared_ptr<const cib::Configuration> resources(const std::string& xml) {
  auto document = cib::read("<cib><configuration><crm_config/><nodes/><resources>" + xml +
                                "</resources><constraints/></configuration><status/></cib>",
                            "test");
  if (!document) FAIL(to_string(document.error()));
  return document->cib.configuration;
}

}  // namespace

TEST_CASE("safety: beside Corosync a node starts, beside anything of Pacemaker it does not", "[live]") {
  Machine machine;
  CHECK(machine.refusal() == "");
  SECTION("a daemon") {
    machine.process(4711, "pacemaker-contr");
    CHECK_THAT(machine.refusal(),
               Contains("pacemaker-contr") && Contains("systemctl disable --now pacemaker"));
  }
  SECTION("a socket") {
    put_content(machine.folder / "proc/net/unix", "Num\n0000: 00000002 0 00010000 0001 01 1 @cib_rw@@@@\n");
    CHECK_THAT(machine.refusal(), Contains("listens"));
  }
  SECTION("a service enabled for the next boot") {
    fs::create_symlink("/usr/lib/systemd/system/pacemaker.service",
                       machine.folder / "systemd/multi-user.target.wants/pacemaker.service");
    CHECK_THAT(machine.refusal(), Contains("next boot"));
  }
}

TEST_CASE("safety: resources without an agent are named, those with one are not", "[live]") {
  const Folder folder;
  fs::create_directories(folder / "ocf/resource.d/heartbeat");
  fs::create_directories(folder / "sbin");
  const auto agent = [&](const std::string& path, bool executable) {
    put_content(folder / path, "#!/bin/sh\n");
    fs::permissions(folder / path, executable ? fs::perms::owner_all : fs::perms::owner_read);
  };
  agent("ocf/resource.d/heartbeat/IPaddr2", true);
  agent("ocf/resource.d/heartbeat/Broken", false);
  agent("sbin/fence_ipmilan", true);
  AgentPaths paths;
  paths.ocf_root = folder / "ocf";
  paths.fence_agents = folder / "sbin";
  const auto configuration = resources(R"(
      <primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/>
      <primitive id="fence" class="stonith" type="fence_ipmilan"/>
      <group id="g"><primitive id="broken" class="ocf" provider="heartbeat" type="Broken"/></group>
      <clone id="c"><primitive id="none" class="ocf" provider="heartbeat" type="None"/></clone>
      <primitive id="unit" class="systemd" type="no-such-unit-anywhere"/>
      <primitive id="odd" class="upstart" type="x"/>)");
  const auto missing = missing_agents(*configuration, paths);
  REQUIRE(missing.size() == 4);
  CHECK_THAT(missing[0], Contains("resource broken") && Contains("heartbeat/Broken"));
  CHECK_THAT(missing[1], Contains("resource none"));
  CHECK_THAT(missing[2], Contains("resource unit") && Contains("no-such-unit-anywhere"));
  CHECK_THAT(missing[3], Contains("resource odd") && Contains("'upstart'"));
}

TEST_CASE("watchdog: fed while the loop turns, disarmed only by an orderly end", "[live]") {
  const Folder folder;
  const std::string device = folder / "watchdog";
  put_content(device, "");
  EventLoop loop;
  std::optional<Heartbeat> heartbeat;
  {
    auto watchdog = Watchdog::arm(device, 40ms);
    REQUIRE(watchdog);
    heartbeat.emplace(loop, *std::move(watchdog), [](const std::string& text) { FAIL(text); });
  }
  const std::size_t armed = content(device).size();
  CHECK(armed > 0);
  while (content(device).size() < armed + 3) loop.turn(10ms);
  SECTION("an orderly end writes the magic letter, and nothing after it") {
    heartbeat->end_in_order();
    const std::string fed = content(device);
    CHECK(fed.back() == 'V');
    loop.turn(30ms);
    CHECK(content(device) == fed);
  }
  SECTION("a heartbeat that goes away without a word does not") {
    heartbeat.reset();
    CHECK(content(device).find('V') == std::string::npos);
  }
}

TEST_CASE("watchdog: one that is not there is an error with a remedy", "[live]") {
  const Folder folder;
  const auto watchdog = Watchdog::arm(folder / "none", 10s);
  REQUIRE_FALSE(watchdog);
  CHECK_THAT(watchdog.error().message, Contains("modprobe softdog"));
}
