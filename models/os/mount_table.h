// The mount table of one machine, and the system calls on what is mounted.
//
// A call on a mount whose server or device does not answer blocks the process that makes it, and nobody else:
// who is drawn in, and by which call, follows from what programs do. `df` asks every mount, `fuser -m` looks
// at every mount, an unmount of a busy filesystem fails. Nothing here knows agents.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/os/block_device.h"
#include "models/os/nfs_servers.h"
#include "models/part.h"
#include "models/process.h"
#include "models/script.h"
#include "models/storage/nfs.h"

namespace fencepost::models {

// What system calls answer (errno).
enum class Errno : std::uint8_t {
  ok,
  no_entry,      // ENOENT
  io_error,      // EIO
  busy,          // EBUSY
  no_space,      // ENOSPC
  read_only,     // EROFS
  stale,         // ESTALE
  no_device,     // ENODEV, ENXIO
  wrong_medium,  // EMEDIUMTYPE: a DRBD Secondary cannot be mounted
  invalid,       // EINVAL: not mounted
  access,        // EACCES: the server does not export that
  timed_out,     // ETIMEDOUT
};
const char* to_string(Errno error);

struct MountRequest {
  std::string from;
  std::string at;
  std::string type;
  std::string options;
  sim::Distribution journal_replay = sim::Constant{};  // if it was not unmounted in order
};

// A process that has something open below a mount point.
struct MountUser {
  std::uint64_t pid = 0;
  std::string command;
  std::function<void()> on_sigterm;  // empty: SIGTERM ends it
  bool ignores_sigterm = false;
};

struct Mount {
  MountRequest request;
  std::uint64_t number = 0;  // counts what this machine has mounted since it booted
  std::string label;         // "/home (nfs filer:/home)": how the record names it
  bool mounted = true;
  bool read_only = false;
  bool full = false;
  bool dirty = false;                   // the device says that it is mounted
  BlockDevice* device = nullptr;        // of a local filesystem
  NfsConnection* connection = nullptr;  // of NFS
  NfsOptions nfs;
  int handle = 0;
  std::vector<MountUser> users;  // oldest first

  bool is_nfs() const { return connection != nullptr; }
  bool writable() const { return mounted && !read_only && !full; }
};
using MountPtr = std::shared_ptr<Mount>;  // a process that waits in one may outlive it in the table

class MountTable final : public MachinePart {
 public:
  explicit MountTable(Machine& machine) : machine_(machine) {}
  ~MountTable() override;

  const std::vector<MountPtr>& mounts() const { return mounts_; }  // in the order of /proc/mounts
  MountPtr at(std::string_view directory) const;                   // mounted exactly there; null: nothing
  MountPtr of(std::string_view path) const;  // that the path lies on; null: the root filesystem
  bool is_mounted(std::string_view directory) const { return at(directory) != nullptr; }

  // --- System calls; co_await them ---
  Task<Errno> mount(Process& self, MountRequest request);
  Task<Errno> umount(Process& self, MountPtr mount, bool force);
  Task<Errno> stat(Process& self, MountPtr mount);
  Task<Errno> statfs(Process& self, MountPtr mount);
  Task<Errno> read(Process& self, MountPtr mount);  // of the device, past the cache
  Task<Errno> write_and_sync(Process& self, MountPtr mount);

  // At boot, without waiting: what /etc/fstab says.
  Result<void> mount_at_boot(const MountRequest& request);

  // --- Faults ---
  void set_read_only(Mount& mount, bool read_only);
  void set_full(Mount& mount, bool full);

  // Whoever watches services wants to know.
  void changed();

 private:
  struct Opened {
    Errno error = Errno::ok;
    MountPtr mount;
  };
  Opened open(const MountRequest& request);
  void enter(const MountPtr& mount);
  void leave(const MountPtr& mount);
  Task<Errno> ask_server(Process& self, MountPtr mount, std::string_view call, bool killable);
  Task<Errno> wait_for_device(Process& self, MountPtr mount, std::string_view call, bool writing);

  Machine& machine_;
  std::vector<MountPtr> mounts_;
  std::uint64_t last_number_ = 0;
};

// A process uses a mount for as long as this lives in its script.
class MountUse {
 public:
  MountUse(MountPtr mount, MountUser user);
  ~MountUse();
  MountUse(MountUse&& other) noexcept : mount_(std::move(other.mount_)), pid_(other.pid_) {}
  MountUse& operator=(MountUse&&) = delete;

 private:
  MountPtr mount_;
  std::uint64_t pid_;
};

// --- Programs ---

Script df(Process& self);                                         // statfs on every mount
Script umount(Process& self, std::string directory, bool force);  // 0, or 32: umount(8)

// fuser -Mm: who uses the mount. Looks at every mount first (resource-agents#423). 0 if
// anybody does, else 1.
Script fuser(Process& self, std::string directory);

// kill(1) to all users of a mount: what the agents do with what they found.
enum class Signal : std::uint8_t { term, kill };
void signal_users(Machine& machine, std::string_view directory, Signal signal);

}  // namespace fencepost::models
