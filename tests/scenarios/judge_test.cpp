#include <catch2/catch.hpp>

#include "scenarios/judge.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

// A run in which the stop of fs fails on db1, db1 is fenced, and db2 takes over; t=0 is at 100 s.
class Story {
 public:
  static constexpr SimTime kT0 = kSimStart + 100s;

  Story() {
    action(61s, "db1", "fs", "monitor", node::OpStatus::timeout);
    see(61s, backend::ServiceChanged{.resource = "db", .available = false, .node = ""});
    action(121s, "db1", "fs", "stop", node::OpStatus::timeout);
    hear(121s, node::FenceRequested{"db1", "reboot", "fs failed there", 3});
    see(130s, backend::FenceDeviceActed{"fence-db1", "db1", "reboot", true});
    see(135s, backend::RoleChanged{"db2", "drbd", "Promoted"});
    see(140s, backend::RoleChanged{"db2", "db", "Started"});
    see(140s, backend::ServiceChanged{.resource = "db", .available = true, .node = "db2"});
    outages.push_back(
        {.resource = "db", .from = kT0 + 61s, .until = kT0 + 140s, .open = false, .by_cause = {}});
  }

  void action(Duration at, const std::string& where, const std::string& resource,
              const std::string& operation, node::OpStatus status) {
    node::ActionFinished finished;
    finished.name = {where, resource, operation, {}};
    finished.status = status;
    if (status == node::OpStatus::done) finished.rc = 0;
    hear(at, finished);
  }
  void hear(Duration at, node::JournalEntry entry) {
    witness.observe({0, kT0 + at, node::NodeId{0}, std::move(entry)});
  }
  void see(Duration at, backend::Observation what) { witness.observe({0, kT0 + at, {}, std::move(what)}); }

  Verdict judge(const std::string& expect) const {
    Problems problems;
    const ExpectationNames names{
        {"db1", "db2"}, {"drbd", "fs", "db"}, {"two_primaries", "data_loss"}, {"nfs_hang"}};
    const Expectations read = read_expectations(*read_document(expect, "expect.yaml"), names, problems);
    for (const Error& error : problems.errors()) FAIL(to_string(error));
    return verdict_of(scenarios::judge(read, {witness, outages, kT0, kT0 + 200s, names.nodes}));
  }

  Witness witness;
  std::vector<reporters::Outage> outages;
};

}  // namespace

TEST_CASE("judge: the right fence for the right reason holds", "[scenarios]") {
  CHECK(Story().judge("fenced: [{node: db1, because: fs_stop}]") == Verdict::held);
  CHECK(Story().judge("fenced: [{node: db1, not_before: 2m, not_after: 3m}]") == Verdict::held);
}

TEST_CASE("judge: another node, another reason, another time or another number of fences breaks",
          "[scenarios]") {
  CHECK(Story().judge("fenced: []") == Verdict::broken);
  CHECK(Story().judge("fenced: [db2]") == Verdict::broken);
  CHECK(Story().judge("fenced: [db1, db1]") == Verdict::broken);
  CHECK(Story().judge("fenced: [{node: db1, because: db_stop}]") == Verdict::broken);
  CHECK(Story().judge("fenced: [{node: db1, because: fs_start}]") == Verdict::broken);
  CHECK(Story().judge("fenced: [{node: db1, not_after: 2m}]") == Verdict::broken);
}

TEST_CASE("judge: bounds of an outage hold on both sides", "[scenarios]") {
  CHECK(Story().judge("outage: {db: {at_least: 79s, at_most: 79s, count: 1}}") == Verdict::held);
  CHECK(Story().judge("outage: {db: {at_most: 78s}}") == Verdict::broken);
  CHECK(Story().judge("outage: {db: {at_least: 80s}}") == Verdict::broken);
  CHECK(Story().judge("outage: {db: none}") == Verdict::broken);
  CHECK(Story().judge("outage: {fs: none}") == Verdict::held);
}

TEST_CASE("judge: an outage that is not over is undecided until it is too long", "[scenarios]") {
  Story story;
  story.outages.front().open = true;
  CHECK(story.judge("outage: {db: {at_most: 2m}}") == Verdict::undecided);
  CHECK(story.judge("outage: {db: {at_most: 1m}}") == Verdict::broken);
  CHECK(story.judge("outage: {db: {at_least: 2m}}") == Verdict::undecided);
}

