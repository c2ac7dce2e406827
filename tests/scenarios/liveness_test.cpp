// What a broken liveness says: why the service did not come back.
#include <algorithm>
#include <catch2/catch.hpp>

#include "scenarios/run.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

// Plays it, and gives what was found out about "recovers is violated".
std::string why(const std::string& more, const std::string& resources = "",
                const std::string& nodes = "[n1, n2]") {
  const std::string text = "nodes: " + nodes + R"(
cib_xml: |
  <configuration><crm_config/><nodes/><resources>)" +
                           resources +
                           R"(<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations>
  <op id="d-mon" name="monitor" interval="10s" timeout="20s"/></operations></primitive></resources>
  <constraints><rsc_location id="d-there" rsc="d" node="n1" score="100"/></constraints></configuration>
end: {duration: 30m}
)" + more;
  auto scenario = read_scenario(Inputs::from_recording("story.yaml", {{"", text}}));
  if (!scenario) FAIL(to_string(scenario.error().front()));
  scenario->expect.violated = {"recovers"};
  const Outcome outcome = run(*scenario, {});
  for (const Finding& finding : outcome.findings) {
    if (finding.expectation == "recovers is violated") return finding.why;
  }
  return "no finding";
}

bool says(const std::string& text, const std::string& words) {
  UNSCOPED_INFO(text);
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("liveness: banned everywhere by fail counts", "[liveness]") {
  CHECK(says(
      why(R"(
properties: {stonith-enabled: "false"}
faults:
  - {at: 9s, verb: agent, resource: d, action: start, mode: rc, rc: 1}
  - {at: 10s, verb: kill_resource, resource: d}
)"),
      "d may run nowhere: banned from n1 by fail count INFINITY; banned from n2 by fail count INFINITY"));
}

TEST_CASE("liveness: no quorum", "[liveness]") {
  CHECK(says(why(R"(
properties: {stonith-enabled: "false"}
faults: [{at: 10s, verb: power_loss, node: n2}, {at: 10s, verb: power_loss, node: n3}]
)",
                 "", "[n1, n2, n3]"),
             "no quorum, and no-quorum-policy is stop"));
}

TEST_CASE("liveness: fencing impossible", "[liveness]") {
  CHECK(says(why(R"(
properties: {stonith-enabled: "true"}
faults:
  - {at: 9s, verb: fence_mode, device: gun, mode: fail}
  - {at: 10s, verb: power_loss, node: n1}
)",
                 R"(<primitive id="gun" class="stonith" type="fence_lab"><instance_attributes id="i">
  <nvpair id="gd" name="device" value="gun"/></instance_attributes></primitive>)"),
             "n1 must be fenced first, and that failed: "));
}

TEST_CASE("liveness: blocked by a stop that failed where nobody fences", "[liveness]") {
  CHECK(says(why(R"(
properties: {stonith-enabled: "false"}
faults:
  - {at: 9s, verb: agent, resource: d, action: stop, mode: rc, rc: 1}
  - {at: 10s, verb: kill_resource, resource: d}
)"),
             "d is blocked: d_stop_0 failed on n1"));
}

TEST_CASE("liveness: maintenance", "[liveness]") {
  CHECK(says(why(R"(
properties: {stonith-enabled: "false"}
faults:
  - {at: 9s, verb: set_property, name: maintenance-mode, value: "true"}
  - {at: 10s, verb: kill_resource, resource: d}
)"),
             "maintenance-mode is on"));
}

TEST_CASE("liveness: an agent in D state", "[liveness]") {
  CHECK(says(why(R"(
properties: {stonith-enabled: "false"}
faults:
  - {at: 9s, verb: agent, resource: d, action: start, mode: stuck}
  - {at: 10s, verb: kill_resource, resource: d}
)"),
             "d:start hangs on n1: "));
}

TEST_CASE("liveness: everybody is in standby", "[liveness]") {
  CHECK(says(why(R"(
properties: {stonith-enabled: "false"}
faults: [{at: 10s, verb: standby, node: n1}, {at: 10s, verb: standby, node: n2}]
)"),
             "d may run nowhere: n1 is in standby; n2 is in standby"));
}

TEST_CASE("liveness: what somebody asked to be stopped is no violation", "[liveness]") {
  CHECK(why(R"(
properties: {stonith-enabled: "false"}
faults: [{at: 10s, verb: set_meta, resource: d, name: target-role, value: Stopped}]
)") == "it was not");
}

TEST_CASE("liveness: before the bound has passed, 'never recovers' is undecided", "[liveness]") {
  const std::string text = R"(
nodes: [n1, n2]
cib_xml: |
  <configuration><crm_config/><nodes/><resources><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/>
  </resources><constraints/></configuration>
properties: {stonith-enabled: "false"}
faults: [{at: 10s, verb: standby, node: n1}, {at: 10s, verb: standby, node: n2}]
end: {duration: 1m}
expect: {never: [recovers]}
)";
  auto scenario = read_scenario(Inputs::from_recording("story.yaml", {{"", text}}));
  REQUIRE(scenario);
  CHECK(run(*scenario, {}).verdict == Verdict::undecided);
}
