#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/storage/drbd_config.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

constexpr const char* kTwoNodes = R"(
resource r0 {                       # one volume on two hosts
  device minor 0;
  disk /dev/vg0/r0;
  meta-disk internal;
  on db1 { node-id 0; address ipv4 10.0.0.1:7788; }
  on db2 { node-id 1; address 10.0.0.2:7788; disk "/dev/sdb1"; }
  net { fencing resource-and-stonith; ping-timeout 20; csums-alg sha1; }
}
)";

std::string refusal(const std::string& text) {
  const auto config = parse_drbd(text, "r0.res");
  return config ? "accepted" : to_string(config.error());
}

std::string within_resource(const std::string& line) {
  return refusal(
      "resource r0 {\n device minor 0; disk /dev/sda1;\n on a { node-id 0; }\n on b { node-id 1; }\n" + line +
      "\n}\n");
}

}  // namespace

TEST_CASE("DRBD file: hosts inherit the resource's volume and override what they say themselves",
          "[drbd][config]") {
  const auto config = parse_drbd(kTwoNodes, "r0.res");
  REQUIRE(config);
  const DrbdResourceConfig& r0 = config->resources.at(0);

  CHECK(r0.hosts.at(0).volumes.at(0).device == "/dev/drbd0");
  CHECK(r0.hosts.at(0).volumes.at(0).disk == "/dev/vg0/r0");
  CHECK(r0.hosts.at(1).volumes.at(0).disk == "/dev/sdb1");
  CHECK(r0.hosts.at(0).address == "ipv4 10.0.0.1:7788");
}

TEST_CASE("DRBD file: times come in the units of drbd.conf(5), and what is not modelled is listed",
          "[drbd][config]") {
  const auto config = parse_drbd(kTwoNodes, "r0.res");
  REQUIRE(config);
  REQUIRE(config->resources.at(0).connections.size() == 1);
  const DrbdNetOptions& net = config->resources.at(0).connections.at(0).net;

  CHECK(net.fencing == DrbdFencing::resource_and_stonith);
  CHECK(net.ping_timeout == 2s);
  CHECK(net.timeout == 6s);
  CHECK(config->not_modelled == std::vector<std::string>{"r0.res:8: csums-alg"});
}

TEST_CASE("DRBD file: common options hold unless a resource, volume or connection says otherwise",
          "[drbd][config]") {
  const auto config = parse_drbd(R"(
resource r1 {
  volume 0 { device minor 10; disk /dev/vg0/a; meta-disk internal; }
  volume 1 { device minor 11; disk /dev/vg0/b; meta-disk internal; disk { c-max-rate 50M; } }
  on db1 { node-id 0; }
  on db2 { node-id 1; }
  connection { host db1 address 10.0.0.1:7789; host db2 address 10.0.0.2:7789; net { protocol A; } }
})",
                                 "r1.res", R"(
global { usage-count no; }
common {
  options { quorum majority; on-no-quorum io-error; auto-promote no; }
  disk { c-max-rate 200M; }
  net { protocol B; connect-int 7; }
})");
  REQUIRE(config);
  const DrbdResourceConfig& r1 = config->resources.at(0);

  CHECK(r1.options.quorum == DrbdQuorum{DrbdQuorum::Kind::majority, 0});
  CHECK(r1.options.on_no_quorum == DrbdNoQuorum::io_error);
  CHECK_FALSE(r1.options.auto_promote);
  CHECK(r1.hosts.at(0).volumes.at(0).options.c_max_rate == 200 << 20);
  CHECK(r1.hosts.at(0).volumes.at(1).options.c_max_rate == 50 << 20);
  CHECK(r1.connections.at(0).net.protocol == DrbdProtocol::a);
  CHECK(r1.connections.at(0).net.connect_interval == 7s);
}

TEST_CASE("DRBD file: three hosts without connection sections form a full mesh", "[drbd][config]") {
  const auto config = parse_drbd(
      "resource r { device /dev/drbd5; disk /dev/sda1; on a { node-id 0; } on b { node-id 1; } on c { "
      "node-id 2; } }",
      "r.res");
  REQUIRE(config);
  CHECK(config->resources.at(0).connections.size() == 3);
  CHECK(config->resources.at(0).hosts.at(2).volumes.at(0).minor == 5);
}

