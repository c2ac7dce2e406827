#include "tools/lab/namespaces.h"

#include <fcntl.h>
#include <sched.h>
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
#include <set>

#include "engine/base/assert.h"
#include "engine/live/descriptor.h"
#include "tools/lab/freezer.h"
#include "tools/lab/program.h"

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr int kMachine = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

Result<void> ip(const std::string& batch) {
  const auto done = run_program({"ip", "-batch", "-"}, batch);
  if (!done) return tl::unexpected(done.error());
  return {};
}

constexpr const char* kClientHost = "250";  // last byte of the clients' address

}  // namespace

NamespaceMachines::NamespaceMachines(const Cell& cell, MachinesConfig config)
    : Machines(std::move(config)), cell_(cell), inits_(size(), -1) {}

NamespaceMachines::~NamespaceMachines() {
  for (std::size_t machine = 0; machine < size(); ++machine) power_off(machine);
}

Result<void> NamespaceMachines::build() {
  std::string batch = "link set lo up\n";
  for (std::size_t network = 0; network < networks(); ++network)
    for (int side = 0; side < static_cast<int>(size()); ++side)
      batch +=
          "link add " + bridge(network, side) + " type bridge\nlink set " + bridge(network, side) + " up\n";
  if (const auto done = ip(batch); !done) return done;
  std::ofstream(cell_.directory + "/corosync.conf") << corosync_conf("");
  for (std::size_t machine = 0; machine < size(); ++machine) {
    fs::create_directories(cell_.directory + "/nodes/" + name(machine));
    if (can_freeze()) ::mkdir(freezer(machine).c_str(), 0755);
  }
  return {};
}

// --- Power ---

Result<void> NamespaceMachines::power_on(std::size_t machine) {
  HA_ASSERT(!is_on(machine));
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return failure({}, std::string("no pipe: ") + std::strerror(errno));
  live::Descriptor go_read(go[0]), go_write(go[1]);
  const std::string script = cell_.directory + "/files/node-init",
                    log = cell_.directory + "/log/" + name(machine) + ".init";
  const std::string freezes = can_freeze() ? freezer(machine) : "-";
  const live::Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const live::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto pid = static_cast<pid_t>(
      ::syscall(SYS_clone, static_cast<unsigned long>(kMachine | SIGCHLD), nullptr, nullptr, nullptr, 0UL));
  if (pid == 0) {
    go_write.close();
    char word = 0;
    if (::read(go_read.get(), &word, 1) != 1) _exit(1);
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(nothing.get(), 0);
    ::dup2(output.get(), 1);
    ::dup2(output.get(), 2);
    const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root",
                                       nullptr};
    ::execle("/bin/bash", "bash", script.c_str(), name(machine).c_str(), cell_.directory.c_str(),
             freezes.c_str(), static_cast<char*>(nullptr), environment);
    _exit(127);
  }
  if (pid < 0) return failure({}, std::string("no machine can be made: ") + std::strerror(errno));
  inits_[machine] = pid;
  if (can_freeze()) {
    freeze(machine, false);
    put_into(freezer(machine), pid);
  }
  if (const auto plugged = plug_in(machine); !plugged) return plugged;
  [[maybe_unused]] const ssize_t told = ::write(go_write.get(), "g", 1);
  return {};
}

// Its links go first, so that nobody hears of its end; then everything in it dies with its first process.
void NamespaceMachines::power_off(std::size_t machine) {
  pid_t& init = inits_[machine];
  if (init <= 0) return;
  std::string batch;
  for (std::size_t network = 0; network < networks(); ++network)
    if (!plugs(machine)[network].down) batch += "link set " + port(machine, network) + " down\n";
  if (!batch.empty())
    static_cast<void>(ip(batch));  // ports that are gone cannot be set down, and need not be
  ::kill(init, SIGKILL);
  if (can_freeze()) {  // what is frozen does not die
    let_go_of_stuck(machine, "");
    freeze(machine, false);
  }
  while (::waitpid(init, nullptr, 0) < 0 && errno == EINTR) {
  }
  init = -1;
}

