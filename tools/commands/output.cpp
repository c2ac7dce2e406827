#include "tools/commands/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "reporters/timeline.h"
#include "tools/commands/commands.h"

namespace fencepost::tools {
namespace {

using scenarios::Verdict;

const char* colour_of(Verdict verdict) {
  return verdict == Verdict::held ? "\033[32m" : verdict == Verdict::broken ? "\033[31m" : "\033[33m";
}

std::string coloured(const std::string& text, Verdict verdict, bool colour) {
  return colour ? colour_of(verdict) + text + "\033[0m" : text;
}

double seconds(Duration duration) { return to_seconds(duration); }

void print_fences(std::ostream& out, const scenarios::Outcome& outcome) {
  if (outcome.fences.empty()) {
    out << "Nobody was fenced.\n";
    return;
  }
  out << "Fencing:\n";
  for (const scenarios::Fence& fence : outcome.fences)
    out << fmt::format("  {:>9}  {} {}: {}\n", reporters::clock_text(fence.at, outcome.t0), fence.node,
                       fence.success ? "was fenced" : "could not be fenced", fence.reason);
}

void print_findings(std::ostream& out, const scenarios::Outcome& outcome, bool colour) {
  if (outcome.findings.empty()) {
    out << "Nothing was expected, and no invariant broke.\n";
    return;
  }
  out << "Expectations:\n";
  for (const scenarios::Finding& finding : outcome.findings)
    out << "  "
        << coloured(fmt::format("{:<10}", scenarios::to_string(finding.verdict)), finding.verdict, colour)
        << finding.expectation << (finding.why.empty() ? "" : ": ") << finding.why << '\n';
}

nlohmann::json outages_json(const scenarios::Outcome& outcome) {
  nlohmann::json list = nlohmann::json::array();
  for (const reporters::Outage& outage : outcome.outages) {
    nlohmann::json causes = nlohmann::json::object();
    for (std::size_t i = 0; i < reporters::kOutageCauses; ++i)
      causes[std::string(reporters::to_string(static_cast<reporters::OutageCause>(i)))] =
          seconds(outage.by_cause[i]);
    list.push_back({{"resource", outage.resource},
                    {"from", seconds(outage.from - outcome.t0)},
                    {"seconds", seconds(outage.length())},
                    {"over", !outage.open},
                    {"by_cause", causes}});
  }
  return list;
}

}  // namespace

int complain(const Error& error) {
  const std::string place = to_string(error.where);
  std::cerr << place << (place.empty() ? "" : ": ") << "error: " << error.message << '\n';
  return kBadInput;
}

int complain(const std::vector<Error>& errors) {
  for (const Error& error : errors) complain(error);
  return kBadInput;
}

bool is_terminal(std::ostream& out) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  if (&out == &std::cout) return isatty(STDOUT_FILENO) == 1;
  return &out == &std::cerr && isatty(STDERR_FILENO) == 1;
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::held:
      return kHeld;
    case Verdict::broken:
      return kBroken;
    case Verdict::undecided:
      return kUndecided;
  }
  return kBadInput;
}

void print_outcome(std::ostream& out, const scenarios::Scenario& scenario, const scenarios::Outcome& outcome,
                   const std::string& repeat, bool colour) {
  out << '\n';
  reporters::print_outages(out, outcome.outages, outcome.t0);
  out << '\n';
  print_fences(out, outcome);
  out << '\n';
  print_findings(out, outcome, colour);
  // On real machines time is real, and no two runs are the same.
  const std::string time = outcome.fingerprint.empty() ? "real time"
                                                       : fmt::format("virtual time (seed {}, fingerprint {})",
                                                                     outcome.seed, outcome.fingerprint);
  out << fmt::format("\n{}: {} after {} of {}\n", scenario.name,
                     coloured(scenarios::to_string(outcome.verdict), outcome.verdict, colour),
                     scenarios::format_duration(
                         std::chrono::duration_cast<std::chrono::milliseconds>(outcome.end - outcome.t0)),
                     time);
  if (outcome.verdict != Verdict::held) out << "Again with: " << repeat << '\n';
}

std::string outcome_json(const scenarios::Scenario& scenario, const scenarios::Outcome& outcome) {
  nlohmann::json findings = nlohmann::json::array();
  for (const scenarios::Finding& finding : outcome.findings)
    findings.push_back({{"expectation", finding.expectation},
                        {"verdict", scenarios::to_string(finding.verdict)},
                        {"why", finding.why}});
  nlohmann::json fences = nlohmann::json::array();
  for (const scenarios::Fence& fence : outcome.fences)
    fences.push_back({{"node", fence.node},
                      {"t", seconds(fence.at - outcome.t0)},
                      {"reason", fence.reason},
                      {"success", fence.success}});
  const nlohmann::ordered_json all{{"scenario", scenario.name},
                                   {"about", scenario.about},
                                   {"seed", outcome.seed},
                                   {"verdict", scenarios::to_string(outcome.verdict)},
                                   {"fingerprint", outcome.fingerprint},
                                   {"seconds", seconds(outcome.end - outcome.t0)},
                                   {"ended", outcome.ended},
                                   {"events", outcome.events},
                                   {"outages", outages_json(outcome)},
                                   {"fences", fences},
                                   {"expectations", findings}};
  return all.dump(2) + "\n";
}

std::string shell_quoted(const std::string& word) {
  const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::strchr("_./-+:=@%,", c) != nullptr;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

Result<void> write_file(const std::string& path, const std::string& content) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // A pipe or a device cannot be replaced: it is written as it is.
  std::error_code ignored;  // then it is not there, and fopen tells
  const bool in_place =
      std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
  const std::string beside = in_place ? path : path + ".partial";
  const auto fail = [&]() -> Result<void> {
    const std::string why = std::strerror(errno);
    if (!in_place) std::remove(beside.c_str());
    return failure({path}, "cannot write this file: " + why);
  };
  std::unique_ptr<std::FILE, Close> file(std::fopen(beside.c_str(), "wb"));
  if (!file) return fail();
  if (std::fwrite(content.data(), 1, content.size(), file.get()) != content.size()) return fail();
  if (std::fclose(file.release()) != 0) return fail();
  if (!in_place && std::rename(beside.c_str(), path.c_str()) != 0) return fail();
  return {};
}

}  // namespace fencepost::tools
