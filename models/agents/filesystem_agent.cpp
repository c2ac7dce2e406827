// ocf:heartbeat:Filesystem
#include <algorithm>
#include <memory>
#include <string>

#include "models/agents/storage_agents.h"
#include "models/machine.h"
#include "models/os/mount_table.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

constexpr Duration kSignalDelay =
    1s;  // between a signal and the next unmount (ocf:heartbeat:Filesystem: signal_delay)

bool is_network_type(std::string_view type) { return type == "nfs" || type == "nfs4" || type == "cifs"; }

class FilesystemAgent final : public StorageAgent {
 public:
  Script run(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    const std::string directory{run.parameter("directory")};
    const std::string& action = run.action();
    if (directory.empty()) co_return ocf::kNotConfigured;
    machine.part<ResourceTruth>().watch(run.resource(), [&machine, directory] {
      return machine.part<MountTable>().is_mounted(directory) ? kStarted : kStopped;
    });
    if (action == "monitor" || action == "status") co_return co_await monitor(self, run, directory);
    if (action == "start") co_return co_await start(self, run, directory);
    if (action == "stop") co_return co_await stop(self, run, directory);
    if (action == "notify" || action == "validate-all" || action == "meta-data") co_return ocf::kSuccess;
    co_return ocf::kUnimplemented;
  }

 protected:
  sim::Distribution work(std::string_view action) const override {
    if (action == "start")
      return sim::LogNormal{.median = 90ms, .sigma = 0.3};  // modprobe, udevadm settle, blockdev
    if (action == "stop") return sim::LogNormal{.median = 40ms, .sigma = 0.3};
    return sim::LogNormal{.median = 12ms, .sigma = 0.4};  // reads /proc/mounts
  }

 private:
  // Depth 0 looks into the mount table and touches neither device nor server: green while they are dead.
  static Script monitor(Process& self, AgentRun& run, std::string directory) {
    Machine& machine = self.machine();
    MountTable& table = machine.part<MountTable>();
    if (machine.world()
            .part<StorageWorld>()
            .habits(run.resource(), run.command().type)
            .monitor_walks_mounts) {
      Process& child = self.fork("df");
      co_await self.exec(child, df(child));
    }
    const MountPtr mount = table.at(directory);
    if (!mount) co_return ocf::kNotRunning;

    const int depth = to_int(run.parameter("OCF_CHECK_LEVEL", "0"), 0);
    if (depth >= 10 && !mount->is_nfs()) {
      Process& child = self.fork("dd if=" + mount->request.from + " iflag=direct");
      const ExitStatus status = co_await self.exec(child, read_device(child, mount));
      if (!status.success()) co_return failed(run, "read of " + mount->request.from + " failed");
    }
    if (depth >= 20) {
      Process& child = self.fork("dd of=" + directory + "/.Filesystem_status/" + std::string(run.resource()));
      const ExitStatus status = co_await self.exec(child, write_status_file(child, mount));
      if (!status.success()) co_return failed(run, "cannot write the status file below " + directory);
    }
    co_return ocf::kSuccess;
  }

  static Script start(Process& self, AgentRun& run, std::string directory) {
    Machine& machine = self.machine();
    MountTable& table = machine.part<MountTable>();
    if (table.is_mounted(directory)) co_return ocf::kSuccess;
    MountRequest request;
    request.from = run.parameter("device");
    request.at = directory;
    request.type = run.parameter("fstype", "ext4");
    request.options = run.parameter("options");
    const FilesystemConfig config =
        machine.world().part<StorageWorld>().filesystem(run.resource(), request.from);
    request.journal_replay = config.journal_replay;

    const std::string fsck = run.parameter("run_fsck", "auto") == "force" ? "fsck " + request.from : "";
    if (!fsck.empty()) co_await self.sleep(machine.sample(config.fsck));
    const std::string command = "mount -t " + request.type + " " + request.from + " " + directory;
    Process& child = self.fork(command);
    const ExitStatus status = co_await self.exec(child, mount_it(child, request));
    if (status.code == static_cast<int>(Errno::no_device)) {
      run.exit_reason("Couldn't find device [" + request.from + "]. Expected /dev/??? to exist");
      co_return ocf::kNotInstalled;
    }
    if (!status.success()) {
      const std::string why = status.code ? to_string(static_cast<Errno>(*status.code)) : "killed";
      co_return failed(run, "Couldn't mount device [" + request.from + "] as " + directory + ": " + why);
    }
    co_return ocf::kSuccess;
  }

  // A plain unmount first. Then, for half of the timeout: find who uses it, SIGTERM, unmount; then the same
  // with SIGKILL. Each half is killed at its limit. (ocf:heartbeat:Filesystem)
  static Script stop(Process& self, AgentRun& run, std::string directory) {
    MountTable& table = self.machine().part<MountTable>();
    if (!table.is_mounted(directory)) co_return ocf::kSuccess;
    if (co_await unmounted(self, directory, false)) co_return ocf::kSuccess;

    const std::string force_unmount{run.parameter("force_unmount", "true")};
    const bool network = is_network_type(run.parameter("fstype"));
    const Duration half = run.command().timeout / 2;
    const SimTime began = self.world().now();
    for (const Signal signal : {Signal::term, Signal::kill}) {
      const SimTime limit = began + (signal == Signal::term ? half : 2 * half);
      while (self.world().now() < limit && table.is_mounted(directory)) {
        if (force_unmount == "safe") {
          co_await self.sleep(30ms);  // walks the links below /proc: blocks on nothing
          signal_users(self.machine(), directory, signal);
        } else if (ocf_true(force_unmount)) {
          const bool found = co_await users_found(self, directory, limit - self.world().now());
          if (found) signal_users(self.machine(), directory, signal);
        }
        if (co_await unmounted(self, directory, network && signal == Signal::kill)) co_return ocf::kSuccess;
        co_await self.sleep(
            std::min<Duration>(kSignalDelay, std::max<Duration>(1ms, limit - self.world().now())));
      }
    }
    if (!table.is_mounted(directory)) co_return ocf::kSuccess;
    co_return failed(run, "Couldn't unmount " + directory + ", giving up!");
  }

  static Task<bool> unmounted(Process& self, std::string directory, bool force) {
    Process& child = self.fork(std::string(force ? "umount -f " : "umount ") + directory);
    const ExitStatus status = co_await self.exec(child, umount(child, directory, force));
    co_return status.success();
  }

  static Task<bool> users_found(Process& self, std::string directory, Duration limit) {
    Process& child = self.fork("fuser -Mm " + directory);
    const std::uint64_t pid = child.pid();
    const ExitStatus status = co_await self.exec_at_most(child, fuser(child, directory), limit);
    if (status.killed() && child.pid() == pid) child.kill();  // timeout(1)
    co_return status.success();
  }

  static Script mount_it(Process& self, MountRequest request) {
    const Errno error = co_await self.machine().part<MountTable>().mount(self, request);
    co_return static_cast<int>(error);
  }
  static Script read_device(Process& self, MountPtr mount) {
    co_return static_cast<int>(co_await self.machine().part<MountTable>().read(self, mount));
  }
  static Script write_status_file(Process& self, MountPtr mount) {
    co_return static_cast<int>(co_await self.machine().part<MountTable>().write_and_sync(self, mount));
  }

  static int failed(AgentRun& run, std::string why) {
    run.exit_reason(std::move(why));
    return ocf::kGenericError;
  }
};

}  // namespace

std::unique_ptr<Agent> make_filesystem_agent() { return std::make_unique<FilesystemAgent>(); }

}  // namespace fencepost::models
