// The CIB: what is configured, what is known of the nodes, and which version of both this is.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/cib/configuration.h"
#include "engine/cib/source.h"
#include "engine/cib/status.h"

namespace fencepost::cib {

// Newer wins: admin_epoch first, then epoch, then num_updates.
struct Version {
  std::int64_t admin_epoch = 0;
  std::int64_t epoch = 0;
  std::int64_t num_updates = 0;
  auto operator<=>(const Version&) const = default;
};

struct Cib {
  Version version;
  std::optional<bool> have_quorum;  // missing counts as no quorum
  std::string dc_uuid;              // node id of the DC
  std::string no_quorum_panic;
  std::string validate_with;
  std::string crm_feature_set;
  std::optional<WallSeconds> execution_date;
  Extras extras;  // cib-last-written, update-origin, …

  std::shared_ptr<const Configuration> configuration = std::make_shared<Configuration>();
  Status status;

  friend bool operator==(const Cib& a, const Cib& b);
};

}  // namespace fencepost::cib
