// Chance comes in through the door: named streams of random numbers, and the distributions drawn from them.
//
// A stream is a key and a counter (Philox 4x32-10 by Salmon et al., SC11). The key follows from the seed and
// the names on the way to the stream, and from nothing else: a new fault, node or agent that draws from its
// own stream changes no draw of any other.
//
//   sim::Stream root{seed};
//   sim::Stream fs = root.fork("node:db1/agent:fs");
//   Duration taken = sim::sample(sim::LogNormal{.median = 120ms, .sigma = 0.4}, fs);
//
// All arithmetic is made of IEEE operations that every compiler and processor rounds alike; libm is not
// asked.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/time.h"

namespace fencepost::sim {

class Stream {
 public:
  explicit Stream(std::uint64_t seed);

  // Depends on this stream's seed and names only, not on what was drawn from it.
  Stream fork(std::string_view name) const;
  Stream fork(std::uint64_t index) const;

  std::uint64_t next();                      // all 64 bits
  std::uint64_t below(std::uint64_t limit);  // 0 … limit-1; limit > 0
  double unit();                             // in (0, 1), both ends excluded
  bool chance(double probability);           // true this often; one draw whatever the probability

 private:
  struct Key {
    std::uint64_t value;
  };
  explicit Stream(Key key) : key_(key) {}

  Key key_{};
  std::uint64_t drawn_ = 0;
  std::uint64_t second_ = 0;  // the next draw, after an odd number of them
};

// How long things take. Every sample is made from one draw by inverting the distribution function, so that
// the same run with a longer mean meets the same luck. No sample is negative.
struct Constant {
  Duration value{};
  bool operator==(const Constant&) const = default;
};
struct Uniform {
  Duration min{};
  Duration max{};  // included
  bool operator==(const Uniform&) const = default;
};
struct Exponential {
  Duration mean{};
  bool operator==(const Exponential&) const = default;
};
// The usual shape of how long a program takes: exp of a normal with mean ln(median) and deviation sigma.
struct LogNormal {
  Duration median{};
  double sigma = 0;
  bool operator==(const LogNormal&) const = default;
};
// Each of the measured values is as likely as any other.
struct Empirical {
  std::vector<Duration> samples;  // not empty
  bool operator==(const Empirical&) const = default;
};

using Distribution = std::variant<Constant, Uniform, Exponential, LogNormal, Empirical>;

Duration sample(const Distribution& distribution, Stream& stream);

// The log-normal with these two quantiles, as people measure them: 0 < median <= p99.
LogNormal log_normal(Duration median, Duration p99);

}  // namespace fencepost::sim
