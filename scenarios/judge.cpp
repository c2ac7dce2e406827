#include "scenarios/judge.h"

#include <algorithm>

#include "engine/base/assert.h"

#include "reporters/timeline.h"

namespace fencepost::scenarios {
namespace {

using Kind = Seen::Kind;

class Judge {
 public:
  Judge(const Expectations& expect, const Evidence& evidence) : expect_(expect), evidence_(evidence) {}

  std::vector<Finding> findings() {
    if (expect_.fenced) fenced(*expect_.fenced);
    for (const auto& [resource, expected] : expect_.outage) outage(resource, expected);
    for (const RoleExpectation& expected : expect_.roles) role(expected);
    for (const auto& [resource, node] : expect_.runs_on) runs_on(resource, node);
    order();
    for (const EventPattern& pattern : expect_.happens) happens(pattern);
    for (const EventPattern& pattern : expect_.absent) absent(pattern);
    transitions();
    for (const SqlCheck& check : expect_.sql) sql(check);
    invariants();
    turned_around();
    return std::move(findings_);
  }

 private:
  // --- Words ---
  std::string time(SimTime at) const { return reporters::clock_text(at, evidence_.t0); }
  // As the table of outages has it.
  static std::string rounded(Duration duration) { return reporters::clock_text(SimTime{duration}, {}) + "s"; }

  void found(std::string expectation, Verdict verdict, std::string why) {
    findings_.push_back({std::move(expectation), verdict, std::move(why)});
  }
  void held_if(bool held, std::string expectation, std::string why) {
    found(std::move(expectation), held ? Verdict::held : Verdict::broken, std::move(why));
  }

  bool in_time(SimTime at, const std::optional<Duration>& not_before,
               const std::optional<Duration>& not_after) const {
    const Duration since = at - evidence_.t0;
    return (!not_before || since >= *not_before) && (!not_after || since <= *not_after);
  }

  // --- Fencing ---
  void fenced(const std::vector<FencedExpectation>& expected) {
    std::vector<const Seen*> fences;
    for (const Seen& seen : evidence_.witness.seen())
      if (seen.kind == Kind::fence && seen.at >= evidence_.t0) fences.push_back(&seen);
    for (const FencedExpectation& one : expected) fenced_once(one, fences);
    std::string rest;
    for (const Seen* fence : fences)
      rest +=
          (rest.empty() ? "" : ", ") + fence->what + " at " + time(fence->at) + " (" + fence->result + ")";
    const std::string what = expected.empty() ? "nobody is fenced" : "nobody else is fenced";
    held_if(rest.empty(), what, rest.empty() ? "nobody was" : rest);
  }

  // Takes the fence it finds out of the list, so that two fences of a node need two entries.
  void fenced_once(const FencedExpectation& expected, std::vector<const Seen*>& fences) {
    std::string text = expected.node + " is fenced";
    if (!expected.because.empty()) text += " because of " + expected.because;
    std::string near_miss = expected.node + " was not fenced";
    for (auto fence = fences.begin(); fence != fences.end(); ++fence) {
      if ((*fence)->what != expected.node) continue;
      near_miss = "it was fenced at " + time((*fence)->at) + " because: " + (*fence)->result;
      if (!in_time((*fence)->at, expected.not_before, expected.not_after) ||
          !is_cause(expected.because, **fence))
        continue;
      found(text, Verdict::held, near_miss);
      fences.erase(fence);
      return;
    }
    found(text, Verdict::broken, near_miss);
  }

  // "fs_stop": this operation failed on the fenced node, and the reason names the resource. Else the words
  // must stand in the reason.
  bool is_cause(const std::string& because, const Seen& fence) const {
    if (because.empty() || fence.result.find(because) != std::string::npos) return true;
    if (because == "lost") return fence.result == "peer is no longer part of the cluster";
    const std::size_t bar = because.rfind('_');
    if (bar == std::string::npos) return false;
    const std::string resource = because.substr(0, bar);
    const std::string action = resource + ":" + because.substr(bar + 1);
    return fence.result.find(resource) != std::string::npos &&
           std::ranges::any_of(evidence_.witness.seen(), [&](const Seen& seen) {
             return seen.kind == Kind::action && seen.node == fence.what && seen.what == action &&
                    is_failure(seen) && seen.at <= fence.at;
           });
  }

