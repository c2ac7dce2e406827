#include <algorithm>
#include <array>

#include "models/invariants/invariants.h"
#include "reporters/query.h"
#include "scenarios/expect.h"
#include "scenarios/parts.h"

namespace fencepost::scenarios {
namespace {

const std::vector<std::string> kCauses{"client", "decide", "detect", "fence", "promote", "start", "stop"};
const std::vector<std::string> kRoles{"Stopped", "Started", "Unpromoted", "Promoted"};
const std::vector<std::string> kVerdicts{"held", "broken", "undecided"};

class ExpectReader {
 public:
  ExpectReader(const ExpectationNames& names, Problems& problems) : names_(names), problems_(problems) {}

  Expectations read(const Value& value) {
    Expectations out;
    out.given = true;
    Fields fields(value, "expect", problems_);
    if (const Value* fenced = fields.take("fenced")) out.fenced = read_list(*fenced, &ExpectReader::fenced);
    if (const Value* never = fields.take("never")) out.never = invariants(*never);
    if (const Value* violated = fields.take("violated")) out.violated = invariants(*violated);
    if (const Value* outage = fields.take("outage")) read_outages(*outage, out);
    if (const Value* roles = fields.take("roles")) out.roles = read_list(*roles, &ExpectReader::role);
    if (const Value* runs_on = fields.take("runs_on")) read_runs_on(*runs_on, out);
    if (const Value* order = fields.take("order")) out.order = read_list(*order, &ExpectReader::pattern);
    if (const Value* happens = fields.take("happens"))
      out.happens = read_list(*happens, &ExpectReader::pattern);
    if (const Value* absent = fields.take("absent")) out.absent = read_list(*absent, &ExpectReader::pattern);
    if (const Value* transitions = fields.take("transitions")) out.transitions = count(*transitions);
    if (const Value* sql = fields.take("sql")) out.sql = read_list(*sql, &ExpectReader::sql_check);
    std::size_t verdict = 0;
    if (fields.choose("verdict", kVerdicts, verdict)) out.verdict = static_cast<Verdict>(verdict);
    fields.finish();
    return out;
  }

 private:
  template <class T>
  std::vector<T> read_list(const Value& value, T (ExpectReader::*item)(const Value&)) {
    std::vector<T> out;
    if (!value.is_list() && value.kind != Value::Kind::nothing) {
      problems_.add(value, std::string("expected a list, as in [ … ], not ") + kind_name(value.kind));
      return out;
    }
    for (const Value& entry : value.items) out.push_back((this->*item)(entry));
    return out;
  }

  void known(const Value& at, const std::string& word, const std::vector<std::string>& allowed,
             const char* what) {
    if (std::ranges::find(allowed, word) != allowed.end()) return;
    const std::string near = did_you_mean(word, allowed);
    problems_.add(at, "there is no " + std::string(what) + " '" + word + "'" +
                          (near.empty() ? "; there are " + one_of(allowed) : near));
  }
  void known_node(const Value* at, const std::string& node) {
    if (at != nullptr) known(*at, node, names_.nodes, "node");
  }

  std::vector<std::string> invariants(const Value& value) {
    std::vector<std::string> out;
    scenarios::read(value, out, problems_);
    for (std::size_t i = 0; i < out.size(); ++i)
      known(value.is_list() ? value.items[i] : value, out[i], names_.invariants, "invariant");
    return out;
  }

  void times(Fields& fields, std::optional<Duration>& not_before, std::optional<Duration>& not_after) {
    fields.read("not_before", not_before);
    fields.read("not_after", not_after);
    if (not_before && not_after && *not_before > *not_after)
      problems_.add(fields.map(), "not_before is later than not_after");
  }

  FencedExpectation fenced(const Value& value) {
    FencedExpectation out;
    if (value.is_text()) {
      out.node = value.text;
      known_node(&value, out.node);
      return out;
    }
    Fields fields(value, "an expected fencing", problems_);
    if (fields.require("node")) fields.read("node", out.node);
    known_node(value.find("node"), out.node);
    fields.read("because", out.because);
    times(fields, out.not_before, out.not_after);
    fields.finish();
    return out;
  }

  Bounds bounds(Fields& fields) {
    Bounds out;
    fields.read("at_least", out.at_least);
    fields.read("at_most", out.at_most);
    if (out.at_least && out.at_most && *out.at_least > *out.at_most)
      problems_.add(fields.map(), "at_least is more than at_most");
    return out;
  }

  void read_outages(const Value& value, Expectations& out) {
    if (!value.is_map())
      return problems_.add(value, "outage needs resources and bounds: {db: {at_most: 4m}}");
    for (const Entry& entry : value.entries) {
      known(entry.key, entry.key.text, names_.resources, "resource");
      out.outage[entry.key.text] = outage(entry.value);
    }
  }

  OutageExpectation outage(const Value& value) {
    OutageExpectation out;
    if (value.is_text() && value.text == "none") {
      out.count = 0;
      return out;
    }
    Fields fields(value, "an expected outage", problems_);
    out.total = bounds(fields);
    fields.read("count", out.count);
    for (const std::string& cause : kCauses) {
      const Value* limits = fields.take(cause);
      if (limits == nullptr) continue;
      Fields inner(*limits, "the time of a cause", problems_);
      out.cause[cause] = bounds(inner);
      inner.finish();
    }
    fields.finish();
    return out;
  }

