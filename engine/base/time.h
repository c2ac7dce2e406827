// Integer time. The engine never asks a clock what time it is: every instant comes in through the door.
#pragma once

#include <chrono>
#include <cstdint>

namespace fencepost {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ns;

using Duration = std::chrono::duration<std::int64_t, std::nano>;

// A clock without now(). In simulation its epoch is the start of the run; live, it is whatever the backend's
// monotonic clock counts from. Only differences mean anything.
struct SimClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;
};
using SimTime = SimClock::time_point;

inline constexpr SimTime kSimStart{};
inline constexpr SimTime kNever = SimTime::max();

// Seconds since 1970, as the CIB stores them (last-rc-change, execution-date). What the wall shows is data: a
// simulated node's may be wrong.
struct WallSeconds {
  std::int64_t since_epoch = 0;
  auto operator<=>(const WallSeconds&) const = default;
};

constexpr double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
constexpr std::int64_t to_ms(Duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace fencepost
