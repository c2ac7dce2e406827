// Whole runs of the catalogue's cluster. One item: the scenario run from power-on to verdict, without
// recording: the cluster forms, loads its configuration, starts everything, is broken, recovers, and is
// judged.
#include <benchmark/benchmark.h>

#include <string>

#include "engine/base/assert.h"
#include "scenarios/run.h"

namespace fencepost::scenarios {
namespace {

Scenario story(const std::string& name) {
  const auto scenario = read_scenario(FENCEPOST_SOURCE_DIR "/scenarios/ha-database/" + name + ".yaml");
  HA_ASSERT(scenario.has_value());
  return *scenario;
}

void failover(benchmark::State& state, const std::string& name) {
  const Scenario scenario = story(name);
  double events = 0;
  for (auto _ : state) {
    const Outcome outcome = run(scenario, {});
    HA_ASSERT(outcome.verdict == Verdict::held);
    events += static_cast<double>(outcome.events);
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["events"] = benchmark::Counter(events, benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(failover, node_crash, "node-crash")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(failover, stop_timeout_fences, "stop-timeout-fences")->Unit(benchmark::kMillisecond);

// Days in which nothing happens but every monitor of every resource, each run as the process it is. A year is
// what is promised; a week is short enough to be counted by callgrind.
void idle(benchmark::State& state, int days) {
  Scenario scenario = story("all-quiet");
  scenario.end.duration = days * 24h;
  for (auto _ : state) {
    const Outcome outcome = run(scenario, {});
    HA_ASSERT(outcome.verdict == Verdict::held);
    state.counters["events"] = static_cast<double>(outcome.events);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(idle, week, 7)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(idle, year, 365)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace fencepost::scenarios

BENCHMARK_MAIN();
