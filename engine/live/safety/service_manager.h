// What systemd is told of this service: sd_notify(3). Without systemd nothing happens.
#pragma once

#include <optional>
#include <string>

#include "engine/base/time.h"

namespace fencepost::live {

class ServiceManager {
 public:
  void ready(const std::string& status);
  void status(const std::string& text);
  void stopping(const std::string& why);
  void alive();
  // WatchdogSec= of the unit; nothing if it is not set, or not for this process.
  std::optional<Duration> patience() const;
};

}  // namespace fencepost::live