  RoleExpectation role(const Value& value) {
    RoleExpectation out;
    Fields fields(value, "an expected role", problems_);
    for (const char* key : {"resource", "node", "role"}) fields.require(key);
    if (fields.read("resource", out.resource))
      known(*value.find("resource"), out.resource, names_.resources, "resource");
    if (fields.read("node", out.node)) known_node(value.find("node"), out.node);
    std::size_t which = 0;
    if (fields.choose("role", kRoles, which)) out.role = kRoles[which];
    if (const Value* at = fields.take("at"); at != nullptr && at->text != "end")
      scenarios::read(*at, out.at.emplace(), problems_);
    fields.finish();
    return out;
  }

  void read_runs_on(const Value& value, Expectations& out) {
    scenarios::read(value, out.runs_on, problems_);
    for (const Entry& entry : value.entries) {
      known(entry.key, entry.key.text, names_.resources, "resource");
      if (entry.value.text != "nowhere") known_node(&entry.value, entry.value.text);
    }
  }

  EventPattern pattern(const Value& value) {
    EventPattern out;
    out.text = to_flow(value);
    Fields fields(value, "an event", problems_);
    const std::array<std::pair<const char*, std::string*>, 11> kinds{{{"action", &out.action},
                                                                      {"start", &out.start},
                                                                      {"fence", &out.fence},
                                                                      {"fence_try", &out.fence_try},
                                                                      {"role", &out.role},
                                                                      {"fault", &out.fault},
                                                                      {"blocked", &out.blocked},
                                                                      {"dc", &out.dc},
                                                                      {"down", &out.down},
                                                                      {"served", &out.served},
                                                                      {"violation", &out.violation}}};
    int given = 0;
    for (const auto& [key, place] : kinds) given += fields.read(key, *place) ? 1 : 0;
    if (given != 1)
      problems_.add(value,
                    "an event is one of action, start, fence, fence_try, role, fault, blocked, dc, down, "
                    "served and violation: {action: \"fs:stop\", node: db1, result: timeout}");
    fields.read("node", out.node);
    fields.read("result", out.result);
    fields.read("on", out.on);
    times(fields, out.not_before, out.not_after);
    fields.finish();
    check_pattern(value, out);
    return out;
  }

  void check_pattern(const Value& at, const EventPattern& pattern) {
    for (const std::string* action : {&pattern.action, &pattern.start}) {
      if (action->empty()) continue;
      const std::size_t colon = action->find(':');
      if (colon == std::string::npos)
        problems_.add(at, "'" + *action + "' is no action: write resource:operation, as in fs:stop");
      else
        known(at, action->substr(0, colon), names_.resources, "resource");
    }
    for (const std::string* node : {&pattern.fence, &pattern.fence_try, &pattern.dc, &pattern.node})
      if (!node->empty()) known(at, *node, names_.nodes, "node");
    for (const std::string* resource : {&pattern.down, &pattern.served})
      if (!resource->empty()) known(at, *resource, names_.resources, "resource");
    if (!pattern.role.empty() && pattern.role.find(' ') == std::string::npos)
      problems_.add(at, "'" + pattern.role + "' is no role: write resource and role, as in 'drbd Promoted'");
    if (!pattern.violation.empty()) known(at, pattern.violation, names_.invariants, "invariant");
    if (!pattern.fault.empty()) known(at, pattern.fault, names_.verbs, "fault verb");
  }

  // {about: no start takes more than 5 s, none: "SELECT resource, seconds FROM actions WHERE …"}
  SqlCheck sql_check(const Value& value) {
    SqlCheck out;
    Fields fields(value, "a check", problems_);
    if (fields.require("about")) fields.read("about", out.about);
    std::string none, some;
    const bool given_none = fields.read("none", none), given_some = fields.read("some", some);
    fields.finish();
    if (given_none == given_some) {
      problems_.add(
          value,
          "a check needs either none, a SELECT of what must not be, or some, a SELECT of what must be");
      return out;
    }
    out.some = given_some;
    out.query = given_some ? some : none;
    out.where = value.find(given_some ? "some" : "none")->where();
    if (const auto checked = reporters::check_query(out.query, out.where); !checked)
      problems_.add(checked.error());
    return out;
  }

  CountExpectation count(const Value& value) {
    CountExpectation out;
    if (value.is_text()) {
      scenarios::read(value, out.exactly.emplace(), problems_);
      return out;
    }
    Fields fields(value, "a count", problems_);
    fields.read("at_least", out.at_least);
    fields.read("at_most", out.at_most);
    fields.finish();
    return out;
  }

  const ExpectationNames& names_;
  Problems& problems_;
};

}  // namespace

std::vector<std::string> invariant_names() { return models::Invariants::names(); }

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::held:
      return "held";
    case Verdict::broken:
      return "broken";
    case Verdict::undecided:
      return "undecided";
  }
  return "";
}

Expectations read_expectations(const Value& value, const ExpectationNames& names, Problems& problems) {
  return ExpectReader(names, problems).read(value);
}

}  // namespace fencepost::scenarios
