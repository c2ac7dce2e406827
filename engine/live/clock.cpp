#include "engine/live/clock.h"

#include <ctime>

namespace fencepost::live {
namespace {

timespec read(clockid_t clock) {
  timespec value{};
  clock_gettime(clock, &value);  // cannot fail for these two clocks
  return value;
}

}  // namespace

SimTime monotonic_now() {
  const timespec value = read(CLOCK_MONOTONIC);
  return SimTime{std::chrono::seconds{value.tv_sec} + std::chrono::nanoseconds{value.tv_nsec}};
}

WallSeconds wall_now() { return {read(CLOCK_REALTIME).tv_sec}; }

}  // namespace fencepost::live
