#include "tools/lab/cell.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/live/descriptor.h"
#include "tools/lab/freezer.h"

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr int kNamespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
constexpr const char* kName = "fencepost-lab-";
constexpr const char* kDesk = "fencepost-hosts-";

// Whoever made a folder, or a control group, holds a lock on it for as long as it lives: that is seen from
// every pid namespace, where a process id would not be.
class Held {
 public:
  // Nothing: somebody holds it, or it is gone.
  static std::optional<Held> take(const std::string& path) {
    live::Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0 || ::access(path.c_str(), F_OK) != 0)
      return std::nullopt;
    return Held(std::move(folder));
  }

 private:
  explicit Held(live::Descriptor folder) : folder_(std::move(folder)) {}
  live::Descriptor folder_;
};

// A new folder of this kind in /tmp, and who holds it.
struct Folder {
  std::string path;
  Held held;
};
Result<Folder> new_folder(const std::string& kind) {
  for (;;) {  // whoever cleans up may take it for a leftover before it is held
    std::string path = "/tmp/" + kind + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
      return failure({"/tmp", 0, 0}, std::string("cannot be written: ") + std::strerror(errno));
    if (auto held = Held::take(path)) return Folder{path, *std::move(held)};
  }
}

std::vector<Folder> orphans_in(const std::string& folder, const std::string& kind) {
  std::vector<Folder> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().starts_with(kind))
      if (auto held = Held::take(entry.path().string()))
        found.push_back({entry.path().string(), *std::move(held)});
  return found;
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
  explicit Room(Folder folder) : folder_(std::move(folder)) {
    cell_.directory = folder_.path;
    if (freezers().empty()) return;
    const std::string group = freezers() + "/" + fs::path(folder_.path).filename().string();
    if (::mkdir(group.c_str(), 0755) != 0) return;
    group_ = Held::take(group);
    if (group_) cell_.freezer = group;
  }
  ~Room() {
    if (!cell_.freezer.empty()) remove_group(cell_.freezer);
    ::rmdir(cell_.directory.c_str());  // the memory that was mounted there is gone
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  const Cell& cell() const { return cell_; }

 private:
  Cell cell_;
  Folder folder_;
  std::optional<Held> group_;
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

Result<int> in_a_cell(const std::function<int(const Cell&)>& inside) {
  remove_leftovers();
  auto folder = new_folder(kName);
  if (!folder) return tl::unexpected(folder.error());
  const Room room(*std::move(folder));
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

struct Desk::Holder {
  Folder folder;
};
Desk::Desk(std::unique_ptr<Holder> holder) : cell_{holder->folder.path, ""}, holder_(std::move(holder)) {}
Result<std::unique_ptr<Desk>> Desk::lay() {
  remove_leftovers();
  auto folder = new_folder(kDesk);
  if (!folder) return tl::unexpected(folder.error());
  return std::unique_ptr<Desk>(new Desk(std::make_unique<Holder>(Holder{*std::move(folder)})));
}
Desk::~Desk() {
  std::error_code error;
  fs::remove_all(cell_.directory, error);
}

void remove_leftovers() {
  if (!freezers().empty())
    for (const Folder& each : orphans_in(freezers(), kName)) remove_group(each.path);
  for (const Folder& each : orphans_in("/tmp", kName)) ::rmdir(each.path.c_str());
  std::error_code error;
  for (const Folder& each : orphans_in("/tmp", kDesk)) fs::remove_all(each.path, error);
}

}  // namespace fencepost::lab
