#include "models/os/mount_table.h"

#include <algorithm>
#include <utility>

#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/clients.h"
#include "models/services/look.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

bool is_nfs_type(std::string_view type) { return type == "nfs" || type == "nfs4"; }

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const std::string_view word = options.substr(0, options.find(','));
    if (word == wanted) return true;
    options.remove_prefix(std::min(options.size(), word.size() + 1));
  }
  return false;
}

// What a local filesystem leaves on its device (ext4's "needs recovery").
constexpr const char* kState = "filesystem";
constexpr const char* kMounted = "mounted";
constexpr const char* kClean = "clean";

}  // namespace

MountTable::~MountTable() {
  // The power is gone: devices are not closed in order, and filesystems stay as they are.
  for (const MountPtr& mount : mounts_) mount->mounted = false;
}

MountPtr MountTable::at(std::string_view directory) const {
  // The last one mounted there covers the others.
  const auto found = std::find_if(mounts_.rbegin(), mounts_.rend(),
                                  [&](const MountPtr& m) { return m->request.at == directory; });
  return found == mounts_.rend() ? nullptr : *found;
}

MountPtr MountTable::of(std::string_view path) const {
  MountPtr best;
  for (const MountPtr& mount : mounts_) {
    const std::string& at = mount->request.at;
    const bool below = path == at || (path.starts_with(at) && (at.ends_with('/') || path[at.size()] == '/'));
    if (below && (!best || at.size() >= best->request.at.size())) best = mount;
  }
  return best;
}

// --- Mounting ---

MountTable::Opened MountTable::open(const MountRequest& request) {
  auto mount = std::make_shared<Mount>();
  mount->request = request;
  mount->label = request.at + " (" + request.type + " " + request.from + ")";
  mount->read_only = has_option(request.options, "ro");
  if (is_nfs_type(request.type)) {
    const std::size_t colon = request.from.find(':');
    NfsServer* server = machine_.world().part<NfsServers>().find(request.from.substr(0, colon));
    const auto options = nfs_options(request.options);
    if (!server || colon == std::string::npos || !options) return {Errno::invalid, {}};
    const std::string path = request.from.substr(colon + 1);
    Machine* host = server->is_of_cluster() ? machine_.world().part<NfsServers>().host(*server) : nullptr;
    if (!server->exports(path)) return {Errno::access, {}};
    if (host && !host->part<NfsDaemon>().exports(path)) return {Errno::access, {}};
    mount->connection = &machine_.part<NfsClient>().connection(*server);
    mount->nfs = *options;
    return {Errno::ok, mount};
  }
  mount->device = machine_.world().part<BlockDevices>().find(machine_, request.from);
  if (!mount->device) return {Errno::no_device, {}};
  return {Errno::ok, mount};
}

Task<Errno> MountTable::mount(Process& self, MountRequest request) {
  const auto [error, mount] = open(request);
  if (error != Errno::ok) co_return error;
  if (mount->is_nfs()) {
    const Errno answer = co_await ask_server(self, mount, "mount", true);
    if (answer != Errno::ok) co_return answer;
    mount->handle = mount->connection->server().handles;
    enter(mount);
    co_return Errno::ok;
  }

  if (!mount->device->open()) co_return Errno::wrong_medium;
  // An unmount, or a power loss, gives the device back; so does a mount that fails.
  struct Opening {
    BlockDevice* device;
    ~Opening() {
      if (device) device->close();
    }
  } opening{mount->device};
  if (const Errno read = co_await wait_for_device(self, mount, "mount", false); read != Errno::ok)
    co_return read;
  const bool replay = mount->device->read(kState) == kMounted;
  if (replay) co_await self.sleep(machine_.sample_io(request.journal_replay));
  if (!mount->read_only) {
    const Errno written = co_await wait_for_device(self, mount, "mount", true);
    if (written != Errno::ok) co_return written;
    mount->device->say(kState, kMounted);
    mount->dirty = true;
  }
  opening.device = nullptr;
  enter(mount);
  co_return Errno::ok;
}

Result<void> MountTable::mount_at_boot(const MountRequest& request) {
  const auto [error, mount] = open(request);
  if (error == Errno::access) {
    return failure(
        {}, "cannot mount " + request.from + " at " + request.at + ": the server does not export that");
  }
  if (error != Errno::ok) {
    return failure({}, "cannot mount " + request.from + " at " + request.at +
                           ": name a server of world.nfs as SERVER:/PATH, or a device under /dev");
  }
  if (mount->device) {
    if (!mount->device->open())
      return failure({}, "cannot mount " + request.from + " at boot: it is no disk of this node alone");
    if (!mount->read_only) mount->device->say(kState, kMounted);
    mount->dirty = !mount->read_only;
  } else {
    mount->handle = mount->connection->server().handles;
  }
  enter(mount);
  return {};
}

