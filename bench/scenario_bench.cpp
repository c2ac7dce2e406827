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

// 365 days in which nothing happens but every monitor of every resource, each run as the process it is.
void idle_year(benchmark::State& state) {
  Scenario scenario = story("all-quiet");
  scenario.end.duration = 365 * 24h;
  for (auto _ : state) {
    const Outcome outcome = run(scenario, {});
    HA_ASSERT(outcome.verdict == Verdict::held);
    state.counters["events"] = static_cast<double>(outcome.events);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(idle_year)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace fencepost::scenarios

BENCHMARK_MAIN();