TEST_CASE("DRBD file: what `drbdadm dump` prints reads back to the same resource", "[drbd][config]") {
  // Printed by drbdadm 9.22 for kTwoNodes.
  const auto dumped = parse_drbd(R"(
# resource r0 on vm: ignored, not stacked
# defined at /tmp/rs/r0.res:1
resource r0 {
    device               minor 0;
    disk                 /dev/vg0/r0;
    meta-disk            internal;
    on db1 {
        node-id 0;
        address          ipv4 10.0.0.1:7788;
    }
    on db2 {
        node-id 1;
        disk             /dev/sdb1;
        address          10.0.0.2:7788;
    }
    net {
        fencing          resource-and-stonith;
        ping-timeout      20;
        csums-alg        sha1;
    }
})",
                                 "dump");
  const auto written = parse_drbd(kTwoNodes, "r0.res");
  REQUIRE(dumped);
  REQUIRE(written);
  CHECK(dumped->resources == written->resources);
}

TEST_CASE("DRBD file: a drbd.conf is read with the files that it includes", "[drbd][config]") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "fencepost-drbd-config-test";
  fs::create_directories(folder / "drbd.d");
  std::ofstream(folder / "drbd.conf")
      << "include \"drbd.d/global_common.conf\";\ninclude \"drbd.d/*.res\";\n";
  std::ofstream(folder / "drbd.d/global_common.conf") << "common { net { ping-int 5; timeout 40; } }\n";
  std::ofstream(folder / "drbd.d/r0.res") << kTwoNodes;

  const auto config = read_drbd_file(folder / "drbd.conf");
  fs::remove_all(folder);
  REQUIRE(config);
  CHECK(config->resources.at(0).connections.at(0).net.ping_interval == 5s);
}

TEST_CASE("DRBD file: mistakes are told with file, line, column and remedy", "[drbd][config]") {
  CHECK(within_resource(" net { fencng dont-care; }") ==
        "r0.res:5:8: drbd.conf(5) knows no net option 'fencng': check its spelling and its section");
  CHECK(within_resource(" net { fencing never; }") ==
        "r0.res:5:8: fencing 'never' is not understood: use one of dont-care, resource-only, "
        "resource-and-stonith");
  CHECK(within_resource(" net { ping-int 500; }") ==
        "r0.res:5:8: ping-int '500' is not understood: use a whole number from 1 to 120, in units of 1 s");
  CHECK(within_resource(" net { timeout 100; }") ==
        "r0.res:1:1: timeout of resource 'r0' must be lower than connect-int and ping-int: drbd.conf(5)");
  CHECK(within_resource(" net { protocol C }") == "r0.res:5:8: 'C' is not ended: put ';' before the '}'");
  CHECK(within_resource(" on c { node-id 1; }") ==
        "r0.res:5:2: node-id 1 is also that of b: give each host its own");
  CHECK(within_resource(" connection { host a; host x; }") ==
        "r0.res:5:2: host 'x' has no 'on' section in resource 'r0'");
  CHECK(within_resource(" net { after-sb-0pri discard-node-x; }") ==
        "r0.res:1:1: after-sb-0pri discard-node-x: resource 'r0' has no host 'x'");
  CHECK(within_resource(" net { after-sb-0pri discard-local; }") ==
        "r0.res:5:8: after-sb-0pri 'discard-local' is not understood: use one of disconnect, "
        "discard-younger-primary, discard-older-primary, discard-zero-changes, discard-least-changes, "
        "discard-node-NAME");
  CHECK(refusal("resource r0 {\n  net { protocol C; }\n") ==
        "r0.res:1:1: section 'resource' is never closed: add '}'");
  CHECK(refusal("resource \"r0") == "r0.res:1:10: this string never ends: close it with \" on the same line");
  CHECK(refusal("resource r0 { on a { node-id 0; device minor 0; disk /dev/sda; } }") ==
        "r0.res:1:1: resource 'r0' needs an 'on' section for each of at least two hosts");
  CHECK(to_string(read_drbd_file("/nowhere/drbd.conf").error()) ==
        "/nowhere/drbd.conf: cannot read /nowhere/drbd.conf: check that it exists and may be read");
}
