#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>

#include "reporters/recorder.h"
#include "reporters/timeline.h"
#include "reporters/trace.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/lab/freezer.h"
#include "tools/lab/images.h"
#include "tools/lab/run.h"

namespace fencepost::tools {
namespace {

using scenarios::Outcome;
using scenarios::Scenario;

std::string repeat_command(const RunArguments& arguments, std::uint64_t seed) {
  return "fencepost run " + shell_quoted(arguments.scenario) + " --seed " + std::to_string(seed) +
         (arguments.lab ? " --backend live --lab" : "") +
         (arguments.hosts.empty() ? "" : " --backend live --hosts " + shell_quoted(arguments.hosts)) +
         (arguments.ssh_config.empty() ? "" : " --ssh-config " + shell_quoted(arguments.ssh_config));
}

void print_remarks(const Scenario& scenario, bool verbose) {
  if (verbose) {
    for (const std::string& remark : scenario.remarks) std::cerr << "note: " << remark << '\n';
  } else if (!scenario.remarks.empty()) {
    std::cerr << "note: " << scenario.remarks.size() << " remarks on the input; --verbose shows them\n";
  }
}

void print_head(std::ostream& out, const Scenario& scenario) {
  out << scenario.name << '\n';
  if (!scenario.about.empty()) out << scenario.about << (scenario.about.ends_with('\n') ? "" : "\n");
  out << '\n';
}

// Everybody who watches one run, and what they need to outlive it.
class Audience {
 public:
  Audience(const RunArguments& arguments, const Scenario& scenario, const scenarios::RunOptions& options)
      : arguments_(arguments), scenario_(scenario), options_(options) {}

  Result<void> assemble() {
    if (!arguments_.json && !arguments_.quiet) add_timeline();
    if (!arguments_.trace.empty()) add_trace();
    if (arguments_.db.empty()) return {};
    auto recorder = reporters::Recorder::create(arguments_.db, scenarios::run_info(scenario_, options_));
    if (!recorder) return tl::unexpected<Error>(recorder.error());
    recorder_ = std::move(*recorder);
    spectators_.push_back({recorder_.get(), [this](SimTime t0) { recorder_->begin(t0); }});
    return {};
  }

  const std::vector<scenarios::Spectator>& spectators() const { return spectators_; }

  Result<void> keep(const std::vector<lab::LabRun::Tape>& tapes) {
    for (const lab::LabRun::Tape& tape : tapes)
      if (recorder_)
        if (auto kept = recorder_->keep_tape(tape.node, tape.life, tape.content); !kept) return kept;
    return {};
  }

  // A file that cannot be written whole is an error, and is not left behind.
  Result<void> finish(const Outcome& outcome) {
    if (timeline_) timeline_->end();
    if (trace_) {
      trace_->finish(outcome.outages);
      if (auto written = write_file(arguments_.trace, trace_text_.str()); !written) return written;
    }
    return recorder_ ? recorder_->finish(scenarios::run_result(outcome)) : Result<void>{};
  }

 private:
  void add_timeline() {
    const auto least = arguments_.verbose ? reporters::Weight::noise : reporters::Weight::normal;
    timeline_ = std::make_unique<reporters::Timeline>(
        std::cout, scenario_.nodes,
        reporters::TimelineOptions{.colour = is_terminal(std::cout), .least = least});
    spectators_.push_back({timeline_.get(), [this](SimTime t0) { timeline_->begin(t0); }});
  }

  void add_trace() {
    trace_ = std::make_unique<reporters::TraceWriter>(trace_text_, scenario_.nodes);
    const auto begin = [this](SimTime t0) {
      trace_->begin(
          t0, {.name = scenario_.name, .about = scenario_.about, .nodes = scenario_.nodes, .json_extra = ""});
    };
    spectators_.push_back({trace_.get(), begin});
  }

