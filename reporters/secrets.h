// Passwords have no place in a record that people send around.
#pragma once

#include <string>

namespace fencepost::reporters {

// The XML of a CIB or of a transition graph with the values of secret parameters replaced by stars.
std::string without_secrets(std::string xml);

}  // namespace fencepost::reporters
