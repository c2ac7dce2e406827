// Writes CIB XML that the real tools accept, always the same text for the same value.
#pragma once

#include <string>

#include "engine/cib/cib.h"

namespace fencepost::cib {

enum class Part { whole, configuration, status };

std::string write(const Cib& cib, Part part = Part::whole);

}  // namespace fencepost::cib
