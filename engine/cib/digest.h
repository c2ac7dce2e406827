// Digests of an operation's parameters, as kept in op-digest.
#pragma once

#include <span>
#include <string>

#include "engine/cib/source.h"

namespace fencepost::cib {

// Lower-case MD5 of Pacemaker's text form of the parameters; the order given does not matter.
std::string digest(std::span<const Attribute> parameters);

}  // namespace fencepost::cib
