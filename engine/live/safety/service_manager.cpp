#include "engine/live/safety/service_manager.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace fencepost::live {
namespace {

// An answer below 0 means that systemd did not hear: it will see to us as its unit says.
void tell(const std::string& text) { (void)sd_notify(0, text.c_str()); }

}  // namespace

void ServiceManager::ready(const std::string& status) { tell("READY=1\nSTATUS=" + status); }
void ServiceManager::status(const std::string& text) { tell("STATUS=" + text); }
void ServiceManager::stopping(const std::string& why) { tell("STOPPING=1\nSTATUS=" + why); }
void ServiceManager::alive() { tell("WATCHDOG=1"); }

std::optional<Duration> ServiceManager::patience() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return Duration{static_cast<std::int64_t>(microseconds) * 1000};
}

}  // namespace fencepost::live
