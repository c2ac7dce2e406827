#include "engine/sim/random.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "engine/base/assert.h"
#include "engine/sim/fingerprint.h"
#include "engine/sim/philox.h"
#include "engine/sim/portable_math.h"

namespace fencepost::sim {
namespace {

constexpr double kZ99 = 2.3263478740408408;  // the normal's 99 % quantile

// Rounded to a nanosecond, and kept within what a Duration holds: about 292 years.
Duration from_ns(double ns) {
  if (!(ns > 0)) return Duration::zero();
  if (ns >= 9.2e18) return Duration::max();
  const auto whole = static_cast<std::int64_t>(ns);
  return Duration{ns - static_cast<double>(whole) >= 0.5 ? whole + 1 : whole};
}

double ns(Duration duration) { return static_cast<double>(duration.count()); }

Duration draw(const Constant& constant, Stream&) { return constant.value; }

Duration draw(const Uniform& uniform, Stream& stream) {
  HA_ASSERT(uniform.min <= uniform.max);
  const auto width = static_cast<std::uint64_t>((uniform.max - uniform.min).count());
  return uniform.min + Duration{static_cast<std::int64_t>(stream.below(width + 1))};
}

Duration draw(const Exponential& exponential, Stream& stream) {
  return from_ns(ns(exponential.mean) * -portable_log(stream.unit()));
}

Duration draw(const LogNormal& log_normal, Stream& stream) {
  return from_ns(ns(log_normal.median) * portable_exp(log_normal.sigma * normal_quantile(stream.unit())));
}

Duration draw(const Empirical& empirical, Stream& stream) {
  HA_ASSERT(!empirical.samples.empty());
  return empirical.samples[static_cast<std::size_t>(stream.below(empirical.samples.size()))];
}

}  // namespace

Stream::Stream(std::uint64_t seed) : key_{hash64("fencepost", seed)} {}

Stream Stream::fork(std::string_view name) const { return Stream{Key{hash64(name, key_.value)}}; }

Stream Stream::fork(std::uint64_t index) const { return fork("#" + std::to_string(index)); }

// A block of Philox is 128 bits: two draws.
std::uint64_t Stream::next() {
  if (drawn_ % 2 == 1) {
    ++drawn_;
    return second_;
  }
  const PhiloxBlock block = philox(key_.value, drawn_ / 2);
  ++drawn_;
  second_ = block.second;
  return block.first;
}

// The high half of a 128-bit product. A limit of n favours some numbers by n / 2^64: an hour of nanoseconds,
// by one in five million.
std::uint64_t Stream::below(std::uint64_t limit) {
  HA_ASSERT(limit > 0);
  return multiply_high(next(), limit);
}

// The middle of one of 2^52 equal steps.
double Stream::unit() { return (static_cast<double>(next() >> 12) + 0.5) * 0x1p-52; }

bool Stream::chance(double probability) { return unit() < probability; }

Duration sample(const Distribution& distribution, Stream& stream) {
  const Duration taken = std::visit([&](const auto& shape) { return draw(shape, stream); }, distribution);
  return std::max(taken, Duration::zero());
}

LogNormal log_normal(Duration median, Duration p99) {
  HA_ASSERT(median > Duration::zero() && median <= p99);
  return {.median = median, .sigma = portable_log(ns(p99) / ns(median)) / kZ99};
}

}  // namespace fencepost::sim
