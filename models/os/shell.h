// Shell text on a machine (the verb exec), as far as the models know the programs in it.
//
// The text is split into commands as a shell does (quotes, ; && || & and new lines, $(...) for process ids),
// and each program acts on the models: kill on processes and daemons, ip and iptables and tc on the network,
// umount on the mount table, crm_resource on the cluster. What no model understands is told and has no
// effect; it fails as a missing program would (127). docs/scenarios.md lists the programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/process.h"
#include "models/script.h"

namespace fencepost::models {

class Machine;

// In a process of its own, from this instant on.
void run_shell(Machine& machine, const std::string& text);

namespace shell {

using Words = std::vector<std::string>;

// One command, and what joins it to the one before.
struct Command {
  enum class When : std::uint8_t { always, after_success, after_failure };
  When when = When::always;
  bool background = false;
  bool piped = false;      // `a | b`: the programs of a pipe are one command here, which nobody understands
  Words words;             // the program and its arguments
  std::string written_to;  // `> file`; empty: nowhere
  std::string text;        // as it was written
};
std::vector<Command> parse(std::string_view text);

constexpr int kNotFound = 127;  // sh(1): no such command

// Runs one program to its end. Its exit code; kNotFound if no model understands it.
Script run_program(Process& self, Command command);

// The word behind an option (`-r db`, `--resource=db`, `--resource db`), or empty.
std::string option(const Words& words, std::string_view short_name, std::string_view long_name = {});
bool has(const Words& words, std::string_view word);

// Families of programs. False: not one of this family, or not in this way.
bool network_program(Machine& machine, const Words& words);
bool cluster_program(Machine& machine, const Words& words);
bool process_program(Machine& machine, const Words& words);

}  // namespace shell
}  // namespace fencepost::models
