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
  absent: [{start: "d:start"}]
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

// 4 GiB at 110 MiB/s: 37 s a round, and each round leaves 1 GiB (the working set) to send again, for ever.
// The timeout of migrate_to ends it after 60 s; then the guest is stopped (6 s) and started on the other
// node.
TEST_CASE("migration: one that never converges times out, and costs the outage that it was to avoid",
          "[stories]") {
  play(R"(
nodes: [n1, n2]
cib_xml: |
  <configuration><crm_config/><nodes/><resources>
  <primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
  <meta_attributes id="vm-meta"><nvpair id="vm-migrate" name="allow-migrate" value="true"/></meta_attributes>
  <operations><op id="vm-mon" name="monitor" interval="10s" timeout="30s"/>
  <op id="vm-start" name="start" interval="0" timeout="90s"/><op id="vm-stop" name="stop" interval="0" timeout="90s"/>
  <op id="vm-to" name="migrate_to" interval="0" timeout="60s"/><op id="vm-from" name="migrate_from" interval="0" timeout="60s"/>
  </operations></primitive></resources>
  <constraints><rsc_location id="there" rsc="vm" node="n1" score="100"/></constraints></configuration>
properties: {stonith-enabled: "false"}
world: {virtual_machines: {vm: {boot: 20s, shutdown: 6s, dirty_rate: 200MiB}}}
faults: [{at: 30s, verb: standby, node: n1}]
end: {duration: 4m}
expect:
  order:
    - {start: "vm:migrate_to", node: n1}
    - {start: "vm:stop", node: n1, not_before: 89s}
    - {start: "vm:start", node: n2}
  outage: {vm: {count: 1, at_least: 20s, at_most: 40s}}
  runs_on: {vm: n2}
  never: [active_twice]
)");
}

TEST_CASE("migration: one that converges costs no more than the downtime limit", "[stories]") {
  play(R"(
nodes: [n1, n2]
cib_xml: |
  <configuration><crm_config/><nodes/><resources>
  <primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
  <meta_attributes id="vm-meta"><nvpair id="vm-migrate" name="allow-migrate" value="true"/></meta_attributes>
  <operations><op id="vm-mon" name="monitor" interval="10s" timeout="30s"/>
  <op id="vm-to" name="migrate_to" interval="0" timeout="120s"/></operations></primitive></resources>
  <constraints><rsc_location id="there" rsc="vm" node="n1" score="100"/></constraints></configuration>
properties: {stonith-enabled: "false"}
world: {virtual_machines: {vm: {boot: 20s}}}
faults: [{at: 30s, verb: standby, node: n1}]
end: {duration: 4m}
expect:
  outage: {vm: {count: 1, at_most: 300ms}}
  runs_on: {vm: n2}
  never: [active_twice]
)");
}

TEST_CASE(
    "faults at a random rate: as often as told, not before all is quiet, and the same with the same seed",
    "[stories]") {
  const std::string text = "nodes: [n1, n2, n3]" + dummy_on("n1") + R"(
properties: {stonith-enabled: "false"}
faults: [{every: {exponential: 5m}, times: 4, stable: 30s, verb: kill_resource, resource: d}]
end: {duration: 3h}
expect: {outage: {d: {count: 4}}, runs_on: {d: n1}}
)";
  CHECK(play(text).fingerprint == play(text).fingerprint);
}

TEST_CASE("a switch that fails takes the links of both nodes with it", "[stories]") {
  play("nodes: [n1, n2, n3]" + dummy_on("n3") + R"(
properties: {stonith-enabled: "false"}
world: {switches: {sw1: {hosts: [n2, n3]}}}
faults: [{at: 10s, verb: switch_down, switch: sw1, for: 1m}]
end: {duration: 40s}
expect:
  roles: [{resource: d, node: n3, role: Stopped}]
  never: [no_quorum_service]
)");
}
