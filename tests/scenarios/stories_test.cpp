// Whole stories of single models: a small cluster, a fault, what the record says.
#include <catch2/catch.hpp>

#include "scenarios/run.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

Outcome play(const std::string& text) {
  auto scenario = read_scenario(Inputs::from_recording("story.yaml", {{"", text}}));
  if (!scenario) FAIL(to_string(scenario.error().front()));
  Outcome outcome = run(*scenario, {});
  std::string complaints;
  for (const Finding& finding : outcome.findings)
    if (finding.verdict != Verdict::held) complaints += finding.expectation + ": " + finding.why + "\n";
  INFO(complaints);
  CHECK(outcome.verdict == Verdict::held);
  return outcome;
}

std::string dummy_on(const std::string& node, const std::string& more = "") {
  return R"(
cib_xml: |
  <configuration><crm_config/><nodes/><resources>)" +
         more + R"(<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations>
  <op id="d-mon" name="monitor" interval="10s" timeout="20s"/></operations></primitive></resources>
  <constraints><rsc_location id="d-there" rsc="d" node=")" +
         node + R"(" score="100"/></constraints></configuration>
)";
}

}  // namespace

// Detection: token 1000 + 650 for the third node, consensus 1.2 x that: 3.6 s. The watchdog bites at most 5 s
// later; the DC sleeps up to 2 s and then gives the node 10 s.
TEST_CASE("sbd diskless: what ran on a lost node starts elsewhere after stonith-watchdog-timeout, not before",
          "[stories]") {
  const Outcome outcome = play("nodes: [n1, n2, n3]" + dummy_on("n3") + R"(
properties: {stonith-enabled: "true", stonith-watchdog-timeout: 10s}
world: {sbd: {watchdog_timeout: 5s}}
faults: [{at: 10s, verb: link_down, node: n3}]
end: {duration: 2m}
expect:
  fenced: [{node: n3, because: lost, not_before: 16s, not_after: 19s}]
  order: [{start: "d:start", node: n1, not_before: 23s, not_after: 27s}]
  runs_on: {d: n1}
  never: [active_twice, start_before_fence]
)");
}

TEST_CASE("sbd diskless: a node whose stop failed is told to reset itself, and obeys at once", "[stories]") {
  play("nodes: [n1, n2, n3]" + dummy_on("n3") + R"(
properties: {stonith-enabled: "true", stonith-watchdog-timeout: 10s}
world: {sbd: {watchdog_timeout: 5s}}
power: {boot_s: 60}
faults:
  - {at: 9s, verb: agent, resource: d, action: stop, node: n3, mode: rc, rc: 1}
  - {at: 10s, verb: kill_resource, resource: d}
end: {duration: 50s}
expect:
  order: [{start: "d:stop", node: n3}, {fence: n3}, {start: "d:start", node: n1}]
  never: [active_twice, start_before_fence]
)");
}

TEST_CASE("sbd: a stonith-timeout below msgwait shoots the node again and again, and nobody is ever sure",
          "[stories]") {
  play("nodes: [n1, n2]" + dummy_on("n2", R"(<primitive id="sbd" class="stonith" type="external/sbd">
  <instance_attributes id="s"><nvpair id="s1" name="pcmk_delay_base" value="n1:10s;n2:0s"/></instance_attributes>
  </primitive>)") +
       R"(
properties: {stonith-enabled: "true", stonith-timeout: 20s}
world: {sbd: {devices: [/dev/sbd1], watchdog_timeout: 15s, msgwait: 30s}}
faults: [{at: 10s, verb: link_down, node: n2}]
end: {duration: 3m}
expect:
  violated: [fence_loop]
  sql: [{about: nobody is ever sure, none: SELECT target FROM fences WHERE success}]
)");
}

TEST_CASE("sbd: with a stonith-timeout above msgwait one order is enough", "[stories]") {
  play("nodes: [n1, n2]" + dummy_on("n2", R"(<primitive id="sbd" class="stonith" type="external/sbd"/>)") +
       R"(
properties: {stonith-enabled: "true", stonith-timeout: 36s}
world: {sbd: {devices: [/dev/sbd1], watchdog_timeout: 15s, msgwait: 30s, delay_start: 30s}}
faults: [{at: 10s, verb: crash, node: n2, back_after: 5s}]
end: {duration: 3m}
expect:
  order: [{start: "d:start", node: n1, not_before: 42s, not_after: 47s}]
  never: [fence_loop, start_before_fence]
)");
}
