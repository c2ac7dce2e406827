// One decision for the stack of the main job: promotable DRBD, filesystem, IP, database, two fence devices,
// two nodes. One item: decide(), from a CIB in memory to a transition graph. The inputs are what real
// Pacemaker's status looked like in three situations (crm_simulate -S wrote it).
#include <benchmark/benchmark.h>

#include <string>

#include "engine/base/assert.h"
#include "engine/cib/read.h"
#include "engine/policy/decision.h"

namespace fencepost::policy {
namespace {

cib::Cib input(const std::string& name) {
  const auto document = cib::read_file(FENCEPOST_SOURCE_DIR "/bench/inputs/" + name + ".xml");
  HA_ASSERT(document.has_value());
  return document->cib;
}

// What a DC does: the configuration is compiled once, then decided upon again and again; the graph is wanted,
// and attributes only of the actions that are sent out, when they are.
void decide_as_a_dc(benchmark::State& state, const std::string& name) {
  const cib::Cib cib = input(name);
  const WallSeconds now{1'700'000'000};
  const Want graph_only{
      .state = true, .scores = false, .reasons = false, .actions = false, .attributes = false};
  const Snapshot snapshot{.cib = &cib, .now = now, .configuration = compile(cib, now), .want = graph_only};
  for (auto _ : state) benchmark::DoNotOptimize(decide(snapshot));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(decide_as_a_dc, cluster_starts, "start");
BENCHMARK_CAPTURE(decide_as_a_dc, nothing_to_do, "idle");
BENCHMARK_CAPTURE(decide_as_a_dc, stop_failed, "failed-stop");

// With everything that crm_simulate prints, and the configuration read anew.
void decide_and_explain(benchmark::State& state, const std::string& name) {
  const cib::Cib cib = input(name);
  const Snapshot snapshot{
      .cib = &cib, .now = WallSeconds{1'700'000'000}, .configuration = nullptr, .want = {}};
  for (auto _ : state) benchmark::DoNotOptimize(decide(snapshot));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(decide_and_explain, stop_failed, "failed-stop");

}  // namespace
}  // namespace fencepost::policy

BENCHMARK_MAIN();
