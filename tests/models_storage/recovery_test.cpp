// The bound of a recovery, by arithmetic from the configuration.
#include <catch2/catch.hpp>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "models/invariants/recovery_bound.h"
#include "models/invariants/recovery_path.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

// A group of fs and db on a promotable drbd; a web server beside them that needs nobody.
const char* const kCib = R"(<cib><configuration><crm_config><cluster_property_set id="p">
  <nvpair id="t" name="stonith-timeout" value="50s"/></cluster_property_set></crm_config><nodes/><resources>
  <primitive id="gun" class="stonith" type="fence_ipmilan"><instance_attributes id="gun-i">
    <nvpair id="gun-d" name="pcmk_delay_base" value="n1:4s;n2:10s"/></instance_attributes></primitive>
  <clone id="drbd-clone"><meta_attributes id="m"><nvpair id="mp" name="promotable" value="true"/></meta_attributes>
    <primitive id="drbd" class="ocf" provider="linbit" type="drbd"><operations>
      <op id="d1" name="start" interval="0" timeout="240s"/><op id="d2" name="promote" interval="0" timeout="90s"/>
      <op id="d3" name="demote" interval="0" timeout="80s"/><op id="d4" name="stop" interval="0" timeout="100s"/>
    </operations></primitive></clone>
  <group id="g">
    <primitive id="fs" class="ocf" provider="heartbeat" type="Filesystem"><operations>
      <op id="f1" name="monitor" interval="20s" timeout="40s"/></operations></primitive>
    <primitive id="db" class="ocf" provider="heartbeat" type="pgsql"><meta_attributes id="dm">
      <nvpair id="df" name="failure-timeout" value="120s"/></meta_attributes><operations>
      <op id="b1" name="start" interval="0" timeout="130s"/><op id="b2" name="stop" interval="0" timeout="120s"/>
    </operations></primitive></group>
  <primitive id="web" class="ocf" provider="heartbeat" type="apache"/>
  </resources><constraints>
  <rsc_order id="o" first="drbd-clone" first-action="promote" then="g"/>
  <rsc_order id="o2" first="web" then="g" kind="Optional"/>
  </constraints></configuration><status/></cib>)";

cib::Cib configured() {
  const auto document = cib::read(kCib, "test");
  REQUIRE(document);
  return document->cib;
}

WorldConfig two_nodes() {
  WorldConfig world;
  world.nodes = {{"n1", 1}, {"n2", 2}};
  world.hardware["n2"].boot = sim::Constant{90s};
  return world;
}

Duration part(const RecoveryBound& bound, const std::string& what) {
  for (const RecoveryBound::Part& each : bound.parts) {
    if (each.what.find(what) != std::string::npos) return each.takes;
  }
  return {};
}

}  // namespace

TEST_CASE("recovery: what a resource needs comes before it, and optional orders need nothing", "[recovery]") {
  const cib::Cib cib = configured();
  std::vector<std::string> ids;
  for (const cib::Resource* each : recovery_path(*cib.configuration, "db")) ids.push_back(each->id);
  CHECK(ids == std::vector<std::string>{"drbd", "fs", "db"});
  CHECK(recovery_path(*cib.configuration, "web").size() == 1);
}

TEST_CASE("recovery: each part of the bound follows from the configuration", "[recovery]") {
  const cib::Cib cib = configured();
  const RecoveryBound bound = recovery_bound(*cib.configuration, two_nodes(), {}, "db");
  CHECK(part(bound, "token") == 6600ms);                   // 3 s + 1.2 x 3 s
  CHECK(part(bound, "monitor") == 60s);                    // fs: 20 + 40
  CHECK(part(bound, "in progress") == 300s);               // drbd's start 240, cluster-delay 60
  CHECK(part(bound, "stops") == 80s + 100s + 20s + 120s);  // fs has no stop of its own: 20 s
  CHECK(part(bound, "fencing") == 2 * 72s);                // 1.2 x (50 + the longer delay, 10)
  CHECK(part(bound, "boots") == 110s);                     // 90, dc-deadtime 20
  CHECK(part(bound, "expire") == 120s + 15min);            // failure-timeout, cluster-recheck-interval
  CHECK(part(bound, "starts") == 240s + 90s + 20s + 130s);
}

TEST_CASE("recovery: what needs nobody has a shorter bound", "[recovery]") {
  const cib::Cib cib = configured();
  const RecoveryBound bound = recovery_bound(*cib.configuration, two_nodes(), {}, "web");
  CHECK(part(bound, "stops") == 20s);
  CHECK(part(bound, "starts") == 20s);
  CHECK(part(bound, "expire") == 0s);
  CHECK(part(bound, "copied") == 0s);
  CHECK(bound.total() < recovery_bound(*cib.configuration, two_nodes(), {}, "db").total());
}
