// Each scenario twice: predicted by the simulator, then played on a lab of this machine. A row each.
#include <fmt/format.h>

#include <iostream>

#include "scenarios/catalogue.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/lab/compare.h"
#include "tools/lab/freezer.h"
#include "tools/lab/images.h"
#include "tools/lab/run.h"

namespace fencepost::tools {
namespace {

using scenarios::Scenario;

constexpr const char* kHead =
    "| scenario | deeds | order | largest difference | of | simulator | live "
    "|\n|---|---|---|---|---|---|---|\n";

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : ", ") + each;
  return text;
}

void explain(const lab::Comparison& comparison) {
  if (!comparison.only_first.empty())
    std::cout << "  only predicted: " << listed(comparison.only_first) << '\n';
  if (!comparison.only_second.empty()) std::cout << "  only live: " << listed(comparison.only_second) << '\n';
  if (!comparison.out_of_order.empty())
    std::cout << "  live in another order: " << listed(comparison.out_of_order) << '\n';
}

int compare_in(const lab::Cell& cell, const Scenario& scenario, const lab::Support& support,
               const RehearseArguments& arguments) {
  Scenario predicted = scenario;
  predicted.profile = "fencepost";  // as the nodes have
  lab::Deeds sim(scenario.nodes), live(scenario.nodes);
  const auto outcome = scenarios::run(predicted, {}, {{&sim, [&](SimTime t0) { sim.begin(t0); }}});
  const lab::LabRun run =
      lab::run_in_lab({.cell = cell}, scenario, support, {.run = {}, .keep = arguments.keep},
                      {{&live, [&](SimTime t0) { live.begin(t0); }}});
  if (run.interrupted) return kUndecided;
  const lab::Comparison comparison = lab::compare(sim.all(), live.all());
  const bool both_held =
      outcome.verdict == scenarios::Verdict::held && run.outcome.verdict == scenarios::Verdict::held;
  std::cout << fmt::format(
      "| {} | {} | {} | {:.3f} s{} | {} | {} | {} |\n", scenario.name, comparison.deeds,
      comparison.same_order() ? "same" : "DIFFERS", to_seconds(comparison.error_max),
      comparison.same_times() ? "" : fmt::format(" ({:.0f} %)", comparison.relative_max * 100),
      comparison.worst, scenarios::to_string(outcome.verdict), scenarios::to_string(run.outcome.verdict));
  if (!comparison.same_order()) explain(comparison);
  if (!both_held)
    for (const scenarios::Finding& finding : run.outcome.findings)
      if (finding.verdict != scenarios::Verdict::held)
        std::cout << "  live: " << finding.expectation << ": " << finding.why << '\n';
  std::cout.flush();
  const bool in_time = arguments.any_times || comparison.same_times();
  return comparison.same_order() && in_time && both_held ? kHeld : kBroken;
}

int rehearse(const std::string& path, const RehearseArguments& arguments) {
  const auto scenario = scenarios::read_scenario(path);
  if (!scenario) return complain(scenario.error());
  const lab::Support support = lab::examine(*scenario, {.freezes = !lab::freezers().empty(),
                                                        .stucks = lab::freezes_past_kill(),
                                                        .loops = lab::loop_devices_work()});
  if (!support.cannot.empty()) {
    std::cout << fmt::format("| {} | not in a lab: {} |\n", scenario->name, support.cannot.front())
              << std::flush;
    return kSkipped;
  }
  const auto code =
      lab::in_a_cell([&](const lab::Cell& cell) { return compare_in(cell, *scenario, support, arguments); });
  return code ? *code : complain(code.error());
}

}  // namespace

int rehearse_command(const RehearseArguments& arguments) {
  const auto files = scenarios::scenario_files(arguments.paths);
  if (!files) return complain(files.error());
  if (const auto reason = lab::why_no_lab()) {
    std::cerr << "rehearse: skipped: this machine " << *reason << '\n';
    return kSkipped;
  }
  std::cout << kHead << std::flush;
  int worst = kHeld;
  std::size_t same = 0, rehearsed = 0;
  for (const std::string& file : *files) {
    const int code = rehearse(file, arguments);
    if (code == kUndecided) return code;  // interrupted
    if (code == kSkipped) continue;       // its line says why
    ++rehearsed;
    same += code == kHeld ? 1 : 0;
    worst = std::max(worst, code);
  }
  if (rehearsed == 0) return kSkipped;
  std::cout << fmt::format("\n{} of {} scenarios: the same order{}.\n", same, rehearsed,
                           arguments.any_times ? "" : ", times within 10 % or 0.5 s");
  return worst;
}

}  // namespace fencepost::tools
