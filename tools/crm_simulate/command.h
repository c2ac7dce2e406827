// The subcommand as the fencepost command calls it: files and terminal around simulate().
#pragma once

#include <string>
#include <vector>

namespace fencepost::crm_simulate {

// `arguments` are those after "crm-simulate"; returns the exit code.
int command(const std::vector<std::string>& arguments);

}  // namespace fencepost::crm_simulate