  const RunArguments& arguments_;
  const Scenario& scenario_;
  const scenarios::RunOptions& options_;
  std::unique_ptr<reporters::Timeline> timeline_;
  std::ostringstream trace_text_;
  std::unique_ptr<reporters::TraceWriter> trace_;
  std::unique_ptr<reporters::Recorder> recorder_;
  std::vector<scenarios::Spectator> spectators_;
};

int print(const RunArguments& arguments, const Scenario& scenario, const Outcome& outcome) {
  if (arguments.json)
    std::cout << outcome_json(scenario, outcome);
  else
    print_outcome(std::cout, scenario, outcome, repeat_command(arguments, outcome.seed),
                  is_terminal(std::cout));
  if (!std::cout.flush()) return complain(Error{{}, "standard output cannot be written"});
  return exit_code(outcome.verdict);
}

// --- On real machines ---

int refuse(const Scenario& scenario, const std::string& where, const std::vector<std::string>& reasons) {
  std::cerr << scenario.name << " cannot be run " << where << ":\n";
  for (const std::string& each : reasons) std::cerr << "  " << each << '\n';
  return kBadInput;
}

int run_there(const RunArguments& arguments, const Scenario& scenario, const lab::Support& support,
              const lab::Place& place) {
  const lab::LabOptions options{.run = {.seed = arguments.seed}, .keep = arguments.keep};
  Audience audience(arguments, scenario, options.run);
  if (const auto ready = audience.assemble(); !ready) return complain(ready.error());
  if (!arguments.json && !arguments.quiet) print_head(std::cout, scenario);
  const lab::LabRun run = lab::run_in_lab(place, scenario, support, options, audience.spectators());
  if (const auto kept = audience.keep(run.tapes); !kept) return complain(kept.error());
  if (const auto finished = audience.finish(run.outcome); !finished) return complain(finished.error());
  return print(arguments, scenario, run.outcome);
}

int run_in_namespaces(const RunArguments& arguments, const Scenario& scenario) {
  const lab::Support support = lab::examine(scenario, {.freezes = !lab::freezers().empty(),
                                                       .stucks = lab::freezes_past_kill(),
                                                       .loops = lab::loop_devices_work()});
  if (!support.cannot.empty()) return refuse(scenario, "in a lab", support.cannot);
  if (const auto reason = lab::why_no_lab())
    return complain(Error{{}, "this machine can have no lab: it " + *reason});
  for (const std::string& note : support.notes) std::cerr << "note: " << note << '\n';
  const auto code = lab::in_a_cell(
      [&](const lab::Cell& cell) { return run_there(arguments, scenario, support, {.cell = cell}); });
  return code ? *code : complain(code.error());
}

// What the hosts must have is known before they are asked; what they can do, afterwards.
int run_on_hosts(const RunArguments& arguments, const Scenario& scenario) {
  auto hosts = lab::parse_hosts(arguments.hosts, scenario.nodes);
  if (!hosts) return complain(hosts.error());
  hosts->ssh_config = arguments.ssh_config;
  const lab::Support wanted = lab::examine(scenario, {.hosts = true});
  std::vector<std::string> programs;
  for (const std::string& each : wanted.agents)
    if (!wanted.stand_ins.contains(each)) programs.push_back("/usr/lib/ocf/resource.d/" + each);
  for (const std::string& each : wanted.fence_agents) programs.push_back("/usr/sbin/" + each);
  const lab::HostsAnswer answer = lab::ask_hosts(*hosts, scenario.nodes, programs);
  if (!answer.against.empty()) return refuse(scenario, "on these hosts", answer.against);
  const lab::Support support = lab::examine(scenario, answer.abilities);
  if (!support.cannot.empty()) return refuse(scenario, "on these hosts", support.cannot);
  for (const std::string& note : support.notes) std::cerr << "note: " << note << '\n';
  const auto desk = lab::Desk::lay();
  if (!desk) return complain(desk.error());
  return run_there(arguments, scenario, support, {.cell = (*desk)->cell(), .hosts = *hosts});
}

int run_live(const RunArguments& arguments, const Scenario& scenario) {
  if (arguments.lab != arguments.hosts.empty())
    return complain(
        Error{{},
              "where? --backend live runs with --lab, on namespaces of this machine, or with --hosts "
              "n1=root@HOST,n2=…, on named ones"});
  return arguments.lab ? run_in_namespaces(arguments, scenario) : run_on_hosts(arguments, scenario);
}

}  // namespace

int run_command(const RunArguments& arguments) {
  if (arguments.backend == "replay") return replay_command({.db = arguments.scenario});
  const auto scenario = scenarios::read_scenario(arguments.scenario);
  if (!scenario) return complain(scenario.error());
  print_remarks(*scenario, arguments.verbose);
  if (arguments.backend == "live") return run_live(arguments, *scenario);
  const scenarios::RunOptions options{.seed = arguments.seed};
  Audience audience(arguments, *scenario, options);
  if (const auto ready = audience.assemble(); !ready) return complain(ready.error());
  if (!arguments.json && !arguments.quiet) print_head(std::cout, *scenario);
  const Outcome outcome = scenarios::run(*scenario, options, audience.spectators());
  if (const auto finished = audience.finish(outcome); !finished) return complain(finished.error());
  return print(arguments, *scenario, outcome);
}

}  // namespace fencepost::tools
