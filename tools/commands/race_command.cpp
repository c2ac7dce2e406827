// The same lab, the same faults, two managers. A row each.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "scenarios/catalogue.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/lab/freezer.h"
#include "tools/lab/images.h"
#include "tools/lab/race.h"

namespace fencepost::tools {
namespace {

// Exit codes carry a number from the cell: what it measured comes by a pipe.
std::optional<double> measure(const scenarios::Scenario& scenario, const lab::Support& support,
                              lab::Manager manager, bool& interrupted) {
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  const auto code = lab::in_a_cell([&](const lab::Cell& cell) {
    const auto took = lab::time_recovery({.cell = cell}, scenario, support, manager);
    if (!took) {
      std::cerr << scenario.name << ": " << to_string(took.error()) << '\n';
      return kBroken;
    }
    if (!*took) return kUndecided;
    const double seconds = to_seconds(**took);
    return ::write(ends[1], &seconds, sizeof seconds) == ssize_t{sizeof seconds} ? kHeld : kBroken;
  });
  interrupted = code && *code == kUndecided;
  double seconds = 0;
  ::close(ends[1]);
  const bool came =
      code && *code == kHeld && ::read(ends[0], &seconds, sizeof seconds) == ssize_t{sizeof seconds};
  ::close(ends[0]);
  return came ? std::optional(seconds) : std::nullopt;
}

struct Times {
  std::vector<double> seconds;
  int failed = 0;
  bool interrupted = false;
};

Times measure_often(const scenarios::Scenario& scenario, const lab::Support& support, lab::Manager manager,
                    int times) {
  Times result;
  for (int i = 0; i < times && !result.interrupted; ++i) {
    if (const auto took = measure(scenario, support, manager, result.interrupted))
      result.seconds.push_back(*took);
    else
      ++result.failed;
  }
  std::sort(result.seconds.begin(), result.seconds.end());
  return result;
}

std::string text(double seconds) {
  const double limit = to_seconds(lab::kRecovers);
  return seconds < limit ? fmt::format("{:.2f} s", seconds)
                         : fmt::format("no recovery within {:.0f} s", limit);
}

std::string text(const Times& times) {
  if (times.seconds.empty()) return "no result";
  const std::string spread =
      times.seconds.size() == 1
          ? ""
          : fmt::format(" ({} to {})", text(times.seconds.front()), text(times.seconds.back()));
  return fmt::format("{}{}{}", text(times.seconds[times.seconds.size() / 2]), spread,
                     times.failed == 0 ? "" : fmt::format(", {} without a result", times.failed));
}

}  // namespace

int race_command(const RaceArguments& arguments) {
  const auto files = scenarios::scenario_files(arguments.paths);
  if (!files) return complain(files.error());
  auto reason = lab::why_no_lab();
  if (!reason && ::access("/usr/sbin/pacemakerd", X_OK) != 0) reason = "has no Pacemaker to compare with";
  if (reason) {
    std::cerr << "race: skipped: this machine " << *reason << '\n';
    return kSkipped;
  }
  std::cout << "| scenario | Fencepost | Pacemaker |\n|---|---|---|\n" << std::flush;
  int worst = kHeld;
  for (const std::string& file : *files) {
    const auto scenario = scenarios::read_scenario(file);
    if (!scenario) return complain(scenario.error());
    const lab::Support support = lab::examine(*scenario, {.freezes = !lab::freezers().empty(),
                                                          .stucks = lab::freezes_past_kill(),
                                                          .loops = lab::loop_devices_work()});
    if (!support.cannot.empty()) {
      std::cout << fmt::format("| {} | not in a lab: {} | |\n", scenario->name, support.cannot.front())
                << std::flush;
      continue;
    }
    const Times ours = measure_often(*scenario, support, lab::Manager::fencepost, arguments.times);
    if (ours.interrupted) return kUndecided;
    const Times theirs = measure_often(*scenario, support, lab::Manager::pacemaker, arguments.times);
    if (theirs.interrupted) return kUndecided;
    std::cout << fmt::format("| {} | {} | {} |\n", scenario->name, text(ours), text(theirs)) << std::flush;
    if (ours.seconds.empty() || theirs.seconds.empty()) worst = kBroken;
  }
  return worst;
}

}  // namespace fencepost::tools
