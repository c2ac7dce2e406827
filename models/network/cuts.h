// Ways that are cut by several at once: firewalls of both ends, faults. A way is open when nobody cuts it.
#pragma once

#include <map>

#include "models/network/network.h"
#include "models/part.h"

namespace fencepost::models {

class Cuts final : public WorldPart {
 public:
  explicit Cuts(World& world) : world_(world) {}
  void begin(const Way& way);
  void end(const Way& way);

 private:
  World& world_;
  std::map<Way, int> counts_;
};

}  // namespace fencepost::models