  // --- Outages ---
  void outage(const std::string& resource, const OutageExpectation& expected) {
    Duration total{};
    std::array<Duration, reporters::kOutageCauses> by_cause{};
    int count = 0;
    bool open = false;
    for (const reporters::Outage& one : evidence_.outages) {
      if (one.resource != resource) continue;
      ++count;
      total += one.length();
      open = open || one.open;
      for (std::size_t i = 0; i < by_cause.size(); ++i) by_cause[i] += one.by_cause[i];
    }
    const std::string what = "outage of " + resource;
    if (expected.count)
      held_if(count == *expected.count, what + ": " + std::to_string(*expected.count) + " times",
              "it was down " + std::to_string(count) + " times");
    bounds(what, expected.total, total, open);
    for (const auto& [cause, limits] : expected.cause)
      for (std::size_t i = 0; i < by_cause.size(); ++i)
        if (reporters::to_string(static_cast<reporters::OutageCause>(i)) == cause)
          bounds(what + ", " + cause, limits, by_cause[i], open);
  }

  // An outage that is not over may still grow: too short says nothing yet, and not too long either.
  void bounds(const std::string& what, const Bounds& limits, Duration actual, bool open) {
    const std::string took = rounded(actual) + (open ? " and not over" : "");
    if (limits.at_most) {
      const Verdict verdict = actual > *limits.at_most ? Verdict::broken
                              : open                   ? Verdict::undecided
                                                       : Verdict::held;
      found(what + " at most " + format_duration(*limits.at_most), verdict, took);
    }
    if (limits.at_least) {
      const Verdict verdict = actual >= *limits.at_least ? Verdict::held
                              : open                     ? Verdict::undecided
                                                         : Verdict::broken;
      found(what + " at least " + format_duration(*limits.at_least), verdict, took);
    }
  }

  // --- Roles ---
  void role(const RoleExpectation& expected) {
    const SimTime at = expected.at ? evidence_.t0 + *expected.at : evidence_.end;
    const std::string text = expected.resource + " on " + expected.node + " is " + expected.role + " at " +
                             (expected.at ? time(at) : "the end");
    if (at > evidence_.end)
      return found(text, Verdict::undecided, "the run ended before, at " + time(evidence_.end));
    const std::string actual = evidence_.witness.role(expected.resource, expected.node, at);
    held_if(actual == expected.role, text, "it was " + actual);
  }

  void runs_on(const std::string& resource, const std::string& node) {
    std::vector<std::string> promoted, started;
    for (const std::string& name : evidence_.nodes) {
      const std::string role = evidence_.witness.role(resource, name, evidence_.end);
      if (role == "Promoted") promoted.push_back(name);
      if (role == "Started") started.push_back(name);
    }
    const std::vector<std::string>& active = promoted.empty() ? started : promoted;
    const bool held = node == "nowhere" ? active.empty() : active == std::vector<std::string>{node};
    held_if(held, resource + " runs on " + node + " at the end",
            active.empty() ? "it runs nowhere" : "it runs on " + one_of(active));
  }

  // --- Events ---
  static bool result_fits(const std::string& wanted, const Seen& seen) {
    if (wanted.empty() || wanted == seen.result) return true;
    if (wanted == "ok") return seen.result == "0" || seen.result == "8";
    if (wanted == "failed") return is_failure(seen);
    return wanted == "not running" && seen.result == "7";
  }

  bool fits(const EventPattern& pattern, const Seen& seen) const {
    if (seen.at < evidence_.t0 || !in_time(seen.at, pattern.not_before, pattern.not_after)) return false;
    if (!pattern.node.empty() && pattern.node != seen.node) return false;
    switch (seen.kind) {
      case Kind::action:
        return pattern.action == seen.what && result_fits(pattern.result, seen);
      case Kind::start:
        return pattern.start == seen.what;
      case Kind::fence:
        return pattern.fence == seen.what;
      case Kind::fence_try:
        return pattern.fence_try == seen.what;
      case Kind::role:
        return pattern.role == seen.what;
      case Kind::fault:
        return pattern.fault == seen.what;
      case Kind::blocked:
        return !pattern.blocked.empty() && pattern.blocked == seen.what.substr(0, seen.what.find(' ')) &&
               seen.result.find(pattern.on) != std::string::npos;
      case Kind::dc:
        return pattern.dc == seen.what;
      case Kind::down:
        return pattern.down == seen.what;
      case Kind::served:
        return pattern.served == seen.what;
      case Kind::violation:
        return pattern.violation == seen.what;
    }
    return false;
  }

  const Seen* first(const EventPattern& pattern, std::size_t& from) const {
    const std::vector<Seen>& seen = evidence_.witness.seen();
    while (from < seen.size())
      if (fits(pattern, seen[from++])) return &seen[from - 1];
    return nullptr;
  }

