#include "tools/lab/cell.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/live/descriptor.h"

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr int kNamespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
constexpr const char* kFreezers = "/sys/fs/cgroup/freezer";
constexpr const char* kName = "fencepost-lab-";

std::string directory_of(pid_t pid) { return "/tmp/" + (kName + std::to_string(pid)); }
std::string freezer_of(pid_t pid) { return std::string(kFreezers) + "/" + kName + std::to_string(pid); }

// The process that a leftover is named after, if it is one.
std::optional<pid_t> owner_of(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kName)) return std::nullopt;
  const std::string digits = name.substr(std::strlen(kName));
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return static_cast<pid_t>(std::stol(digits));
}
bool lives(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

std::vector<fs::path> orphans_in(const std::string& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto owner = owner_of(entry.path());
    if (owner && !lives(*owner)) found.push_back(entry.path());
  }
  return found;
}

// Groups below others go first; what is frozen is let go, so that it can die.
void remove_freezer(const fs::path& group) {
  std::error_code error;
  std::vector<fs::path> groups{group};
  for (const auto& entry : fs::recursive_directory_iterator(group, error))
    if (entry.is_directory(error)) groups.push_back(entry.path());
  for (const fs::path& each : groups) std::ofstream(each / "freezer.state") << "THAWED";
  std::ranges::reverse(groups);
  for (const fs::path& each : groups)
    for (int tries = 0; tries < 200 && ::rmdir(each.c_str()) != 0 && errno == EBUSY; ++tries) usleep(10'000);
}

std::optional<std::string> why_no_namespaces() {
  const pid_t child = fork();
  if (child == 0) _exit(::unshare(kNamespaces) == 0 ? 0 : 1);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    return "may not make network, mount and pid namespaces";
  return std::nullopt;
}

bool is_installed(const std::string& tool) {
  return std::ranges::any_of(
      std::vector<std::string>{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"},
      [&](const std::string& folder) { return ::access((folder + tool).c_str(), X_OK) == 0; });
}

// From here on nothing is seen by the machine, nor the machine's.
bool close_the_door(const std::string& directory) {
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", 0, nullptr) == 0 &&
         ::mount("tmpfs", directory.c_str(), "tmpfs", 0, "mode=755") == 0;
}

// Overlays cannot be made everywhere: not over each other, nor in some containers.
bool overlays_work(const std::string& directory) {
  const std::string base = directory + "/try";
  for (const char* each : {"/up", "/work", "/root"}) fs::create_directories(base + each);
  const std::string options = "lowerdir=/,upperdir=" + base + "/up,workdir=" + base + "/work";
  const bool works = ::mount("overlay", (base + "/root").c_str(), "overlay", 0, options.c_str()) == 0 &&
                     ::access((base + "/root/usr/sbin/corosync").c_str(), X_OK) == 0;
  ::umount2((base + "/root").c_str(), MNT_DETACH);
  return works;
}

// Like fork(), into new namespaces.
pid_t fork_into(int namespaces) {
  return static_cast<pid_t>(
      ::syscall(SYS_clone, static_cast<unsigned long>(namespaces | SIGCHLD), nullptr, nullptr, nullptr, 0UL));
}

int wait_and_forward(pid_t child, const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGCHLD) {
      ::kill(child, signal);
      continue;
    }
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != child) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
}

class Room {  // what is on the machine itself
 public:
  Room() : cell_{directory_of(getpid()), freezer_of(getpid())} {
    std::error_code error;
    fs::create_directory(cell_.directory, error);
    if (::mkdir(cell_.freezer.c_str(), 0755) != 0) cell_.freezer.clear();
  }
  ~Room() {
    if (!cell_.freezer.empty()) remove_freezer(cell_.freezer);
    ::rmdir(cell_.directory.c_str());  // the memory that was mounted there is gone
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  const Cell& cell() const { return cell_; }

 private:
  Cell cell_;
};

}  // namespace

std::optional<std::string> why_no_lab() {
  if (::geteuid() != 0) return "needs root";
  for (const char* tool : {"corosync", "ip", "nsenter", "mount", "pivot_root"})
    if (!is_installed(tool)) return "needs " + std::string(tool);
  if (::access("/usr/lib/ocf/lib/heartbeat/ocf-shellfuncs", R_OK) != 0)
    return "needs resource agents (resource-agents)";
  if (auto reason = why_no_namespaces()) return reason;
  const auto tried = in_a_cell([](const Cell& cell) { return overlays_work(cell.directory) ? 0 : 1; });
  if (!tried || *tried != 0) return "cannot lay a filesystem over its own (overlayfs)";
  return std::nullopt;
}

bool can_freeze() { return ::access(kFreezers, W_OK) == 0; }

Result<int> in_a_cell(const std::function<int(const Cell&)>& inside) {
  remove_leftovers();
  const Room room;
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return failure({}, std::string("no pipe: ") + std::strerror(errno));
  live::Descriptor go_read(go[0]), go_write(go[1]);

  sigset_t signals, before;
  sigemptyset(&signals);
  for (const int each : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&signals, each);
  sigprocmask(SIG_BLOCK, &signals, &before);
  const pid_t child = fork_into(kNamespaces);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    go_write.close();
    char word = 0;
    if (::read(go_read.get(), &word, 1) != 1) _exit(1);  // the parent died before that held
    setsid();                                            // the terminal's Ctrl-C comes by way of the parent
    sigprocmask(SIG_SETMASK, &before, nullptr);
    const int code = close_the_door(room.cell().directory) ? inside(room.cell()) : 126;
    std::fflush(nullptr);
    _exit(code);
  }
  if (child < 0) {
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return failure({}, std::string("no namespaces can be made: ") + std::strerror(errno));
  }
  [[maybe_unused]] const ssize_t told = ::write(go_write.get(), "g", 1);
  const int code = wait_and_forward(child, signals);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (code < 0) return failure({}, "the lab was ended by signal " + std::to_string(-code));
  return code;
}

void remove_leftovers() {
  for (const fs::path& each : orphans_in(kFreezers)) remove_freezer(each);
  for (const fs::path& each : orphans_in("/tmp")) ::rmdir(each.c_str());
}

}  // namespace fencepost::lab
