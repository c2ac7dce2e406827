// The expected answers are those of crm_simulate 2.1.5 for location rules with the same expressions.
#include <catch2/catch.hpp>
#include <map>

#include "engine/cib/evaluate.h"
#include "reading.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

class Table : public Lookup {
 public:
  Table(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}
  const std::string* find(std::string_view name) const override {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, std::string> values_;
};

const Table kNode = {{"five", "5"},   {"ten", "10"},   {"half", ".5"},
                     {"blank", " 5"}, {"word", "Abc"}, {"site-db", "5"}};

Rule rule_of(const std::string& inside, const std::string& attributes = "") {
  const Configuration configuration =
      configuration_of("<constraints><rsc_location id=\"l\" rsc=\"r\"><rule id=\"u\" " + attributes + ">" +
                       inside + "</rule></rsc_location></constraints>");
  return std::get<LocationConstraint>(configuration.constraints.at(0)).rules.at(0);
}

// An expression on a node attribute, such as "five lt 10".
bool says(const std::string& attribute, const std::string& operation, const std::string& value,
          const std::string& type = "") {
  const std::string type_attribute = type.empty() ? "" : "type=\"" + type + "\"";
  const Rule rule = rule_of("<expression id=\"e\" attribute=\"" + attribute + "\" operation=\"" + operation +
                            "\" value=\"" + value + "\" " + type_attribute + "/>");
  return holds(rule, {.now = {}, .node_attributes = &kNode});
}

bool on_date(const std::string& inside, std::string_view now, std::optional<WallSeconds>* next = nullptr) {
  return holds(rule_of(inside), {.now = time_of(now), .next_change = next});
}

}  // namespace

TEST_CASE("rule: numbers compare as numbers when they order, as texts when they are equal or not", "[cib]") {
  CHECK(says("five", "lt", "10"));
  CHECK_FALSE(says("five", "lt", "10", "string"));
  CHECK_FALSE(says("five", "eq", "05"));
  CHECK(says("five", "eq", "05", "integer"));
  CHECK(says("word", "eq", "aBC"));
  CHECK(says("half", "lt", " 5"));
  CHECK(says("ten", "lt", "0x10", "number"));
  CHECK(says("ten", "gt", "9.2.3", "version"));
}

TEST_CASE("rule: what is missing equals only what is missing; an empty value is missing", "[cib]") {
  CHECK(says("none", "not_defined", ""));
  CHECK(says("none", "eq", ""));
  CHECK(says("none", "ne", "5"));
  CHECK_FALSE(says("none", "lt", "5"));
  CHECK_FALSE(says("five", "gt", ""));
}

TEST_CASE("rule: without a node there are no node attributes", "[cib]") {
  const Rule rule = rule_of(R"(<expression id="e" attribute="x" operation="not_defined"/>)");
  CHECK_FALSE(holds(rule, {}));
}

TEST_CASE("rule: and needs all, or needs one, nothing is true for and and false for or", "[cib]") {
  const std::string yes = R"(<expression id="y" attribute="five" operation="defined"/>)";
  const std::string no = R"(<expression id="n" attribute="none" operation="defined"/>)";
  const RuleContext context{.now = {}, .node_attributes = &kNode};
  CHECK_FALSE(holds(rule_of(yes + no), context));
  CHECK(holds(rule_of(yes + no, R"(boolean-op="or")"), context));
  CHECK(holds(rule_of(""), context));
  CHECK_FALSE(holds(rule_of("", R"(boolean-op="or")"), context));
  CHECK(holds(rule_of(yes + "<rule id=\"inner\" boolean-op=\"or\">" + no + yes + "</rule>"), context));
}

TEST_CASE("rule: what a pattern matched can name the attribute", "[cib]") {
  const std::vector<std::string> matches = {"db-1", "db"};
  const Rule rule = rule_of(R"(<expression id="e" attribute="site-%1" operation="eq" value="5"/>)");
  CHECK(holds(rule, {.now = {}, .node_attributes = &kNode, .matches = &matches}));
  CHECK(substitute_matches("a%0%9b%", matches) == "adb-1b%");
}

TEST_CASE("rule: the value may be the name of a parameter", "[cib]") {
  const Table parameters = {{"port", "10"}};
  const Rule rule =
      rule_of(R"(<expression id="e" attribute="ten" operation="eq" value="port" value-source="param"/>)");
  CHECK(holds(rule, {.now = {}, .node_attributes = &kNode, .parameters = &parameters}));
  CHECK_FALSE(holds(rule, {.now = {}, .node_attributes = &kNode}));
}

