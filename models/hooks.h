// Where areas of the models answer for verbs that are not theirs alone.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/part.h"

namespace fencepost::models {

class Machine;
class World;

struct Hooks final : WorldPart {
  explicit Hooks(World&) {}

  // kill_resource: a service dies as if it had crashed. True: it was yours and it was there.
  std::vector<std::function<bool(Machine&, std::string_view resource)>> kill_resource;
};

}  // namespace fencepost::models