  void order() {
    std::size_t from = 0;
    std::string last = "the start";
    for (const EventPattern& pattern : expect_.order) {
      const Seen* seen = first(pattern, from);
      held_if(seen != nullptr, "in order: " + pattern.text,
              seen != nullptr ? "at " + time(seen->at) : "it did not happen after " + last);
      if (seen == nullptr) return;
      last = pattern.text + " at " + time(seen->at);
    }
  }
  void happens(const EventPattern& pattern) {
    std::size_t from = 0;
    const Seen* seen = first(pattern, from);
    held_if(seen != nullptr, "happens: " + pattern.text,
            seen != nullptr ? "at " + time(seen->at) : "it did not");
  }
  void absent(const EventPattern& pattern) {
    std::size_t from = 0;
    const Seen* seen = first(pattern, from);
    held_if(seen == nullptr, "does not happen: " + pattern.text,
            seen == nullptr
                ? "it did not"
                : "it did, at " + time(seen->at) + (seen->node.empty() ? "" : " on " + seen->node));
  }

  void transitions() {
    const CountExpectation& expected = expect_.transitions;
    const int count = evidence_.witness.transitions(evidence_.t0);
    const std::string was = "there were " + std::to_string(count);
    if (expected.exactly)
      held_if(count == *expected.exactly, std::to_string(*expected.exactly) + " transitions", was);
    if (expected.at_least)
      held_if(count >= *expected.at_least, "at least " + std::to_string(*expected.at_least) + " transitions",
              was);
    if (expected.at_most)
      held_if(count <= *expected.at_most, "at most " + std::to_string(*expected.at_most) + " transitions",
              was);
  }

  // --- Checks in SQL ---
  void sql(const SqlCheck& check) {
    HA_ASSERT(evidence_.recording != nullptr);
    const auto answer = evidence_.recording->ask(check.query, check.where);
    if (!answer) return found(check.about, Verdict::undecided, to_string(answer.error()));
    const std::string rows =
        answer->rows == 1 ? "one row: " : std::to_string(answer->rows) + " rows, the first: ";
    held_if((answer->rows > 0) == check.some, check.about,
            answer->rows == 0 ? "the query found nothing" : rows + answer->first);
  }

  // --- Invariants ---
  const Seen* violation(const std::string& invariant) const {
    const auto seen = std::ranges::find_if(evidence_.witness.seen(), [&](const Seen& one) {
      return one.kind == Kind::violation && one.what == invariant;
    });
    return seen == evidence_.witness.seen().end() ? nullptr : &*seen;
  }

  // What keeps a verdict open: a recovery that may still come.
  const std::string* undecided(const std::string& invariant) const {
    for (const models::InvariantVerdict& verdict : evidence_.invariants)
      if (verdict.invariant == invariant && verdict.kind == models::InvariantVerdict::Kind::undecided)
        return &verdict.text;
    return nullptr;
  }

  void invariants() {
    for (const std::string& name : expect_.violated) {
      const Seen* seen = violation(name);
      held_if(seen != nullptr, name + " is violated",
              seen != nullptr ? seen->result + " at " + time(seen->at) : "it was not");
    }
    for (const std::string& name : expect_.never) {
      const Seen* seen = violation(name);
      if (const std::string* open = undecided(name); open != nullptr && seen == nullptr) {
        found("never " + name, Verdict::undecided, *open);
        continue;
      }
      held_if(seen == nullptr, "never " + name,
              seen == nullptr ? "it held throughout" : seen->result + " at " + time(seen->at));
    }
    std::vector<std::string> told = expect_.never;
    told.insert(told.end(), expect_.violated.begin(), expect_.violated.end());
    for (const Seen& seen : evidence_.witness.seen()) {
      if (seen.kind != Kind::violation || std::ranges::find(told, seen.what) != told.end()) continue;
      told.push_back(seen.what);
      found("never " + seen.what, Verdict::broken, seen.result + " at " + time(seen.at));
    }
  }

  // A scenario may be there to show what breaks.
  void turned_around() {
    if (!expect_.verdict) return;
    const Verdict actual = verdict_of(findings_);
    const std::string text = std::string("the verdict is ") + to_string(*expect_.verdict);
    if (actual == *expect_.verdict) findings_.clear();
    held_if(actual == *expect_.verdict, text, std::string("it is ") + to_string(actual));
  }

  const Expectations& expect_;
  const Evidence& evidence_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> judge(const Expectations& expect, const Evidence& evidence) {
  return Judge(expect, evidence).findings();
}

Verdict verdict_of(const std::vector<Finding>& findings) {
  const auto some = [&](Verdict verdict) {
    return std::ranges::any_of(findings, [&](const Finding& finding) { return finding.verdict == verdict; });
  };
  return some(Verdict::broken)      ? Verdict::broken
         : some(Verdict::undecided) ? Verdict::undecided
                                    : Verdict::held;
}

}  // namespace fencepost::scenarios
