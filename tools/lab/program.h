// A short program that is waited for: ip, nsenter, mkfs.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::lab {

// What it printed. An Error holds its complaint; the program is looked for in the system's usual places.
Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace fencepost::lab
