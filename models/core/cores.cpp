#include "models/core/cores.h"

#include <algorithm>

namespace fencepost::models {

sim::Uniform Cores::delay(SimTime now, Duration cpu) {
  while (!starts_.empty() && starts_.front().until <= now) {
    cpu_ -= starts_.front().cpu;
    starts_.pop_front();
  }
  // The others have all cores but one before it has to wait for any.
  const Duration usual = std::max(Duration::zero(), cpu_ - (count_ - 1) * cpu) / count_;
  return {.min = usual * 6 / 10, .max = usual * 14 / 10};
}

void Cores::busy(Duration cpu, SimTime until) {
  starts_.push_back({cpu, until});
  cpu_ += cpu;
}

}  // namespace fencepost::models
