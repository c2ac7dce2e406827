#include "tools/crm_simulate/simulate.h"

#include <utility>
#include <vector>

#include "engine/cib/date.h"
#include "engine/cib/write.h"
#include "engine/policy/decision.h"
#include "tools/crm_simulate/execute.h"
#include "tools/crm_simulate/exit_codes.h"
#include "tools/crm_simulate/inject.h"
#include "tools/crm_simulate/status_text.h"
#include "tools/crm_simulate/summary.h"
#include "tools/crm_simulate/xml_output.h"

namespace fencepost::crm_simulate {

using policy::ClusterState;
using policy::Decision;

namespace {

constexpr int kError = 1;

class Simulation {
 public:
  Simulation(cib::Cib cib, const Options& options, WallSeconds clock)
      : cib_(std::move(cib)), options_(options), clock_(clock), list_(options.plain()) {}

  Answer run();

 private:
  void find_time();
  void show_current();
  bool let_events_happen();
  Decision decide();
  void show_scores(const Decision& decision);
  void show_summary(const Decision& decision);
  void carry_out(const Decision& decision);
  void tell_of_failure();
  void show_revised();

  void time_line();
  void section(const std::string& title);
  void steps(const Steps& steps);
  void disabled_and_blocked(const ClusterState& state);
  policy::Snapshot snapshot() const;
  bool shown() const { return as_xml() || !options_.quiet; }  // XML always holds everything
  bool as_xml() const { return options_.format == OutputFormat::xml; }
  void write_part(const char* tag, const ClusterState& state, const StatusDetail& detail);
  void complain(const std::string& text);
  Answer finish();

  cib::Cib cib_;
  const Options& options_;
  WallSeconds clock_;
  WallSeconds now_;
  TextList list_;
  XmlList xml_;
  bool injected_ = false;
  std::vector<std::pair<std::size_t, std::string>> complaints_;  // each with how much had been printed before
  std::vector<std::string> errors_;                              // that XML output holds itself
  Answer answer_;
};

Answer Simulation::run() {
  if (as_xml())
    xml_.begin("pacemaker-result", {{"api-version", kApiVersion}, {"request", options_.command_line}});
  find_time();
  show_current();
  if (!let_events_happen()) return finish();
  answer_.cib_before = options_.save_input.empty() ? "" : write(cib_);
  if (options_.decides()) {
    const Decision decision = decide();
    show_scores(decision);
    show_summary(decision);
    if (options_.executes()) carry_out(decision);
    if (options_.executes()) show_revised();
  }
  if (!options_.save_output.empty() || options_.in_place) answer_.cib_after = write(cib_);
  return finish();
}

void Simulation::complain(const std::string& text) { complaints_.emplace_back(list_.size(), text + "\n"); }

Answer Simulation::finish() {
  if (as_xml()) {
    xml_.begin("status", {{"code", std::to_string(answer_.exit_code)},
                          {"message", answer_.exit_code == 0 ? "OK" : "Error occurred"}});
    if (!errors_.empty()) xml_.begin("errors");
    for (const std::string& error : errors_) xml_.text("error", error);
    if (!errors_.empty()) xml_.end();
    xml_.end();
    xml_.end();
    list_ = TextList(false);
    list_.raw(xml_.take());
  }
  answer_.out = list_.take();
  std::size_t printed = 0;
  for (const auto& [position, text] : complaints_) {
    answer_.pieces.push_back({.complaint = false, .text = answer_.out.substr(printed, position - printed)});
    answer_.pieces.push_back({.complaint = true, .text = text});
    answer_.err += text;
    printed = position;
  }
  answer_.pieces.push_back({.complaint = false, .text = answer_.out.substr(printed)});
  for (const Piece& piece : answer_.pieces) answer_.both += piece.text;
  return std::move(answer_);
}

// The time at which the cluster decides: as asked for, else as the CIB remembers, else now. The real one
// takes a date that it cannot read for now, and says nothing.
void Simulation::find_time() {
  now_ = options_.date.empty() ? cib_.execution_date.value_or(clock_)
                               : cib::parse_date(options_.date, clock_).value_or(clock_);
}

void Simulation::time_line() {
  if (!shown() || as_xml()) return;
  if (!options_.date.empty()) {
    list_.line("Setting effective cluster time: " + options_.date);
  } else if (cib_.execution_date) {
    list_.line("Using the original execution date of: " + cib::to_iso8601(*cib_.execution_date));
  }
}

policy::Snapshot Simulation::snapshot() const {
  policy::Snapshot snapshot;
  snapshot.cib = &cib_;
  snapshot.now = now_;
  snapshot.want.scores = options_.show_scores;
  snapshot.want.utilization = options_.show_utilization;
  snapshot.want.reasons = false;
  snapshot.want.actions = !options_.save_dot.empty();
  return snapshot;
}

void Simulation::show_current() {
  if (!shown()) return;
  const ClusterState state = policy::read_state(snapshot());
  const StatusDetail detail{
      .pending = true, .attributes = options_.show_attributes, .fail_counts = options_.show_failcounts};
  if (as_xml()) return write_part("cluster_status", state, detail);
  time_line();
  disabled_and_blocked(state);
  list_.begin("Current cluster status");
  print_status(list_, state, detail);
  list_.end();
}

void Simulation::disabled_and_blocked(const ClusterState& state) {
  const bool counts = state.disabled_resources > 0 || state.blocked_resources > 0;
  if (state.maintenance_mode) {
    list_.blank_line();
    list_.line("              *** Resource management is DISABLED ***");
    list_.line("  The cluster will not attempt to start, stop or recover services");
    if (counts) list_.blank_line();
  }
  if (counts) {
    list_.line(std::to_string(state.disabled_resources) + " of " + std::to_string(state.total_resources) +
               " resource instances DISABLED and " + std::to_string(state.blocked_resources) +
               " BLOCKED from further action due to failure");
  }
  if (state.maintenance_mode || counts) list_.blank_line();
}

bool Simulation::let_events_happen() {
  injected_ = options_.injections.any();
  if (!injected_) return true;
  const auto done = inject(cib_, policy::read_state(snapshot()), options_.injections, clock_);
  if (!done) {
    complain("crm-simulate: " + to_string(done.error()));
    answer_.exit_code = kSoftware;
    return false;
  }
  for (const std::string& complaint : done->complaints) complain(complaint);
  if (as_xml()) {
    write_modifications(xml_, done->steps);
  } else if (shown()) {
    section("Performing Requested Modifications");
    steps(done->steps);
    list_.end();
  }
  time_line();
  return true;
}

// An empty line above everything but the first.
void Simulation::section(const std::string& title) {
  list_.blank_line();
  list_.begin(title);
}

void Simulation::steps(const Steps& steps) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::pretended) {
      list_.line(to_text(step));
    } else {
      list_.item(to_text(step));
    }
  }
}

