// A device that resets the machine unless it is fed: softdog, or hardware. Linux's watchdog API
// (Documentation/watchdog/watchdog-api.rst).
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/live/descriptor.h"

namespace fencepost::live {

class Watchdog {
 public:
  // From here on the machine is reset when nobody feeds it for that long. A regular file or a pipe stands in
  // for the device in tests.
  static Result<Watchdog> arm(const std::string& path, Duration timeout);
  // Not disarmed by going away: a process that dies leaves it running, and that is what it is for.
  ~Watchdog() = default;
  Watchdog(Watchdog&&) noexcept = default;
  Watchdog& operator=(Watchdog&&) noexcept = default;

  Duration timeout() const { return timeout_; }  // as the device took it
  Result<void> feed();
  void disarm();  // for an orderly end, when nothing runs here any more

 private:
  Watchdog(Descriptor device, std::string path, Duration timeout)
      : device_(std::move(device)), path_(std::move(path)), timeout_(timeout) {}
  Result<void> put(char byte);

  Descriptor device_;
  std::string path_;
  Duration timeout_;
};

}  // namespace fencepost::live
