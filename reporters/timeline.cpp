#include "reporters/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string_view>

namespace fencepost::reporters {
namespace {

constexpr std::string_view kReset = "\033[0m";

// Red for what is broken, yellow for what people or faults did, green for what is well again, grey for
// detail.
std::string_view colour_of(const Description& line) {
  const std::string_view kind = line.kind;
  if (kind == "fault" || kind == "command" || kind == "fault-ended") return "\033[33m";
  if (kind == "invariant-broken" || kind == "fence-requested" || kind == "process-blocked" ||
      kind == "will-not-die")
    return "\033[31m";
  if (kind == "power" || kind == "fence-finished") return "\033[1m";
  if (kind == "service") return line.text.find("nobody") == std::string::npos ? "\033[32m" : "\033[31m";
  if (line.weight == Weight::headline) return "\033[31m";
  return line.weight == Weight::detail || line.weight == Weight::noise ? "\033[2m" : "";
}

std::string_view mark_of(const Description& line) {
  if (line.kind == "fault" || line.kind == "command") return "!";
  if (line.weight == Weight::headline) return "*";
  return " ";
}

}  // namespace

std::string clock_text(SimTime at, SimTime t0) { return fmt::format("{:.3f}", to_seconds(at - t0)); }

Timeline::Timeline(std::ostream& out, std::vector<std::string> node_names, TimelineOptions options)
    : out_(out), node_names_(std::move(node_names)), options_(options) {}

void Timeline::begin(SimTime t0) {
  t0_ = t0;
  begun_ = true;
}

void Timeline::observe(const backend::Record& record) {
  if (!begun_) return;
  const Description line = describe(record, node_names_);
  if (line.weight < options_.least) return;
  const std::string text = fmt::format("{:>10}  {} {:<10} {}", clock_text(record.time, t0_), mark_of(line),
                                       line.subject.empty() ? "cluster" : line.subject, line.text);
  // Every node sees a new membership and a finished fence; in a timeline once is enough.
  if (text == last_line_) return;
  last_line_ = text;
  const std::string shown = options_.colour ? fmt::format("{}{}{}", colour_of(line), text, kReset) : text;
  const bool plan = line.kind == "transition-calculated" && options_.least > Weight::detail;
  if (!plan || line.subject != planner_) end();
  if (!plan) return tell(shown);
  held_plan_ = shown;
  planner_ = line.subject;
}

void Timeline::end() {
  if (!held_plan_.empty()) tell(held_plan_);
  held_plan_.clear();
}

void Timeline::tell(const std::string& line) { out_ << line << '\n'; }

void print_outages(std::ostream& out, const std::vector<Outage>& outages, SimTime t0) {
  if (outages.empty()) return;
  out << fmt::format("{:<14}{:>10}{:>10}{:>10}", "outage of", "from", "until", "total");
  for (std::size_t cause = 0; cause < kOutageCauses; ++cause)
    out << fmt::format("{:>9}", to_string(static_cast<OutageCause>(cause)));
  out << '\n';
  for (const Outage& outage : outages) {
    out << fmt::format("{:<14}{:>10}{:>10}{:>9.3f}s", outage.resource, clock_text(outage.from, t0),
                       outage.open ? "still" : clock_text(outage.until, t0), to_seconds(outage.length()));
    for (const Duration spent : outage.by_cause)
      out << (spent == Duration{} ? fmt::format("{:>9}", "-") : fmt::format("{:>9.3f}", to_seconds(spent)));
    out << '\n';
  }
}

}  // namespace fencepost::reporters