TEST_CASE("rule: a role differs only from a promotable one", "[cib]") {
  const Rule rule = rule_of(R"(<expression id="e" attribute="#role" operation="ne" value="Master"/>)");
  CHECK(holds(rule, {.now = {}, .role = Role::unpromoted}));
  CHECK_FALSE(holds(rule, {.now = {}, .role = Role::promoted}));
  CHECK_FALSE(holds(rule, {.now = {}, .role = Role::started}));
  CHECK_FALSE(holds(rule, {}));
}

TEST_CASE("rule: a range of dates holds at both of its ends and tells when it will change", "[cib]") {
  const std::string range =
      R"(<date_expression id="d" operation="in_range" start="2019-09-23" end="2019-09-24"/>)";
  std::optional<WallSeconds> next;
  CHECK_FALSE(on_date(range, "2019-09-22", &next));
  CHECK(next == time_of("2019-09-23"));
  next.reset();
  CHECK(on_date(range, "2019-09-23", &next));
  CHECK(next == time_of("2019-09-24 00:00:01"));
  next.reset();
  CHECK(on_date(range, "2019-09-24"));
  CHECK_FALSE(on_date(range, "2019-09-24 00:00:01", &next));
  CHECK(next == std::nullopt);
}

TEST_CASE("rule: a duration ends a range that has no end of its own", "[cib]") {
  const std::string range = R"(<date_expression id="d" operation="in_range" start="2019-01-31">
      <duration id="x" months="1"/></date_expression>)";
  CHECK(on_date(range, "2019-02-28"));
  CHECK_FALSE(on_date(range, "2019-02-28 00:00:01"));
}

TEST_CASE("rule: a date that cannot be read is never reached", "[cib]") {
  CHECK_FALSE(on_date(R"(<date_expression id="d" operation="gt" start="soon"/>)", "2019-09-23"));
  CHECK_FALSE(on_date(R"(<date_expression id="d" operation="lt" end="later"/>)", "2019-09-23"));
}

TEST_CASE("rule: a date specification wants every field that it can read", "[cib]") {
  const auto spec = [](const std::string& fields) {
    return on_date("<date_expression id=\"d\" operation=\"date_spec\"><date_spec id=\"s\" " + fields +
                       "/></date_expression>",
                   "2019-09-23 12:00:00");  // a Monday
  };
  CHECK(spec(R"(hours="9-16" weekdays="1-5")"));
  CHECK_FALSE(spec(R"(hours="9-16" weekdays="6-7")"));
  CHECK(spec(R"(years="2018-" monthdays="-23")"));
  CHECK(spec(R"(hours="10,11")"));  // not a form that is understood, so it is passed over
  CHECK(spec(""));
}

TEST_CASE("rule: a resource's provider must match exactly, even in being absent", "[cib]") {
  const Agent dummy = {"ocf", "pacemaker", "Dummy"};
  const Agent fence = {"stonith", "", "fence_ipmilan"};
  CHECK(holds(rule_of(R"(<rsc_expression id="e" class="ocf" provider="pacemaker"/>)"),
              {.now = {}, .agent = &dummy}));
  CHECK_FALSE(holds(rule_of(R"(<rsc_expression id="e" class="ocf"/>)"), {.now = {}, .agent = &dummy}));
  CHECK(holds(rule_of(R"(<rsc_expression id="e" type="fence_ipmilan"/>)"), {.now = {}, .agent = &fence}));
}

TEST_CASE("rule: an operation's interval counts only if the rule says one", "[cib]") {
  const std::string monitor = "monitor";
  const RuleContext context{.now = {}, .op_name = &monitor, .op_interval = Milliseconds{10'000}};
  CHECK(holds(rule_of(R"(<op_expression id="e" name="monitor"/>)"), context));
  CHECK(holds(rule_of(R"(<op_expression id="e" name="monitor" interval="10s"/>)"), context));
  CHECK_FALSE(holds(rule_of(R"(<op_expression id="e" name="monitor" interval="20s"/>)"), context));
  CHECK_FALSE(holds(rule_of(R"(<op_expression id="e" name="start"/>)"), context));
}
