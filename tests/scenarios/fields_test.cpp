#include <catch2/catch.hpp>

#include "scenarios/fields.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

Value yaml(const std::string& text) {
  auto value = read_document(text, "test.yaml");
  REQUIRE(value);
  return *value;
}

std::string only_error(const Problems& problems) {
  REQUIRE(problems.errors().size() == 1);
  return to_string(problems.errors().front());
}

}  // namespace

TEST_CASE("durations: as people write them, exact to the nanosecond", "[scenarios]") {
  CHECK(parse_duration("60s") == 60s);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("10min") == 10min);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("0.000000001") == 1ns);
  CHECK(parse_duration("2.5") == 2500ms);
  CHECK(parse_duration(".5s") == 500ms);
}

TEST_CASE("durations: what is none is refused", "[scenarios]") {
  for (const char* text : {"", "ten", "s", "-5", "1h30", "5 s", "1e3", "10000000d", "99999999999999999999"})
    CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("durations: what is printed can be read back", "[scenarios]") {
  for (const Duration duration :
       {Duration{0}, Duration{1ns}, Duration{250ms}, Duration{1500ms}, Duration{60s}, Duration{90min},
        Duration{61s}, Duration{26h}, Duration{3600s + 1ns}})
    CHECK(parse_duration(format_duration(duration)) == duration);
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(1500ms) == "1.5s");
}

TEST_CASE("fields: an unknown key is named with its place and the key that was meant", "[scenarios]") {
  const Value map = yaml("about: a\nfualts: []\n");
  Problems problems;
  Fields fields(map, "a scenario", problems);
  fields.take("about");
  fields.take("faults");
  fields.finish();
  CHECK(only_error(problems) == "test.yaml:2:1: 'fualts' is no key of a scenario, did you mean 'faults'?");
}

TEST_CASE("fields: a negative time is refused with its place", "[scenarios]") {
  const Value map = yaml("{verb: crash, at: -5}");
  Problems problems;
  Fields fields(map, "a fault", problems);
  Duration at{};
  fields.read("at", at);
  CHECK(only_error(problems) ==
        "test.yaml:1:19: '-5' is negative; a time counts from t=0, a duration from 0 up");
}

TEST_CASE("fields: every problem of a file is told, not only the first", "[scenarios]") {
  const Value map = yaml("a: x\nb: [1]\n");
  Problems problems;
  Fields fields(map, "a thing", problems);
  int a = 0;
  Duration b{};
  fields.read("a", a);
  fields.read("b", b);
  CHECK(problems.errors().size() == 2);
}

TEST_CASE("distributions: a duration, or a shape by name", "[scenarios]") {
  Problems problems;
  sim::Distribution read_one;
  read(yaml("300ms"), read_one, problems);
  CHECK(read_one == sim::Distribution{sim::Constant{300ms}});
  read(yaml("{uniform: [1s, 3s]}"), read_one, problems);
  CHECK(read_one == sim::Distribution{sim::Uniform{1s, 3s}});
  read(yaml("{median: 1s, p99: 4s}"), read_one, problems);
  CHECK(std::get<sim::LogNormal>(read_one).median == 1s);
  CHECK(problems.empty());
  read(yaml("{uniform: [3s, 1s]}"), read_one, problems);
  CHECK(problems.errors().size() == 1);
}

TEST_CASE("document: a key given twice, broken YAML and bottomless nesting are errors with a place",
          "[scenarios]") {
  CHECK(to_string(read_document("a: 1\na: 2\n", "f.yaml").error()) ==
        "f.yaml:2:1: 'a' is given twice; keep one");
  CHECK(read_document("a: [1, 2\nb: }", "f.yaml").error().where.line > 0);
  CHECK_FALSE(read_document(std::string(5000, '[') + std::string(5000, ']'), "f.yaml"));
}

TEST_CASE("document: JSON is YAML", "[scenarios]") {
  const Value value = yaml(R"({"nodes": ["a", "b"], "t0": {"align": "fs:monitor", "offset_s": 0.5}})");
  CHECK(value.find("nodes")->items[1].text == "b");
  CHECK(to_flow(*value.find("t0")) == "{align: fs:monitor, offset_s: 0.5}");
}
