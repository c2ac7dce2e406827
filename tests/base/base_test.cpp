#include <catch2/catch.hpp>

#include "engine/base/assert.h"
#include "engine/base/id.h"
#include "engine/base/result.h"
#include "engine/base/score.h"
#include "engine/base/stable_vector.h"
#include "engine/base/time.h"

using namespace fencepost;

TEST_CASE("score: minus infinity wins over infinity, and sums are clipped", "[base]") {
  CHECK(Score::infinity() + Score::minus_infinity() == Score::minus_infinity());
  CHECK(Score{999'999} + Score{5} == Score::infinity());
  CHECK(Score{-3} + Score{5} == Score{2});
  CHECK(to_string(-Score::infinity()) == "-INFINITY");
}

TEST_CASE("error: the place comes first, as compilers print it", "[base]") {
  CHECK(to_string(Error{{"cib.xml", 12, 3}, "no such node"}) == "cib.xml:12:3: no such node");
  CHECK(to_string(Error{{}, "no such node"}) == "no such node");
}

TEST_CASE("stable vector: a reference holds while hundreds are added, and they come in order", "[base]") {
  StableVector<int> numbers;
  int& first = numbers.emplace_back();
  for (int i = 1; i < 300; ++i) numbers.push_back(int{i});
  first = 7;

  CHECK(numbers[0] == 7);
  CHECK(&numbers[0] == &first);
  CHECK(numbers.size() == 300);
  CHECK(numbers.back() == 299);
  int sum = 0;
  for (const int number : numbers) sum += number;
  CHECK(sum == 7 + 299 * 300 / 2);
}
