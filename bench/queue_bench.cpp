// Events a second of the queue. One item: the next event popped and one pushed, so that as many stay pending.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/sim/event_queue.h"
#include "engine/sim/random.h"

namespace fencepost::sim {
namespace {

// What a simulated cluster asks for: most things take milliseconds, monitors and timeouts tens of seconds.
std::vector<Duration> usual_delays() {
  Stream stream = Stream{1}.fork("bench:queue");
  std::vector<Duration> delays(1 << 14);  // a power of two: see the mask below
  for (Duration& delay : delays) {
    delay = stream.chance(0.5) ? sample(Exponential{.mean = 5ms}, stream)
                               : sample(Uniform{.min = 1s, .max = 60s}, stream);
  }
  return delays;
}

void pop_and_push(benchmark::State& state) {
  const std::vector<Duration> delays = usual_delays();
  EventQueue<std::uint64_t> queue;
  std::size_t drawn = 0;
  const auto delay = [&] { return delays[drawn++ & (delays.size() - 1)]; };
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.push(kSimStart + delay(), drawn);

  for (auto _ : state) {
    const auto event = queue.pop();
    benchmark::DoNotOptimize(queue.push(event->at + delay(), event->payload));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(pop_and_push)->Arg(8)->Arg(1 << 10)->Arg(1 << 16);

// The life of an operation's timeout: armed, and disarmed long before it is due.
void arm_and_cancel(benchmark::State& state) {
  EventQueue<std::uint64_t> queue;
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.push(kSimStart + i * 1ms, 0);

  for (auto _ : state) {
    const auto event = queue.pop();
    const auto timeout = queue.push(event->at + 60s, 1);
    queue.push(event->at + state.range(0) * 1ms, 0);
    queue.cancel(timeout);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(arm_and_cancel)->Arg(8)->Arg(1 << 10)->Arg(1 << 16);

}  // namespace
}  // namespace fencepost::sim

BENCHMARK_MAIN();
