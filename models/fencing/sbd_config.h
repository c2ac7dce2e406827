// What /etc/sysconfig/sbd and the headers of its disks say. Defaults: sbd(8).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"

namespace fencepost::models {

struct SbdConfig {
  std::vector<std::string> devices;     // SBD_DEVICE: disks that all nodes share; none: diskless
  Duration watchdog_timeout = 5s;       // SBD_WATCHDOG_TIMEOUT, or of the disk's header, which goes first
  std::optional<Duration> msgwait;      // of the disk's header; unset: 2 x watchdog_timeout
  Duration loop = 1s;                   // how often a daemon reads its slot and feeds the watchdog
  Duration io_timeout = 3s;             // a disk that does not answer for so long is gone
  std::optional<Duration> delay_start;  // SBD_DELAY_START; unset: no
  bool hardware_watchdog = true;        // false: softdog, which stands still when its machine does
};

inline Duration msgwait(const SbdConfig& sbd) { return sbd.msgwait.value_or(2 * sbd.watchdog_timeout); }

}  // namespace fencepost::models
