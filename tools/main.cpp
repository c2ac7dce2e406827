// The fencepost command: the first word names the subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "scenarios/fields.h"
#include "tools/agent_tools/agent_tools.h"
#include "tools/commands/commands.h"
#include "tools/crm_simulate/command.h"
#include "tools/ctl/ctl.h"
#include "tools/lab/host_side.h"

namespace {

namespace tools = fencepost::tools;

constexpr const char* kAbout =
    "Fencepost: load a cluster's CIB, break things at exact times, see second by second what Pacemaker would "
    "do.\n";
constexpr const char* kExamples =
    "\nExamples:\n"
    "  fencepost run scenarios/ha-database/nfs-hang-fences-db1.yaml\n"
    "  fencepost run crash.yaml --seed 7 --db crash.sqlite && fencepost graph crash.sqlite --out drawings\n"
    "  fencepost check scenarios --junit results.xml -j 4\n"
    "  fencepost crm-simulate -x cib.xml -S\n"
    "\nExit codes: 0 held, 1 broken, 2 bad usage or input, 3 undecided.";

int exit_code = tools::kHeld;

// CLI11 alone takes -4 for a very large number.
CLI::Validator whole_number() {
  const auto check = [](const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole ? std::string() : "'" + text + "' is no whole number from 0 to 2^64-1";
  };
  return {check, "", "whole number"};
}

CLI::Option* add_seed(CLI::App* app, std::optional<std::uint64_t>& seed) {
  return app->add_option("--seed", seed, "seed of all chance, instead of the scenario's")
      ->check(whole_number());
}

void add_run(CLI::App& app) {
  auto arguments = std::make_shared<tools::RunArguments>();
  CLI::App* run = app.add_subcommand("run", "run one scenario and tell its story");
  run->add_option("scenario", arguments->scenario, "a scenario (YAML) or a lab script (JSON)")->required();
  add_seed(run, arguments->seed);
  run->add_option("--db", arguments->db, "record everything in this SQLite file (docs/record.md)");
  run->add_option("--trace", arguments->trace,
                  "write a trace as the lab does, for `lab compare` (JSON lines)");
  run->add_option("--backend", arguments->backend,
                  "what it runs on: sim, a simulated world; live, real machines; replay, the engines "
                  "of a recorded live run, told again what they were told (the scenario is the recording)")
      ->check(CLI::IsMember({"sim", "live", "replay"}))
      ->capture_default_str();
  run->add_flag(
      "--lab", arguments->lab,
      "live: nodes are namespaces of this machine, with real Corosync, agents and time (docs/production.md)");
  run->add_option(
      "--hosts", arguments->hosts,
      "live: nodes are these machines, by ssh: n1=root@db1,n2=root@db2; each has to permit it by a file "
      "/etc/fencepost-lab (docs/production.md)");
  run->add_option("--ssh-config", arguments->ssh_config, "live: for ssh to these, as ssh -F takes it")
      ->check(CLI::ExistingFile);
  run->add_option("--keep", arguments->keep, "live: copy the nodes' logs into this folder");
  run->add_flag("--json", arguments->json, "print the outcome as JSON instead of a story");
  run->add_flag("-q,--quiet", arguments->quiet, "print only the outcome");
  run->add_flag("-v,--verbose", arguments->verbose, "tell everything, and remarks on the input");
  run->footer(
      "\nExamples:\n"
      "  fencepost run scenarios/ha-database/node-crash.yaml\n"
      "  fencepost run crash.yaml --seed 7 --db crash.sqlite --trace crash.jsonl\n"
      "  fencepost run crash.yaml --json | jq .outages\n"
      "  fencepost run scenarios/lab/lab-node-crash.yaml --backend live --lab\n"
      "\nExit codes: 0 every expectation held, 1 one is broken, 2 bad input, 3 undecided.");
  run->callback([arguments] { exit_code = tools::run_command(*arguments); });
}

void add_check(CLI::App& app) {
  auto arguments = std::make_shared<tools::CheckArguments>();
  CLI::App* check = app.add_subcommand("check", "run scenarios as tests");
  check->add_option("paths", arguments->paths, "scenarios, or directories of them")->required();
  add_seed(check, arguments->seed);
  check->add_option("--junit", arguments->junit, "write the results as JUnit XML, for CI");
  check->add_option("-j,--jobs", arguments->jobs, "so many at a time; results are the same for any number")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  check->add_flag("--fingerprints", arguments->fingerprints,
                  "print a fingerprint, a verdict and a file a line");
  check->footer(
      "\nExamples:\n"
      "  fencepost check scenarios -j 4\n"
      "  fencepost check my-cluster/*.yaml --junit results.xml");
  check->callback([arguments] { exit_code = tools::check_command(*arguments); });
}

void add_rehearse(CLI::App& app) {
  auto arguments = std::make_shared<tools::RehearseArguments>();
  CLI::App* rehearse =
      app.add_subcommand("rehearse", "run scenarios in the simulator and in a lab, and compare");
  rehearse->add_option("paths", arguments->paths, "scenarios, or directories of them")->required();
  rehearse->add_option("--keep", arguments->keep, "copy the nodes' logs into this folder");
  rehearse->add_flag("--any-times", arguments->any_times,
                     "times are told and not judged: for a machine that has other work");
  rehearse->footer(
      "\nA table: whether the same actions and fencings were done in the same order, and how far their "
      "times\n"
      "are apart. Needs root; nothing of this machine's own network or services is touched.\n"
      "\nExamples:\n"
      "  fencepost rehearse scenarios/lab\n"
      "\nExit codes: 0 all agree, 1 one does not, 2 bad input, 77 this machine cannot.");
  rehearse->callback([arguments] { exit_code = tools::rehearse_command(*arguments); });
}

void add_race(CLI::App& app) {
  auto arguments = std::make_shared<tools::RaceArguments>();
  CLI::App* race = app.add_subcommand("race", "recovery times beside real Pacemaker, in the same lab");
  race->add_option("paths", arguments->paths, "scenarios, or directories of them")->required();
  race->add_option("--times", arguments->times, "so often each; the median counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  race->footer(
      "\nThe same machines, Corosync settings, agents and faults, once with Fencepost and once with the "
      "Pacemaker\n"
      "that is installed here; measured from outside, from the last fault to the last service that is back.\n"
      "\nExamples:\n"
      "  fencepost race scenarios/lab/lab-{node-crash,monitor-not-running,stop-fails}.yaml");
  race->callback([arguments] { exit_code = tools::race_command(*arguments); });
}

void add_list(CLI::App& app) {
  auto arguments = std::make_shared<tools::ListArguments>();
  CLI::App* list = app.add_subcommand("list", "say what scenarios there are, and their ideas");
  list->add_option("paths", arguments->paths, "scenarios, or directories of them")->required();
  list->add_flag("--markdown", arguments->markdown, "as tables for a README, with links");
  list->footer("\nExamples:\n  fencepost list scenarios\n  fencepost list scenarios/fencing");
  list->callback([arguments] { exit_code = tools::list_command(*arguments); });
}

void add_graph(CLI::App& app) {
  auto arguments = std::make_shared<tools::GraphArguments>();
  auto no_svg = std::make_shared<bool>(false);
  CLI::App* graph = app.add_subcommand("graph", "draw the transitions of a recording");
  graph->add_option("db", arguments->db, "a recording, from `fencepost run --db`")->required();
  graph->add_option("--transition", arguments->transition, "only this one, by its number in --list");
  graph->add_option("--out", arguments->out, "directory for transition-NNN.{dot,svg,xml} and -input.xml")
      ->capture_default_str();
  graph->add_flag("--list", arguments->list, "only list the transitions");
  graph->add_flag("--no-svg", *no_svg, "do not call Graphviz");
  graph->footer(
      "\nExamples:\n"
      "  fencepost graph run.sqlite --list\n"
      "  fencepost graph run.sqlite --transition 3 --out drawings\n"
      "  crm_simulate -S -x drawings/transition-003-input.xml      # ask the real one");
  graph->callback([arguments, no_svg] {
    arguments->svg = !*no_svg;
    exit_code = tools::graph_command(*arguments);
  });
}

void add_explain(CLI::App& app) {
  auto arguments = std::make_shared<tools::ExplainArguments>();
  CLI::App* explain = app.add_subcommand("explain", "say why the cluster decides as it does");
  explain->add_option("input", arguments->input, "a CIB or pe-input (.xml, .bz2), or a recording")
      ->required();
  explain->add_option("resources", arguments->resources, "only these, also if nothing becomes of them");
  explain->add_option("--transition", arguments->transition,
                      "of a recording: this one, by its number in `fencepost graph --list`; else the last");
  explain->add_option("--date", arguments->date, "decide as of this time, instead of the input's");
  explain->footer(
      "\nFor each node: its score, and what it is made of, in the order in which it was added.\n"
      "\nExamples:\n"
      "  fencepost explain /var/lib/pacemaker/pengine/pe-input-42.bz2\n"
      "  fencepost explain run.sqlite --transition 9 fs db");
  explain->callback([arguments] { exit_code = tools::explain_command(*arguments); });
}

void add_replay(CLI::App& app) {
  auto arguments = std::make_shared<tools::ReplayArguments>();
  CLI::App* replay = app.add_subcommand("replay", "run a recording again and compare");
  replay->add_option("db", arguments->db, "a recording; it holds the scenario and every file that this names")
      ->required();
  replay->footer(
      "\nExit codes: 0 the same to the last nanosecond, 1 different (the first record that differs is "
      "shown), "
      "2 bad input.");
  replay->callback([arguments] { exit_code = tools::replay_command(*arguments); });
}

void add_faults(CLI::App& app) {
  auto arguments = std::make_shared<tools::FaultsArguments>();
  CLI::App* faults = app.add_subcommand("faults", "list what can be broken, with arguments and examples");
  faults->add_option("verb", arguments->verb, "only this one");
  faults->callback([arguments] { exit_code = tools::faults_command(*arguments); });
}

void add_validate(CLI::App& app) {
  auto arguments = std::make_shared<tools::ValidateArguments>();
  CLI::App* validate =
      app.add_subcommand("validate", "read scenarios or CIBs and say what is wrong with them");
  validate->add_option("files", arguments->files, "scenarios (YAML, JSON) or CIBs (.xml, .bz2)")->required();
  validate->callback([arguments] { exit_code = tools::validate_command(*arguments); });
}

// CLI11 would only say that a subcommand is required.
int unknown_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::ranges::find(names, word) != names.end()) return tools::kHeld;
  std::cerr << "fencepost: there is no command '" << word << "'"
            << fencepost::scenarios::did_you_mean(word, names) << "; fencepost --help lists them\n";
  return tools::kBadInput;
}

