// What a scenario says must come of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "scenarios/document.h"
#include "scenarios/fields.h"

namespace fencepost::scenarios {

enum class Verdict : std::uint8_t { held, broken, undecided };
const char* to_string(Verdict verdict);

// One kind of thing that the record of a run can hold; what is left empty may be anything. Exactly one of the
// first group is set.
struct EventPattern {
  std::string action;     // "fs:stop": its result
  std::string start;      // "fs:stop": its beginning
  std::string fence;      // a node that was really taken by force
  std::string fence_try;  // a node; an order to a fence device that failed
  std::string role;       // "drbd Promoted"
  std::string fault;      // a verb
  std::string blocked;    // a command, as its first word: "fuser", "df"
  std::string dc;         // a node
  std::string down;       // a resource whose clients are not served any more
  std::string served;     // … or are again
  std::string violation;  // an invariant

  std::string node;
  std::string result;  // of an action: "ok", "timeout", or its rc
  std::string on;      // of a blocked process: a word of what it waits for, "/home"
  std::optional<Duration> not_before, not_after;

  std::string text;  // as written
};

struct FencedExpectation {
  std::string node;
  std::string because;  // "fs_stop": this operation failed there; "lost"; or words of the reason
  std::optional<Duration> not_before, not_after;
};

struct Bounds {
  std::optional<Duration> at_least, at_most;
};
struct OutageExpectation {
  Bounds total;                         // of all outages of the resource together
  std::map<std::string, Bounds> cause;  // detect, decide, fence, stop, promote, start, client
  std::optional<int> count;
};

struct RoleExpectation {
  std::string resource, node, role;
  std::optional<Duration> at;  // nothing: at the end
};

struct CountExpectation {
  std::optional<int> exactly, at_least, at_most;
};

// A question in SQL to the recording of the run (docs/record.md).
struct SqlCheck {
  std::string about;
  bool some = false;  // true: there must be a row; false: each row is a counterexample
  std::string query;
  Where where;
};

struct Expectations {
  bool given = false;
  // Complete: no other node is fenced. Not given: fencing is not looked at.
  std::optional<std::vector<FencedExpectation>> fenced;
  std::vector<std::string>
      never;  // invariants that must not fire. None fires unless it stands in `violated`.
  std::vector<std::string> violated;  // invariants that must fire
  std::map<std::string, OutageExpectation> outage;
  std::vector<RoleExpectation> roles;
  std::map<std::string, std::string> runs_on;  // resource -> the node that serves it at the end; "nowhere"
  std::vector<EventPattern> order;             // all of these, each not before the one above it
  std::vector<EventPattern> happens;           // all of these, in any order
  std::vector<EventPattern> absent;            // none of these
  CountExpectation transitions;
  std::vector<SqlCheck> sql;
  std::optional<Verdict> verdict;  // what the rest must come to
};

// Names that expectations may use.
struct ExpectationNames {
  std::vector<std::string> nodes;
  std::vector<std::string> resources;  // primitives
  std::vector<std::string> invariants;
  std::vector<std::string> verbs;
};

Expectations read_expectations(const Value& value, const ExpectationNames& names, Problems& problems);

}  // namespace fencepost::scenarios
