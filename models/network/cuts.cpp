#include "models/network/cuts.h"

#include "engine/base/assert.h"
#include "models/world.h"

namespace fencepost::models {

void Cuts::begin(const Way& way) {
  if (counts_[way]++ == 0) world_.network().cut(way, true);
}

void Cuts::end(const Way& way) {
  int& count = counts_[way];
  HA_ASSERT(count > 0);
  if (--count == 0) world_.network().cut(way, false);
}

}  // namespace fencepost::models