Decision Simulation::decide() {
  Decision decision = policy::decide(snapshot());
  if (!options_.save_dot.empty())
    answer_.dot = to_dot(decision, options_.all_actions, options_.verbosity > 0);
  if (!options_.save_graph.empty()) answer_.graph = to_xml(decision.graph);
  return decision;
}

void Simulation::show_scores(const Decision& decision) {
  if (!options_.plain()) return;
  if (as_xml()) return write_scores(xml_, decision, options_);
  if (shown() || injected_) list_.blank_line();
  for (const policy::ScoreLine& line : decision.scores) list_.line(to_text(line, decision.state));
}

void Simulation::show_summary(const Decision& decision) {
  if (as_xml()) return write_changes(xml_, decision);
  if (!shown()) return;
  section("Transition Summary");
  print_summary(list_, decision);
  list_.end();
}

void Simulation::carry_out(const Decision& decision) {
  std::vector<OperationSpec> failures;
  for (const std::string& text : options_.fail_operations) {
    const auto spec = parse_operation_spec(text);
    if (spec) {
      failures.push_back(*spec);
    } else {
      complain(spec.error().message);
    }
  }
  const Execution execution = execute(decision.graph, decision.state, cib_, failures, clock_);
  // A title is printed with the first step, or else when all is over.
  const bool complain_first = !execution.complete && execution.steps.empty();
  if (complain_first) tell_of_failure();
  if (shown() || injected_ || options_.plain()) list_.blank_line();
  if (as_xml()) {
    write_transition(xml_, execution.steps);
  } else if (shown()) {
    list_.begin("Executing Cluster Transition");
    steps(execution.steps);
    list_.end();
  }
  if (!execution.complete && !complain_first) tell_of_failure();
}

void Simulation::tell_of_failure() {
  for (const char* error : {"Transition failed: terminated", "An invalid transition was produced"}) {
    if (as_xml())
      errors_.emplace_back(error);
    else
      complain(error);
  }
  answer_.exit_code = kError;
}

void Simulation::show_revised() {
  if (!shown()) return;
  const StatusDetail detail{
      .pending = false, .attributes = options_.show_attributes, .fail_counts = options_.show_failcounts};
  const ClusterState state = policy::read_state(snapshot());
  if (as_xml()) return write_part("revised_cluster_status", state, detail);
  time_line();
  section("Revised Cluster Status");
  print_status(list_, state, detail);
  list_.end();
}

void Simulation::write_part(const char* tag, const ClusterState& state, const StatusDetail& detail) {
  xml_.begin(tag);
  write_status(xml_, state, detail);
  xml_.end();
}

}  // namespace

namespace {

void complain_first(Answer& answer, const std::string& text) {
  answer.err = text + answer.err;
  answer.both = text + answer.both;
  answer.pieces.insert(answer.pieces.begin(), Piece{.complaint = true, .text = text});
}

Answer unreadable(const std::string& why, const Options& options) {
  Answer answer;
  answer.exit_code = kBadConfiguration;
  if (options.format == OutputFormat::xml) {
    XmlList xml;
    xml.begin("pacemaker-result", {{"api-version", kApiVersion}, {"request", options.command_line}});
    xml.empty("status", {{"code", std::to_string(answer.exit_code)}, {"message", "Invalid configuration"}});
    xml.end();
    answer.out = answer.both = xml.take();
    answer.pieces.push_back({.complaint = false, .text = answer.out});
  }
  complain_first(answer, "crm-simulate: " + why + "\n");
  return answer;
}

}  // namespace

Answer simulate(const Result<cib::Document>& input, const Options& options, WallSeconds clock) {
  if (!input) return unreadable(to_string(input.error()), options);
  const cib::Cib& cib = input->cib;
  Answer answer = Simulation(cib, options, clock).run();
  if (cib.validate_with.empty() || cib.validate_with == "none")
    complain_first(
        answer,
        "Schema validation of configuration is disabled (enabling is encouraged and prevents common "
        "misconfigurations)\n");
  return answer;
}

}  // namespace fencepost::crm_simulate
