// What the subcommands share: how errors, verdicts and results look on a terminal.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "scenarios/run.h"

namespace fencepost::tools {

// "cluster.yaml:3:7: error: …" to standard error; returns kBadInput.
int complain(const Error& error);
int complain(const std::vector<Error>& errors);

bool is_terminal(
    std::ostream& out);  // of std::cout and std::cerr; colour is for terminals, if NO_COLOR is not set

int exit_code(scenarios::Verdict verdict);

// Outages by cause, fences, expectations, verdict; ends with how to repeat the run if it did not hold.
void print_outcome(std::ostream& out, const scenarios::Scenario& scenario, const scenarios::Outcome& outcome,
                   const std::string& repeat, bool colour);
std::string outcome_json(const scenarios::Scenario& scenario, const scenarios::Outcome& outcome);

// As a shell takes it.
std::string shell_quoted(const std::string& word);

// Writes all of it or leaves the file as it was: beside it first, then in its place.
Result<void> write_file(const std::string& path, const std::string& content);

}  // namespace fencepost::tools