TEST_CASE("judge: roles are asked at a time or at the end", "[scenarios]") {
  CHECK(Story().judge("roles: [{resource: drbd, node: db2, role: Promoted, at: 136s}]") == Verdict::held);
  CHECK(Story().judge("roles: [{resource: drbd, node: db2, role: Promoted, at: 134s}]") == Verdict::broken);
  CHECK(Story().judge("roles: [{resource: db, node: db2, role: Started, at: 5m}]") == Verdict::undecided);
  CHECK(Story().judge("runs_on: {db: db2, drbd: db2}") == Verdict::held);
  CHECK(Story().judge("runs_on: {db: db1}") == Verdict::broken);
  CHECK(Story().judge("runs_on: {fs: nowhere}") == Verdict::held);
}

TEST_CASE("judge: events are found in their order only", "[scenarios]") {
  const std::string stop = "{action: \"fs:stop\", node: db1, result: timeout}";
  CHECK(Story().judge("order: [" + stop + ", {fence: db1}, {role: drbd Promoted, node: db2}]") ==
        Verdict::held);
  CHECK(Story().judge("order: [{fence: db1}, " + stop + "]") == Verdict::broken);
  CHECK(Story().judge("happens: [{fence: db1}, " + stop + "]") == Verdict::held);
  CHECK(Story().judge("absent: [{action: \"fs:stop\", result: ok}]") == Verdict::held);
  CHECK(Story().judge("absent: [{fence: db1}]") == Verdict::broken);
}

TEST_CASE("judge: an invariant that fires breaks the run, unless it was expected to", "[scenarios]") {
  Story story;
  CHECK(story.judge("violated: [data_loss]") == Verdict::broken);
  story.see(150s, backend::InvariantBroken{"data_loss", "3 acknowledged writes are gone"});
  CHECK(story.judge("{}") == Verdict::broken);
  CHECK(story.judge("never: [data_loss]") == Verdict::broken);
  CHECK(story.judge("never: [two_primaries]") == Verdict::broken);
  CHECK(story.judge("violated: [data_loss]") == Verdict::held);
}

TEST_CASE("judge: a scenario may be there to be broken", "[scenarios]") {
  CHECK(Story().judge("{fenced: [], verdict: broken}") == Verdict::held);
  CHECK(Story().judge("{fenced: [db1], verdict: broken}") == Verdict::broken);
}

TEST_CASE("expectations: names that do not exist are refused with what was meant", "[scenarios]") {
  Problems problems;
  const ExpectationNames names{{"db1", "db2"}, {"fs"}, {"data_loss"}, {"crash"}};
  read_expectations(
      *read_document("{fenced: [db3], never: [data_los], outage: {sf: {at_most: 1s}}}", "expect.yaml"), names,
      problems);
  REQUIRE(problems.errors().size() == 3);
  CHECK(problems.errors()[1].message == "there is no invariant 'data_los', did you mean 'data_loss'?");
}

namespace {

std::string sql_problem(const std::string& check) {
  Problems problems;
  const ExpectationNames names{{"db1"}, {"db"}, {}, {}};
  read_expectations(*read_document("sql: [" + check + "]", "expect.yaml"), names, problems);
  return problems.empty() ? "" : to_string(problems.errors().front());
}

}  // namespace

TEST_CASE("checks in SQL: what cannot be asked is told when the file is read, with its place",
          "[scenarios]") {
  CHECK(sql_problem("{about: a, none: SELECT * FROM actions WHERE seconds > 10}").empty());
  CHECK(sql_problem("{about: a, none: SELECT secnds FROM actions}")
            .starts_with("expect.yaml:1:24: no such column: secnds; docs/record.md describes the tables"));
  CHECK(sql_problem("{about: a, none: SELECT * FROM action_s}")
            .starts_with("expect.yaml:1:24: no such table: action_s; there are action, actions, "));
  CHECK(sql_problem("{about: a, none: DELETE FROM action}").find("may only SELECT") != std::string::npos);
  CHECK(sql_problem("{about: a, none: SELECT random()}").find("neither chance nor") != std::string::npos);
  CHECK(sql_problem("{about: a, none: \"SELECT 1; SELECT 2\"}").find("one SELECT") != std::string::npos);
  CHECK(sql_problem("{about: a, none: \"\"}").find("there is no query here") != std::string::npos);
  CHECK(sql_problem("{about: a}").find("needs either none") != std::string::npos);
}
