#include "engine/sim/portable_math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/base/assert.h"

// frexp, ldexp, floor and sqrt are exact or correctly rounded by definition, so they may be the library's.

namespace fencepost::sim {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
// ln 2 in two parts; the first has enough trailing zeros that multiplying it by a small whole number is
// exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 1.4426950408889634074;

template <int N>
double polynomial(const double (&highest_first)[N], double x) {
  double sum = 0;
  for (const double coefficient : highest_first) sum = sum * x + coefficient;
  return sum;
}

}  // namespace

// x = m * 2^k with m around 1, and ln m = 2 artanh((m - 1) / (m + 1)), whose series ends quickly.
double portable_log(double x) {
  HA_ASSERT(x > 0 && std::isfinite(x));
  int k = 0;
  double m = std::frexp(x, &k);
  if (m < kSqrtHalf) {
    m *= 2;
    --k;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double series = 0;
  for (int n = 23; n >= 1; n -= 2) series = series * s2 + 1.0 / n;
  return k * kLn2High + (2 * s * series + k * kLn2Low);
}

namespace {

constexpr auto kInverseFactorials = [] {
  std::array<double, 16> inverse{1};
  for (std::size_t n = 1; n < inverse.size(); ++n) inverse[n] = inverse[n - 1] / static_cast<double>(n);
  return inverse;
}();

// The series of exp, to r^15: four terms at a time, which do not wait for each other.
double exp_series(double r) {
  const auto& c = kInverseFactorials;
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const auto four = [&](std::size_t n) { return (c[n] + c[n + 1] * r) + (c[n + 2] + c[n + 3] * r) * r2; };
  return (four(0) + four(4) * r4) + (four(8) + four(12) * r4) * (r4 * r4);
}

// x * 2^k. Where 2^k is a normal number the product is rounded as ldexp rounds it, and costs no call.
double scaled(double x, int k) {
  if (k < -1022 || k > 1023) return std::ldexp(x, k);
  return x * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

}  // namespace

// x = k ln 2 + r with r around 0, and exp r by its series.
double portable_exp(double x) {
  if (x > 710) return std::numeric_limits<double>::infinity();
  if (x < -746) return 0;
  const double k = std::floor(x * kLog2E + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  return scaled(exp_series(r), static_cast<int>(k));
}

// P. J. Acklam's rational approximations: one for the middle, one for the tails.
double normal_quantile(double share) {
  HA_ASSERT(share > 0 && share < 1);
  static constexpr double kA[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                  1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static constexpr double kB[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                                  6.680131188771972e+01,  -1.328068155288572e+01, 1};
  static constexpr double kC[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                  -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static constexpr double kD[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                  3.754408661907416e+00, 1};
  constexpr double kTail = 0.02425;

  if (share < kTail) {
    const double q = std::sqrt(-2 * portable_log(share));
    return polynomial(kC, q) / polynomial(kD, q);
  }
  if (share > 1 - kTail) return -normal_quantile(1 - share);
  const double q = share - 0.5;
  return q * polynomial(kA, q * q) / polynomial(kB, q * q);
}

}  // namespace fencepost::sim
