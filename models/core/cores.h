// The processors of one machine, as far as processes that start at once get in each other's way.
#pragma once

#include <deque>
#include <optional>

#include "engine/base/time.h"
#include "engine/sim/random.h"

namespace fencepost::models {

// A process computes from fork to its own first line, and so do the daemons around it. Where more do so than
// there are cores, each gets its share and comes there later. Measured with the lab's agents on two cores,
// median from order to first line: alone 24 ms (n = 444), beside one other 28 (79), beside two 55 (14),
// beside three to five 87 to 90 (10). Who is nearly there needs little: with all that overlap at all
// counted, beside one 24 (135), beside two 27 (178), beside three 38 (24).
class Cores {
 public:
  // Nobody else uses them.
  explicit Cores(int count) : count_(count) {}
  // They are those of the lab's machine, on which others work, too, in two runs of three: 26 of 39 recorded
  // runs found less than a fifth of it idle (`cpu_idle`).
  Cores(int count, sim::Stream chance);

  // How much later than alone a process gets there that is forked now and has to compute for `cpu`.
  sim::Uniform delay(SimTime now, Duration cpu);
  // It computes for `cpu` of the time until then.
  void busy(Duration cpu, SimTime now, SimTime until);

 private:
  struct Start {
    Duration cpu;
    SimTime from, until;
  };
  Duration other_work();

  int count_;
  std::optional<sim::Stream> others_;  // there are others, who want more or less
  std::deque<Start> starts_;  // in the order of their forks; who comes first is nearly always through first
};

}  // namespace fencepost::models
