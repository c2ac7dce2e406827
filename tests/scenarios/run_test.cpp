#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "scenarios/run.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

std::string story(const std::string& name) {
  return std::string(FENCEPOST_SOURCE_DIR) + "/scenarios/ha-database/" + name + ".yaml";
}

Scenario read(const std::string& path) {
  auto scenario = read_scenario(path);
  if (!scenario) FAIL(to_string(scenario.error().front()));
  return *scenario;
}

const std::vector<std::uint64_t> kSeeds =
    FENCEPOST_SANITIZED ? std::vector<std::uint64_t>{1} : std::vector<std::uint64_t>{1, 2, 3};

// What did not hold, as the command prints it.
std::string complaints(const Outcome& outcome) {
  std::string text;
  for (const Finding& finding : outcome.findings)
    if (finding.verdict != Verdict::held) text += finding.expectation + ": " + finding.why + "\n";
  return text;
}

}  // namespace

TEST_CASE("catalogue: every story holds, with more than one seed", "[catalogue]") {
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(FENCEPOST_SOURCE_DIR) + "/scenarios")) {
    if (entry.path().extension() != ".yaml" || entry.path().stem().extension() == ".base") continue;
    const Scenario scenario = read(entry.path().string());
    for (const std::uint64_t seed : kSeeds) {
      const Outcome outcome = run(scenario, {.seed = seed});
      INFO(scenario.name << " with seed " << seed << "\n" << complaints(outcome));
      CHECK(outcome.verdict == Verdict::held);
    }
  }
}

TEST_CASE("mechanisms: every short story holds, with more than one seed", "[mechanisms]") {
  int stories = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(FENCEPOST_SOURCE_DIR) +
                                                               "/tests/scenarios/mechanisms")) {
    if (entry.path().extension() != ".yaml") continue;
    const Scenario scenario = read(entry.path().string());
    ++stories;
    for (const std::uint64_t seed : kSeeds) {
      const Outcome outcome = run(scenario, {.seed = seed});
      INFO(scenario.name << " with seed " << seed << "\n" << complaints(outcome));
      CHECK(scenario.expect.given);
      CHECK(outcome.verdict == Verdict::held);
    }
  }
  CHECK(stories >= 20);
}

TEST_CASE("run: the same scenario and seed give the same fingerprint, another seed another one",
          "[catalogue]") {
  const Scenario scenario = read(story("nfs-hang-fences-db1"));
  const Outcome first = run(scenario, {.seed = 1});
  CHECK(run(scenario, {.seed = 1}).fingerprint == first.fingerprint);
  CHECK(run(scenario, {.seed = 2}).fingerprint != first.fingerprint);
}

TEST_CASE("run: an outage is split into causes that add up to it", "[catalogue]") {
  const Outcome outcome = run(read(story("node-crash")), {});
  REQUIRE_FALSE(outcome.outages.empty());
  for (const reporters::Outage& outage : outcome.outages) {
    Duration sum{};
    for (const Duration part : outage.by_cause) sum += part;
    CHECK(sum == outage.length());
  }
}

TEST_CASE("run: a fault that cannot be done leaves the verdict undecided", "[catalogue]") {
  Scenario scenario = read(story("all-quiet"));
  TimedFault nobody;
  nobody.what.fault = models::fault::Crash{.node = "@promoted:ip", .back_after = {}};
  nobody.at = 5s;
  scenario.faults.push_back(nobody);
  scenario.expect = {};
  CHECK(run(scenario, {}).verdict == Verdict::undecided);
}

TEST_CASE("run: a fault waits for its trigger", "[catalogue]") {
  Scenario scenario = read(story("switch-over-by-standby"));
  TimedFault crash;
  crash.what.fault = models::fault::Crash{.node = "db1", .back_after = {}};
  crash.when = Trigger{.kind = Trigger::Kind::start,
                       .node = "db1",
                       .resource = "fs",
                       .action = "stop",
                       .state = "",
                       .log = ""};
  scenario.faults.push_back(crash);
  scenario.expect = {};
  const Outcome outcome = run(scenario, {});
  REQUIRE(outcome.fences.size() == 1);
  CHECK(outcome.fences.front().node == "db1");
}

namespace {

// The verdict of all-quiet with one check.
Outcome quiet_with(const std::string& query, bool some) {
  Scenario scenario = read(story("all-quiet"));
  scenario.end.duration = 30s;
  scenario.expect = {};
  scenario.expect.sql = {{.about = "the check", .some = some, .query = query, .where = {}}};
  return run(scenario, {});
}

}  // namespace

TEST_CASE("checks in SQL: none holds without rows, some with one, and a counterexample is shown",
          "[catalogue]") {
  const std::string starts =
      "SELECT resource, operation FROM actions WHERE resource = 'db' AND operation = 'start'";
  CHECK(quiet_with(starts, true).verdict == Verdict::held);
  const Outcome broken = quiet_with(starts, false);
  CHECK(broken.verdict == Verdict::broken);
  CHECK(complaints(broken) == "the check: 2 rows, the first: resource=db, operation=start\n");
  CHECK(quiet_with("SELECT 1 FROM fences", false).verdict == Verdict::held);
  CHECK(quiet_with("SELECT 1 FROM fences", true).verdict == Verdict::broken);
}

TEST_CASE("checks in SQL: a query without end is given up, and decides nothing", "[catalogue]") {
  const Outcome outcome = quiet_with(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT 1 FROM n WHERE i = 2", false);
  CHECK(outcome.verdict == Verdict::undecided);
  CHECK(complaints(outcome).find("no end in sight") != std::string::npos);
}
