#include <fmt/format.h>

#include <iostream>

#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {

int validate_command(const ValidateArguments& arguments) {
  int code = kHeld;
  for (const std::string& file : arguments.files) {
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