// EBUSY while anybody uses it. -f makes calls in flight to a dead server fail, and the unmount with them
// succeed.
Task<Errno> MountTable::umount(Process& self, MountPtr mount, bool force) {
  if (!mount->mounted) co_return Errno::invalid;
  if (!mount->users.empty()) co_return Errno::busy;
  if (mount->is_nfs()) {
    // Not killable on the way to a dead server (resource-agents#344).
    if (!force) co_await ask_server(self, mount, "umount", false);
  } else if (mount->dirty) {
    // What is still in memory is written first. A device that fails loses it and is unmounted all the same.
    const Errno flushed = co_await wait_for_device(self, mount, "umount", true);
    if (!mount->mounted) co_return Errno::invalid;  // somebody else was faster
    if (!mount->users.empty()) co_return Errno::busy;
    if (flushed == Errno::ok && !mount->read_only) mount->device->say(kState, kClean);
  }
  if (mount->mounted) leave(mount);
  co_return Errno::ok;
}

void MountTable::enter(const MountPtr& mount) {
  machine_.world().part<Clients>().settle();
  mount->number = ++last_number_;
  mounts_.push_back(mount);
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "mount",
                                                 .object = mount->request.at,
                                                 .from = "not mounted",
                                                 .to = mount->label});
  changed();
}

void MountTable::leave(const MountPtr& mount) {
  machine_.world().part<Clients>().settle();
  mount->mounted = false;
  std::erase(mounts_, mount);
  if (mount->device) mount->device->close();
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "mount",
                                                 .object = mount->request.at,
                                                 .from = mount->label,
                                                 .to = "not mounted"});
  changed();
}

// --- Calls ---

Task<Errno> MountTable::ask_server(Process& self, MountPtr mount, std::string_view call, bool killable) {
  NfsConnection& connection = *mount->connection;
  const bool can_be_killed = killable && machine_.world().part<StorageWorld>().config().dead_nfs_is_killable;
  const SimTime patience = machine_.world().now() + gives_up_after(mount->nfs);
  while (!connection.answers()) {
    const SystemCall blocked{.call = call, .object = mount->label, .killable = can_be_killed};
    if (mount->nfs.hard) {
      co_await self.wait(connection.waiting, blocked);
      continue;
    }
    const Duration left = patience - machine_.world().now();
    if (left <= Duration::zero()) co_return Errno::timed_out;
    if (!co_await self.wait_at_most(connection.waiting, blocked, left)) co_return Errno::timed_out;
  }
  const NfsServer& server = connection.server();
  const Duration answer = machine_.sample(server.config.answer_time);
  co_await self.sleep(
      Duration{static_cast<std::int64_t>(static_cast<double>(answer.count()) * server.slowness)});
  if (mount->mounted && mount->handle != server.handles && call != "mount") co_return Errno::stale;
  co_return Errno::ok;
}

Task<Errno> MountTable::wait_for_device(Process& self, MountPtr mount, std::string_view call, bool writing) {
  BlockDevice& device = *mount->device;
  for (;;) {
    const DeviceIo io = writing ? device.writes() : device.reads();
    if (io == DeviceIo::flows) co_return Errno::ok;
    if (io == DeviceIo::fails) break;
    co_await self.wait(device.changed, {.call = call, .object = device.name(), .killable = false});
  }
  // ext4(5), errors=remount-ro: what cannot be written any more is made read-only.
  if (writing && mount->mounted) set_read_only(*mount, true);
  co_return Errno::io_error;
}

Task<Errno> MountTable::stat(Process& self, MountPtr mount) {
  if (mount->is_nfs()) co_return co_await ask_server(self, mount, "stat", true);
  co_return Errno::ok;  // a mount point's inode is in memory
}

Task<Errno> MountTable::statfs(Process& self, MountPtr mount) {
  if (mount->is_nfs()) co_return co_await ask_server(self, mount, "statfs", true);
  co_return Errno::ok;  // so are a local filesystem's counters
}

