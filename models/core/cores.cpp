#include "models/core/cores.h"

#include <algorithm>

namespace fencepost::models {

namespace {

constexpr double kBusyRuns = 26.0 / 39;

// What others want of the cores while a process starts, in a busy run. They show where several of ours start
// at once: a notification, which two nodes begin together, took 0, 8, 12, 16, 28 ms longer in a busy run than
// in a quiet one, in the quartiles, nine and 19 of 20 (n = 100, 83), an agent that starts alone 0, 1, 2, 3, 7
// (n = 275, 152).
const sim::Distribution& wanted_by_others() {
  static const sim::Distribution wanted =
      sim::Empirical{{0ms,  0ms,  0ms,  0ms,  0ms,  0ms,  0ms,  0ms,  0ms,  0ms,  0ms,  8ms,  8ms,  8ms,
                      8ms,  14ms, 14ms, 14ms, 14ms, 14ms, 18ms, 18ms, 18ms, 18ms, 22ms, 22ms, 22ms, 22ms,
                      26ms, 26ms, 26ms, 32ms, 32ms, 32ms, 40ms, 40ms, 56ms, 56ms, 70ms, 140ms}};
  return wanted;
}

}  // namespace

Cores::Cores(int count, sim::Stream chance) : count_(count) {
  if (chance.chance(kBusyRuns)) others_ = chance;
}

Duration Cores::other_work() {
  return others_ ? sim::sample(wanted_by_others(), *others_) : Duration::zero();
}

sim::Uniform Cores::delay(SimTime now, Duration cpu) {
  while (!starts_.empty() && starts_.front().until <= now) starts_.pop_front();
  Duration others = other_work();
  // Who is not yet half through counts in full, as it will be slowed by those that come after it.
  for (const Start& each : starts_) {
    if (each.until <= now) continue;
    const Duration left = std::min(each.until - now, (each.until - each.from) / 2);
    others += each.cpu * left.count() / ((each.until - each.from) / 2).count();
  }
  // The others have all cores but one before it has to wait for any.
  const Duration usual = std::max(Duration::zero(), others - (count_ - 1) * cpu) / count_;
  return {.min = usual * 6 / 10, .max = usual * 14 / 10};
}

void Cores::busy(Duration cpu, SimTime now, SimTime until) { starts_.push_back({cpu, now, until}); }

}  // namespace fencepost::models
