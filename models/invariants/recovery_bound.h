// How long a cluster may need, by its own configuration, until a service is there again after the last fault.
//
// Everything that may have to pass by, one after the other, each at its timeout: the bound of the worst case,
// not what is usual. What has not come back then will not come back by itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/cib/configuration.h"
#include "models/config.h"
#include "models/storage/config.h"

namespace fencepost::models {

struct RecoveryBound {
  struct Part {
    std::string what;  // "fencing"
    Duration takes{};
  };
  std::vector<Part> parts;  // none of them zero

  Duration total() const;
};

std::string to_string(const RecoveryBound& bound);  // "27m 16s = detection 1m + …"

RecoveryBound recovery_bound(const cib::Configuration& configuration, const WorldConfig& world,
                             const StorageConfig& storage, std::string_view resource);

}  // namespace fencepost::models