Task<Errno> MountTable::read(Process& self, MountPtr mount) {
  if (mount->is_nfs()) co_return co_await ask_server(self, mount, "read", true);
  co_return co_await wait_for_device(self, mount, "read", false);
}

Task<Errno> MountTable::write_and_sync(Process& self, MountPtr mount) {
  if (mount->read_only) co_return Errno::read_only;
  if (mount->full) co_return Errno::no_space;
  if (mount->is_nfs()) co_return co_await ask_server(self, mount, "fsync", true);
  co_return co_await wait_for_device(self, mount, "fsync", true);
}

// --- Faults ---

void MountTable::set_read_only(Mount& mount, bool read_only) {
  if (mount.read_only == read_only) return;
  machine_.world().part<Clients>().settle();
  mount.read_only = read_only;
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "filesystem",
                                                 .object = mount.request.at,
                                                 .from = read_only ? "writable" : "read-only",
                                                 .to = read_only ? "read-only" : "writable"});
  changed();
}

void MountTable::set_full(Mount& mount, bool full) {
  if (mount.full == full) return;
  machine_.world().part<Clients>().settle();
  mount.full = full;
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "filesystem",
                                                 .object = mount.request.at,
                                                 .from = full ? "has space" : "full",
                                                 .to = full ? "full" : "has space"});
  changed();
}

void MountTable::changed() {
  if (!machine_.up()) return;
  machine_.part<ResourceTruth>().refresh();
  machine_.world().part<StorageWorld>().mounted(machine_);
  look_at_services(machine_.world());
}

// --- Users ---

MountUse::MountUse(MountPtr mount, MountUser user) : mount_(std::move(mount)), pid_(user.pid) {
  if (mount_) mount_->users.push_back(std::move(user));
}

MountUse::~MountUse() {
  if (!mount_) return;
  const auto mine = std::find_if(mount_->users.begin(), mount_->users.end(),
                                 [&](const MountUser& u) { return u.pid == pid_; });
  HA_ASSERT(mine != mount_->users.end());
  mount_->users.erase(mine);
}

// --- Programs ---

Script df(Process& self) {
  MountTable& table = self.machine().part<MountTable>();
  int rc = 0;
  const std::vector<MountPtr> mounts = table.mounts();
  for (const MountPtr& mount : mounts) {
    if (co_await table.statfs(self, mount) != Errno::ok) rc = 1;
  }
  co_return rc;
}

Script umount(Process& self, std::string directory, bool force) {
  MountTable& table = self.machine().part<MountTable>();
  const MountPtr mount = table.at(directory);
  if (!mount) co_return 32;
  const Errno error = co_await table.umount(self, mount, force);
  co_return error == Errno::ok ? 0 : 32;
}

Script fuser(Process& self, std::string directory) {
  MountTable& table = self.machine().part<MountTable>();
  const std::vector<MountPtr> mounts = table.mounts();
  for (const MountPtr& mount : mounts) co_await table.stat(self, mount);
  const MountPtr mount = table.at(directory);
  co_return mount && !mount->users.empty() ? 0 : 1;
}

void signal_users(Machine& machine, std::string_view directory, Signal signal) {
  const MountPtr mount = machine.part<MountTable>().at(directory);
  if (!mount) return;
  const std::vector<MountUser> users = mount->users;  // who dies leaves the list
  for (const MountUser& user : users) {
    if (signal == Signal::term && user.ignores_sigterm) continue;
    if (signal == Signal::term && user.on_sigterm) {
      user.on_sigterm();
      continue;
    }
    const auto& all = machine.processes();
    const auto process =
        std::find_if(all.begin(), all.end(), [&](const Process* p) { return p->pid() == user.pid; });
    if (process != all.end()) (*process)->kill();
  }
}

const char* to_string(Errno error) {
  switch (error) {
    case Errno::ok:
      return "ok";
    case Errno::no_entry:
      return "No such file or directory";
    case Errno::io_error:
      return "Input/output error";
    case Errno::busy:
      return "Device or resource busy";
    case Errno::no_space:
      return "No space left on device";
    case Errno::read_only:
      return "Read-only file system";
    case Errno::stale:
      return "Stale file handle";
    case Errno::no_device:
      return "No such device or address";
    case Errno::wrong_medium:
      return "Wrong medium type";
    case Errno::invalid:
      return "Invalid argument";
    case Errno::access:
      return "Permission denied";
    case Errno::timed_out:
      return "Connection timed out";
  }
  return "";
}

}  // namespace fencepost::models