void add_node(CLI::App& app) {
  auto arguments = std::make_shared<tools::NodeArguments>();
  auto only_exit = std::make_shared<bool>(false);
  CLI::App* node = app.add_subcommand("node", "manage this machine's resources, as a node of a real cluster");
  node->set_config("--config", "/etc/fencepost/node.conf",
                   "read these options from a file, NAME=VALUE a line");
  node->add_option("--cib", arguments->first_cib,
                   "configuration for a node that has none yet: the cluster's newest always wins")
      ->check(CLI::ExistingFile);
  node->add_option("--state-dir", arguments->state_directory, "where the configuration is kept")
      ->capture_default_str();
  node->add_option("--run-dir", arguments->run_directory, "for sockets and locks; empty after a boot")
      ->capture_default_str();
  node->add_option("--ocf-root", arguments->ocf_root, "resource agents are in its resource.d")
      ->capture_default_str();
  node->add_option("--fence-agents", arguments->fence_agents, "where fence_* programs are")
      ->capture_default_str();
  node->add_option("--agent-tools", arguments->agent_tools, "crm_attribute and its like, as agents call them")
      ->capture_default_str();
  node->add_option("--watchdog", arguments->watchdog,
                   "a device that resets the machine when this process stalls: /dev/watchdog");
  node->add_option("--tape", arguments->tape,
                   "write all that the engine is told into this new file; `fencepost replay` plays it");
  node->add_option("--corosync-wait", arguments->corosync_wait_s, "seconds to wait for Corosync at the start")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  node->add_flag("--no-reset", *only_exit,
                 "end, where a node that must not go on would reset its machine (for tests)");
  node->add_flag("--syslog-prefixes", arguments->syslog_prefixes,
                 "begin lines with <5> and the like, for systemd");
  node->add_flag("-v,--verbose", arguments->verbose, "tell everything");
  node->footer(
      "\nNeeds a running Corosync with votequorum, and root. SIGTERM stops it in good order.\n"
      "\nExamples:\n"
      "  fencepost node --cib my-cluster.xml       # the first start of a new cluster\n"
      "  fencepost node                            # ever after\n"
      "\nExit codes: 0 stopped in good order, 1 Corosync went away or the node gave up (start it again), 2 "
      "it cannot "
      "start as things are, 70 it should have been reset.");
  node->callback([arguments, only_exit] {
    arguments->reset_on_panic = !*only_exit;
    exit_code = tools::node_command(*arguments);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  // Agents find us under the names of Pacemaker's tools.
  const std::string called = std::filesystem::path(argv[0]).filename().string();
  if (fencepost::agent_tools::is_agent_tool(called)) return fencepost::agent_tools::run(called, words);

  // A rehearsal on named hosts starts this there; it is nothing for people.
  if (words.size() == 3 && words.front() == "lab-host") return fencepost::lab::watch_host(words[1], words[2]);

  // crm-simulate reads its own words, as crm_simulate does.
  if (!words.empty() && words.front() == "crm-simulate")
    return fencepost::crm_simulate::command({words.begin() + 1, words.end()});

  CLI::App app(kAbout, "fencepost");
  app.set_version_flag("--version", "fencepost " FENCEPOST_VERSION);
  app.require_subcommand(1);
  add_run(app);
  add_check(app);
  add_graph(app);
  add_explain(app);
  add_replay(app);
  add_rehearse(app);
  add_race(app);
  add_list(app);
  add_faults(app);
  add_validate(app);
  fencepost::ctl::add_ctl(app, exit_code);
  add_node(app);
  app.add_subcommand("crm-simulate",
                     "decide as Pacemaker's scheduler does, and print what crm_simulate prints");
  app.footer(kExamples);
  if (!words.empty() && !words.front().starts_with("-"))
    if (const int code = unknown_command(app, words.front())) return code;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? tools::kHeld : tools::kBadInput;
  }
  return exit_code;
}
