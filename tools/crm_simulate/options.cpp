#include "tools/crm_simulate/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>

#include "tools/crm_simulate/exit_codes.h"

namespace fencepost::crm_simulate {

namespace {

constexpr const char* kFooter = R"(
An OPSPEC has the form ${resource}_${task}_${interval_in_ms}@${node}=${rc}, for example
memcached_monitor_20000@bart.example.com=7, where ${rc} is an OCF return code.

Pretend a recurring monitor found memcached stopped, and that its stop failed during the recovery:

  fencepost crm-simulate -x cib.xml -S --op-inject memcached:0_monitor_20000@bart.example.com=7 \
      --op-fail memcached:0_stop_0@fred.example.com=1 --save-output after.xml

Then see what the reaction to the failed stop would be:

  fencepost crm-simulate -x after.xml -S)";

std::string join(const std::vector<std::string>& words) {
  std::string line = "crm_simulate";
  for (const std::string& word : words) line += " " + word;
  return line;
}

void add_operations(CLI::App& app, Options& options) {
  const std::string group = "Operations";
  app.add_flag("-R,--run", options.run, "Show what the cluster will do in response to the input")
      ->group(group);
  app.add_flag("-S,--simulate", options.simulate,
               "Like --run, but also take those actions and show the new status")
      ->group(group);
  app.add_flag("-X,--in-place", options.in_place,
               "Like --simulate, but also store the results in the input file")
      ->group(group);
  app.add_flag("-A,--show-attrs", options.show_attributes, "Show node attributes")->group(group);
  app.add_flag("-c,--show-failcounts", options.show_failcounts, "Show resource fail counts")->group(group);
  app.add_flag("-s,--show-scores", options.show_scores, "Show allocation scores")->group(group);
  app.add_flag("-j,--pending")
      ->description("Accepted for the sake of old scripts: what is pending is always shown")
      ->group(group);
  app.add_flag("-U,--show-utilization", options.show_utilization, "Show utilization information")
      ->group(group);
  app.add_option("-P,--profile", options.profile_dir, "Process all the CIBs in a directory and print timings")
      ->type_name("DIR")
      ->group(group);
  app.add_option("-N,--repeat", options.repeat, "With --profile, process each file N times")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->group(group);
}

void add_events(CLI::App& app, Options& options) {
  const std::string group = "Synthetic cluster events";
  Injections& events = options.injections;
  const auto list = [&](const char* name, std::vector<std::string>& values, const char* type,
                        const char* about) {
    app.add_option(name, values, about)
        ->type_name(type)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(group);
  };
  list("-u,--node-up", events.node_up, "NODE", "Bring a node online");
  list("-d,--node-down", events.node_down, "NODE", "Take a node offline");
  list("-f,--node-fail", events.node_fail, "NODE", "Let a node fail");
  list("-i,--op-inject", events.operations, "OPSPEC", "Inject an operation's result");
  list("-F,--op-fail", options.fail_operations, "OPSPEC", "Let an operation of the transition fail");
  app.add_option("-t,--set-datetime", options.date, "Set date and time (ISO 8601)")
      ->type_name("DATETIME")
      ->group(group);
  app.add_option("-q,--quorum", events.quorum, "Whether the cluster has quorum (1 or true)")->group(group);
  app.add_option("-w,--watchdog", events.watchdog, "Whether the cluster has an active watchdog (1 or true)")
      ->group(group);
  list("-g,--ticket-grant", events.ticket_grant, "TICKET", "Grant a ticket");
  list("-r,--ticket-revoke", events.ticket_revoke, "TICKET", "Revoke a ticket");
  list("-b,--ticket-standby", events.ticket_standby, "TICKET", "Make a ticket standby");
  list("-e,--ticket-activate", events.ticket_activate, "TICKET", "Activate a ticket");
}

void add_files(CLI::App& app, Options& options) {
  const std::string artifacts = "Artifacts";
  const auto file = [&](const char* name, std::string& value, const char* about) {
    app.add_option(name, value, about)->type_name("FILE")->group(artifacts);
  };
  file("-I,--save-input", options.save_input, "Save the input configuration, events included");
  file("-O,--save-output", options.save_output, "Save the configuration after the transition");
  file("-G,--save-graph", options.save_graph, "Save the transition graph (XML)");
  file("-D,--save-dotfile", options.save_dot, "Save the transition graph (DOT)");
  app.add_flag("-a,--all-actions", options.all_actions, "Show all possible actions in the DOT graph")
      ->group(artifacts);

  const std::string source = "Data source";
  app.add_flag("-L,--live-check", options.live_check,
               "Read the CIB of the running cluster, as CIB_file names it")
      ->group(source);
  app.add_option("-x,--xml-file", options.xml_file, "Read the CIB from this file (.bz2 too)")
      ->type_name("FILE")
      ->group(source);
  app.add_flag("-p,--xml-pipe", options.xml_pipe, "Read the CIB from standard input")->group(source);
}

void add_output(CLI::App& app, Options& options) {
  const std::string group = "Output";
  static const std::map<std::string, OutputFormat> kFormats{{"text", OutputFormat::text},
                                                            {"xml", OutputFormat::xml}};
  app.add_option("--output-as", options.format, "Output format: text or xml")
      ->transform(CLI::CheckedTransformer(kFormats, CLI::ignore_case))
      ->group(group);
  app.add_option("--output-to", options.output_to, "Write to this file ('-': standard output)")
      ->type_name("DEST")
      ->group(group);
  app.add_flag("-V,--verbose", options.verbosity, "Show more; may be given several times")->group(group);
  app.add_flag("-Q,--quiet", options.quiet, "Show only what was asked for explicitly")->group(group);
}

}  // namespace

ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App app{"simulate a Pacemaker cluster's response to events", "fencepost crm-simulate"};
  app.set_help_all_flag("--help-all", "Print this help message and exit");
  app.footer(kFooter);
  app.option_defaults()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);  // said twice, as the real one
  add_operations(app, options);
  add_events(app, options);
  add_files(app, options);
  add_output(app, options);
  options.command_line = join(arguments);

  std::vector<std::string> reversed = arguments;  // what CLI11 wants
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    const bool asked_for_help = app.exit(error, text, text) == 0;
    return {.options = std::nullopt, .usage = {text.str(), asked_for_help ? 0 : kUsageError}};
  }
  return {.options = std::move(options), .usage = {}};
}

}  // namespace fencepost::crm_simulate
