// What the arguments of faults mean, the same name meaning the same everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/faults.h"

namespace fencepost::models {

struct FaultArgument {
  enum class Type : std::uint8_t { text, node, duration, number, share, count, boolean, choice, list };
  std::string name;
  Type type = Type::text;
  std::string meaning;  // "a duration: 90s, 10m, 250ms"
  bool optional = false;
};

// In the order in which the verb lists them.
std::vector<FaultArgument> arguments_of(const FaultVerb& verb);

}  // namespace fencepost::models
