#include "engine/live/store/file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "engine/live/descriptor.h"

namespace fencepost::live {
namespace {

Error cannot(const std::string& path, const char* what, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return {{path, 0, 0},
          std::string("cannot be ") + what + " (" + system_text(code) + ")" +
              (full ? ": make room on that disk" : ": check the disk and the folder's permissions")};
}

// Nothing on success, else errno.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? errno : EIO;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

std::string system_text(int code) { return std::system_category().message(code); }

Result<void> write_whole(const std::string& folder, const std::string& name, std::string_view content) {
  const std::string path = folder + "/" + name;
  const std::string fresh = path + ".new";
  const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) return tl::unexpected(cannot(folder, "opened", errno));

  Descriptor file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640)};
  if (!file) return tl::unexpected(cannot(fresh, "opened", errno));
  int code = write_all(file.get(), content);
  if (code == 0 && ::fsync(file.get()) != 0) code = errno;
  // Some filesystems tell of a full disk or quota only now.
  if (::close(file.release()) != 0 && code == 0) code = errno;
  if (code == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) code = errno;
  if (code != 0) {
    ::unlink(fresh.c_str());  // if it stays, the next write takes it over
    return tl::unexpected(cannot(path, "written", code));
  }
  // The new name, too, is to survive a power cut.
  if (::fsync(directory.get()) != 0) return tl::unexpected(cannot(folder, "synced", errno));
  return {};
}

}  // namespace fencepost::live
