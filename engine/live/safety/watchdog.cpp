#include "engine/live/safety/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace fencepost::live {
namespace {

Error trouble(const std::string& path, const char* what, int code) {
  return {{path, 0, 0},
          std::string("the watchdog cannot be ") + what + " (" + std::system_category().message(code) +
              "): `modprobe softdog`, or see who else uses it"};
}

}  // namespace

Result<Watchdog> Watchdog::arm(const std::string& path, Duration timeout) {
  Descriptor device{::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!device) return tl::unexpected(trouble(path, "opened", errno));
  struct stat about {};
  if (::fstat(device.get(), &about) != 0) return tl::unexpected(trouble(path, "opened", errno));
  // From its opening on, a device runs.
  Watchdog watchdog(std::move(device), path, timeout);
  if (S_ISCHR(about.st_mode)) {
    int seconds = static_cast<int>(timeout / 1s);
    if (::ioctl(watchdog.device_.get(), WDIOC_SETTIMEOUT, &seconds) != 0) {
      const int code = errno;
      watchdog.disarm();
      return tl::unexpected(trouble(path, "set", code));
    }
    watchdog.timeout_ = std::chrono::seconds{seconds};
  }
  if (const auto fed = watchdog.feed(); !fed) return tl::unexpected(fed.error());
  return watchdog;
}

Result<void> Watchdog::feed() { return put('\0'); }

void Watchdog::disarm() {
  (void)put('V');  // the magic close; a device that does not know it goes on, and nothing can be done
  device_.close();
}

Result<void> Watchdog::put(char byte) {
  if (::write(device_.get(), &byte, 1) == 1) return {};
  return tl::unexpected(trouble(path_, "fed", errno));
}

}  // namespace fencepost::live
