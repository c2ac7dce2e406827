// Digests of an operation's parameters, as kept in op-digest.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/source.h"

namespace fencepost::cib {

// Views of a name and a value that live elsewhere.
struct DigestField {
  std::string_view name;
  std::string_view value;
};

// Lower-case MD5 of Pacemaker's text form of the parameters; the order given does not matter.
std::string digest(std::vector<DigestField> parameters);
std::string digest(std::span<const Attribute> parameters);

}  // namespace fencepost::cib
