// The expected values were seen in what crm_simulate 2.1.5 made of the same texts.
#include "engine/cib/values.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace fencepost;
using namespace fencepost::cib;

namespace {

std::int64_t ms(std::string_view text) { return parse_interval(text).value_or(Milliseconds{-1}).count(); }

}  // namespace

TEST_CASE("score: infinities by their exact names, else the leading whole number", "[cib]") {
  CHECK(parse_score("INFINITY") == Score::infinity());
  CHECK(parse_score("+INFINITY") == Score::infinity());
  CHECK(parse_score("-INFINITY") == Score::minus_infinity());
  CHECK(parse_score("infinity") == Score{0});
  CHECK(parse_score("10x") == Score{10});
  CHECK(parse_score("1e3") == Score{1});
  CHECK(parse_score(" 5") == Score{5});
  CHECK(parse_score("") == Score{0});
  CHECK(parse_score("2000000") == Score::infinity());
  CHECK(parse_score("99999999999999999999") == Score{0});
  CHECK(parse_score("Red", {.red = Score::minus_infinity()}) == Score::minus_infinity());
}

TEST_CASE("boolean: five words for each answer, in any case", "[cib]") {
  CHECK(parse_boolean("Yes") == true);
  CHECK(parse_boolean("OFF") == false);
  CHECK(parse_boolean("maybe") == std::nullopt);
  CHECK_FALSE(is_true("maybe"));
}

TEST_CASE("interval: the unit goes by its first letters, fractions are cut off", "[cib]") {
  CHECK(ms("20") == 20'000);
  CHECK(ms("20s") == 20'000);
  CHECK(ms(" 1 min") == 60'000);
  CHECK(ms("20months") == 1'200'000);
  CHECK(ms("500ms") == 500);
  CHECK(ms("2500us") == 2);
  CHECK(ms("1h") == 3'600'000);
  CHECK(ms("1.5s") == 1'000);
  CHECK(ms("1m30") == 60'000);
  CHECK(ms("2d") == -1);
  CHECK(ms("-5s") == -1);
  CHECK(ms("") == -1);
  CHECK(ms("9999999h") == 4'294'967'295);
}

TEST_CASE("interval: a duration counts its first day and year for nothing, as Pacemaker's does", "[cib]") {
  constexpr std::int64_t kDay = 86'400'000;
  CHECK(ms("PT1M30S") == 90'000);
  CHECK(ms("P1D") == 0);
  CHECK(ms("P2D") == kDay);
  CHECK(ms("P1W") == 6 * kDay);
  CHECK(ms("P1M") == 30 * kDay);
  CHECK(ms("P1Y") == 0);
  CHECK(ms("P1X") == -1);
  CHECK(ms("P") == -1);
}

TEST_CASE("timeout: durations mean nothing", "[cib]") {
  CHECK(parse_timeout("PT1M") == std::nullopt);
  CHECK(parse_timeout("1m") == Milliseconds{60'000});
}

TEST_CASE("role: the old names are read, the new ones written", "[cib]") {
  REQUIRE(parse_role("MASTER") == Role::promoted);
  CHECK(parse_role("slave") == Role::unpromoted);
  CHECK(to_string(Role::promoted) == std::string("Promoted"));
  CHECK(parse_role("Leader") == std::nullopt);
}

TEST_CASE("node names: digits compare as numbers, letters in any case, the shorter first", "[cib]") {
  std::vector<std::string> names = {"node10", "Node2", "node1", "node02", "node", "alpha"};
  std::ranges::sort(names, NodeNameLess{});
  CHECK(names == std::vector<std::string>{"alpha", "node", "node1", "Node2", "node02", "node10"});
}

TEST_CASE("node names: the order is a total one", "[cib]") {
  CHECK(rc::check("comparing is antisymmetric and transitive", [] {
    const auto name = rc::gen::container<std::string>(rc::gen::elementOf(std::string("aB019-")));
    const std::string a = *name;
    const std::string b = *name;
    const std::string c = *name;
    RC_ASSERT((compare_node_names(a, b) < 0) == (compare_node_names(b, a) > 0));
    if (compare_node_names(a, b) <= 0 && compare_node_names(b, c) <= 0)
      RC_ASSERT(compare_node_names(a, c) <= 0);
  }));
}
