#include "engine/sim/portable_math.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

using namespace fencepost::sim;

namespace {

// The share of a normal population below z.
double normal_share(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

bool close(double a, double b, double relative) {
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

}  // namespace

TEST_CASE("portable math: ln and exp agree with the C library to a few units in the last place", "[sim]") {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    INFO("x = " << x);
    CHECK(std::abs(portable_log(x) - std::log(x)) <= 4e-16 * std::max(1.0, std::abs(std::log(x))));
  }
  for (double x = -700; x < 700; x += 0.377) {
    INFO("x = " << x);
    CHECK(close(portable_exp(x), std::exp(x), 1e-15));
  }
  CHECK(portable_log(1) == 0);
  CHECK(portable_exp(0) == 1);
  CHECK(portable_exp(1000) == std::numeric_limits<double>::infinity());
  CHECK(portable_exp(-1000) == 0);
}

TEST_CASE("portable math: the normal quantile undoes the normal distribution", "[sim]") {
  for (double share = 1e-9; share < 1; share = share < 0.01 ? share * 1.5 : share + 0.003) {
    INFO("share = " << share);
    CHECK(close(normal_share(normal_quantile(share)), share, 1e-7));
  }
  CHECK(normal_quantile(0.5) == Approx(0).margin(1e-12));
  CHECK(normal_quantile(0.975) == Approx(1.959963985).epsilon(1e-9));
}

// These bits were the same from g++ and clang, at -O0 and -O3. Whatever changes one of them changes every run
// that draws a duration.
TEST_CASE("portable math: gives the same bits everywhere", "[sim]") {
  const auto bits = [](double x) {
    std::uint64_t raw = 0;
    std::memcpy(&raw, &x, sizeof raw);
    return raw;
  };
  CHECK(bits(portable_log(10)) == 0x40026bb1bbb55516);
  CHECK(bits(portable_exp(-1.5)) == 0x3fcc8f87724b5c1d);
  CHECK(bits(normal_quantile(0.3)) == 0xbfe0c7e395d14936);
  CHECK(bits(normal_quantile(0.001)) == 0xc008b8cbb6ee2822);
}