std::vector<std::size_t> NamespaceMachines::ended() const {
  std::vector<std::size_t> ended;
  for (std::size_t machine = 0; machine < size(); ++machine) {
    siginfo_t info{};
    if (is_on(machine) &&
        ::waitid(P_PID, static_cast<id_t>(inits_[machine]), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0)
      ended.push_back(machine);
  }
  return ended;
}

bool NamespaceMachines::is_inside(std::size_t machine) const {
  struct stat ours {
  }, its{};
  return is_on(machine) && ::stat("/", &ours) == 0 && ::stat((root(machine) + "/").c_str(), &its) == 0 &&
         (ours.st_dev != its.st_dev || ours.st_ino != its.st_ino);
}

std::string NamespaceMachines::root(std::size_t machine) const {
  return "/proc/" + std::to_string(inits_[machine]) + "/root";
}
std::string NamespaceMachines::control_socket(std::size_t machine) const {
  return root(machine) + "/run/fencepost/control";
}

std::string NamespaceMachines::seen(std::size_t machine, const std::string&, const Sign& sign) const {
  if (!is_inside(machine)) return "Stopped";
  return look_at(sign, {root(machine), std::to_string(inits_[machine])});
}

std::vector<std::string> NamespaceMachines::command_on(std::size_t machine,
                                                       std::vector<std::string> words) const {
  std::vector<std::string> all{
      "/usr/bin/nsenter", "-t", std::to_string(inits_[machine]), "-m", "-u", "-i", "-n", "-p", "--"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// --- Standing still ---

std::string NamespaceMachines::freezer(std::size_t machine) const {
  return cell_.freezer + "/" + name(machine);
}

void NamespaceMachines::freeze(std::size_t machine, bool frozen) { set_frozen(freezer(machine), frozen); }

void NamespaceMachines::let_go_of_stuck(std::size_t machine, const std::string& resource) {
  if (!can_freeze()) return;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(freezer(machine), error))
    // Removed by whoever cleans up: its processes are about to end.
    if (entry.path().filename().string().starts_with("stuck-" + resource))
      set_frozen(entry.path().string(), false);
}

// --- Networks ---

std::string NamespaceMachines::port(std::size_t machine, std::size_t network) const {
  return "p" + std::to_string(machine) + "n" + std::to_string(network);
}
std::string NamespaceMachines::bridge(std::size_t network, int number) {
  return "b" + std::to_string(network) + "s" + std::to_string(number);
}

Result<void> NamespaceMachines::plug_in(std::size_t machine) {
  std::string here, there = "link set lo up\n";
  for (std::size_t network = 0; network < networks(); ++network) {
    const Plug& plug = plugs(machine)[network];
    const std::string nic = "eth" + std::to_string(network);
    here += "link add " + port(machine, network) + " type veth peer name " + nic + " netns " +
            std::to_string(inits_[machine]) + "\n";
    here += "link set " + port(machine, network) + " master " + bridge(network, plug.bridge) +
            (plug.down ? "" : " up") + "\n";
    there += "addr add " + plug.address + "/24 dev " + nic + "\nlink set " + nic + " up\n";
  }
  if (const auto done = ip(here); !done) return done;
  const auto done =
      run_program({"nsenter", "-t", std::to_string(inits_[machine]), "-n", "ip", "-batch", "-"}, there);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<void> NamespaceMachines::split(std::size_t network, const std::vector<int>& side_of) {
  std::string batch;
  for (std::size_t machine = 0; machine < size(); ++machine) {
    Plug& plug = plugs(machine)[network];
    if (std::exchange(plug.bridge, side_of[machine]) == side_of[machine] || !is_on(machine)) continue;
    batch += "link set " + port(machine, network) + " master " + bridge(network, plug.bridge) + "\n";
  }
  return batch.empty() ? Result<void>{} : ip(batch);
}

Result<void> NamespaceMachines::set_link(std::size_t machine, std::size_t network, bool up) {
  plugs(machine)[network].down = !up;
  if (!is_on(machine)) return {};
  return ip("link set " + port(machine, network) + (up ? " up\n" : " down\n"));
}

Result<void> NamespaceMachines::seat_client(const std::string& service_address) {
  const auto prefix = [](const std::string& address) { return address.substr(0, address.rfind('.') + 1); };
  for (std::size_t network = 0; network < networks(); ++network)
    if (size() > 0 && prefix(plugs(0)[network].address) == prefix(service_address))
      return ip("addr replace " + prefix(service_address) + kClientHost + "/24 dev " + bridge(network, 0) +
                "\n");
  return failure({}, "clients cannot come to " + service_address + ": it is on none of the lab's networks");
}

}  // namespace fencepost::lab
