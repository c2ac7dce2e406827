// What `fencepost explain` says of small decisions.
#include "reporters/explain.h"

#include <catch2/catch.hpp>

#include "engine/cib/read.h"

using namespace fencepost;

namespace {

// Two nodes; fs would rather run on n2, and db must be where fs is.
constexpr const char* kCluster =
    R"(<cib validate-with="pacemaker-3.9" have-quorum="1" dc-uuid="2"><configuration>
  <crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set>
  </crm_config>
  <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
  <resources><primitive id="fs" class="ocf" provider="pacemaker" type="Dummy"/>
    <primitive id="db" class="ocf" provider="pacemaker" type="Dummy"/></resources>
  <constraints><rsc_location id="prefer" rsc="fs" node="n2" score="100"/>
    <rsc_colocation id="together" rsc="db" with-rsc="fs" score="INFINITY"/></constraints></configuration>
  <status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources/></lrm></node_state>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="2"><lrm_resources/></lrm></node_state>
  </status></cib>)";

std::string explained(std::vector<std::string> resources) {
  const auto document = cib::read(kCluster, "test.xml");
  REQUIRE(document);
  policy::Snapshot snapshot;
  snapshot.cib = &document->cib;
  return reporters::explain(policy::decide(snapshot), {.resources = std::move(resources)});
}

}  // namespace

TEST_CASE("explain: each node's score, and what it is made of", "[reporters]") {
  CHECK(explained({"fs"}) == R"(Start fs: n2
     n1                    0
  -> n2                  100
                        +100  location: prefer

)");
}

TEST_CASE("explain: what a colocation keeps away is said to be kept away by it", "[reporters]") {
  const std::string text = explained({"db"});
  CHECK(text.find("Start db: n2") == 0);
  CHECK(text.find("-INFINITY  colocation: together") != std::string::npos);
}

TEST_CASE("explain: without names, everything that changes", "[reporters]") {
  const std::string text = explained({});
  CHECK(text.find("Start fs") != std::string::npos);
  CHECK(text.find("Start db") != std::string::npos);
}
