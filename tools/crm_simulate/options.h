// What a caller of crm-simulate asks for: the options of Pacemaker's crm_simulate, as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::crm_simulate {

// Events that happen to the cluster before it is asked to decide, in the order crm_simulate applies them.
struct Injections {
  std::optional<std::string> quorum;
  std::optional<std::string> watchdog;
  std::vector<std::string> node_up;
  std::vector<std::string> node_down;
  std::vector<std::string> node_fail;
  std::vector<std::string> ticket_grant;
  std::vector<std::string> ticket_revoke;
  std::vector<std::string> ticket_standby;
  std::vector<std::string> ticket_activate;
  std::vector<std::string> operations;  // RESOURCE_TASK_INTERVAL@NODE=RC

  // A quorum alone changes nothing in crm_simulate: it is applied only together with another event.
  bool any() const {
    return watchdog || !node_up.empty() || !node_down.empty() || !node_fail.empty() ||
           !ticket_grant.empty() || !ticket_revoke.empty() || !ticket_standby.empty() ||
           !ticket_activate.empty() || !operations.empty();
  }
};

enum class OutputFormat { text, xml };

struct Options {
  bool run = false;       // -R: show what the cluster would do
  bool simulate = false;  // -S: and do it
  bool in_place = false;  // -X: and write the outcome back
  bool show_attributes = false;
  bool show_failcounts = false;
  bool show_scores = false;
  bool show_utilization = false;
  bool all_actions = false;
  bool quiet = false;
  int verbosity = 0;

  Injections injections;
  std::vector<std::string> fail_operations;  // -F: operations that fail when the transition reaches them
  std::string date;

  std::string xml_file;
  bool xml_pipe = false;
  bool live_check = false;  // -L: the running cluster's
  std::string save_input;
  std::string save_output;
  std::string save_graph;
  std::string save_dot;
  std::string profile_dir;
  int repeat = 1;

  OutputFormat format = OutputFormat::text;
  std::string output_to;
  std::string command_line;  // as typed; XML output repeats it

  bool executes() const { return simulate || in_place || !fail_operations.empty(); }
  bool decides() const { return run || executes() || plain() || !save_graph.empty() || !save_dot.empty(); }
  // Scores and utilization turn the lists into bare lines, without titles and bullets.
  bool plain() const { return show_scores || show_utilization; }
};

// What parsing a command line leads to: options to act on, or a text (help, version, usage error) and an exit
// code.
struct Usage {
  std::string text;
  int exit_code = 0;
};
struct ParsedCommandLine {
  std::optional<Options> options;
  Usage usage;
};
ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace fencepost::crm_simulate
