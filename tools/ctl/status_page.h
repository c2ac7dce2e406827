// The status of a cluster as crm_mon shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/time.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::ctl {

struct PageOptions {
  WallSeconds now;
  std::string version;  // of Fencepost, where the CIB names none
  bool attributes = false;
  bool fail_counts = false;
  std::function<std::string(std::int64_t)> clock;  // seconds since 1970 as people here read them
};

std::string status_page(const cib::Cib& cib, const PageOptions& options);

}  // namespace fencepost::ctl
