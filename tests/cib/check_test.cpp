#include <catch2/catch.hpp>
#include <string>

#include "golden.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

TEST_CASE("check: everything wrong with a CIB is told, with its line and what to do", "[cib]") {
  const auto document = read_file(golden_path("broken.xml"));
  REQUIRE(document);
  std::string text;
  for (const Problem& problem : check(document->cib, "broken.xml")) text += to_string(problem) + "\n";
  check_golden("broken.problems", text);
}

TEST_CASE("check: fencing without a device is worth a warning", "[cib]") {
  const Cib cib =
      cib_of(R"(<configuration><resources><primitive id="A" class="ocf" provider="heartbeat" type="Dummy"/>
      </resources></configuration>)");
  const auto problems = check(cib, "cib.xml");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].severity == Severity::warning);
  CHECK(problems[0].message.starts_with("fencing is on but there is no fence device"));
}

TEST_CASE("check: guest and bundle nodes are nodes", "[cib]") {
  const Cib cib = cib_of(R"(<configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <resources>
      <primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
        <meta_attributes id="m"><nvpair id="m1" name="remote-node" value="guest"/></meta_attributes></primitive>
      <bundle id="web"><podman image="httpd" replicas="2"/></bundle>
    </resources>
    <constraints>
      <rsc_location id="l1" rsc="vm" node="guest" score="5"/>
      <rsc_location id="l2" rsc="vm" node="web-1" score="5"/>
    </constraints></configuration>)");
  CHECK(check(cib, "cib.xml").empty());
}
