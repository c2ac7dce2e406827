#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "scenarios/inputs.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {

namespace {

// A CIB by itself: what crm_verify would complain about, and what has no effect here.
int validate_cib(const std::string& file) {
  const auto document = cib::read_file(file);
  if (!document) return complain(document.error());
  std::vector<cib::Problem> problems = document->problems;
  for (cib::Problem& problem : cib::check(document->cib, file)) problems.push_back(std::move(problem));
  for (const cib::NotModelled& part : document->not_modelled)
    std::cout << "note: " << to_string(part.where) << ": " << part.what << " has no effect here\n";
  int code = kHeld;
  for (const cib::Problem& problem : problems) {
    if (problem.severity == cib::Severity::error)
      code = complain(Error{problem.where, problem.message});
    else
      std::cout << "note: " << cib::to_string(problem) << '\n';
  }
  if (code == kHeld)
    std::cout << fmt::format("{}: valid ({} nodes, {} resources)\n", file,
                             document->cib.configuration->nodes.size(),
                             document->cib.configuration->resources.size());
  return code;
}

bool is_cib(const std::string& file) {
  if (file.ends_with(".bz2")) return true;
  const auto text = scenarios::read_text_file(file);
  if (!text) return false;
  const std::size_t first = text->find_first_not_of("\xEF\xBB\xBF \t\r\n");  // after a byte order mark
  return first != std::string::npos && (*text)[first] == '<';
}

}  // namespace

int validate_command(const ValidateArguments& arguments) {
  int code = kHeld;
  for (const std::string& file : arguments.files) {
    if (is_cib(file)) {
      code = std::max(code, validate_cib(file));
      continue;
    }
    const auto scenario = scenarios::read_scenario(file);
    if (!scenario) {
      code = complain(scenario.error());
      continue;
    }
    for (const std::string& remark : scenario->remarks) std::cout << "note: " << remark << '\n';
    std::cout << fmt::format("{}: valid ({} nodes, {} faults)\n", file, scenario->nodes.size(),
                             scenario->faults.size());
  }
  return code;
}

}  // namespace fencepost::tools
