#include "tools/lab/machines.h"

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

std::string ms(Duration duration) { return std::to_string(to_ms(duration)); }
const char* yes_no(bool yes) { return yes ? "1" : "0"; }

}  // namespace

Machines::Machines(const Cell& cell, MachinesConfig config)
    : cell_(cell), config_(std::move(config)), states_(config_.names.size()) {
  for (std::size_t machine = 0; machine < size(); ++machine) {
    for (std::size_t network = 0; network < networks(); ++network) {
      Plug plug;
      plug.address = "10." + std::to_string(77 + network) + ".0." + std::to_string(machine + 1);
      states_[machine].plugs.push_back(std::move(plug));
    }
    // Where corosync.conf says where they are, they are there.
    for (const models::CorosyncNode& node : config_.corosync.nodes)
      if (node.name == name(machine))
        for (std::size_t ring = 0; ring < node.addresses.size() && ring < networks(); ++ring)
          states_[machine].plugs[ring].address = node.addresses[ring];
  }
}

Machines::~Machines() {
  for (std::size_t machine = 0; machine < size(); ++machine) power_off(machine);
}

std::optional<std::size_t> Machines::find(const std::string& wanted) const {
  const auto found = std::ranges::find(config_.names, wanted);
  if (found == config_.names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - config_.names.begin());
}

Result<void> Machines::build() {
  std::string batch = "link set lo up\n";
  for (std::size_t network = 0; network < networks(); ++network)
    for (int side = 0; side < static_cast<int>(size()); ++side)
      batch +=
          "link add " + bridge(network, side) + " type bridge\nlink set " + bridge(network, side) + " up\n";
  if (const auto done = ip(batch); !done) return done;
  std::ofstream(cell_.directory + "/corosync.conf") << corosync_conf();
  for (std::size_t machine = 0; machine < size(); ++machine) {
    fs::create_directories(cell_.directory + "/nodes/" + name(machine));
    if (can_freeze()) ::mkdir(freezer(machine).c_str(), 0755);
  }
  return {};
}

// What the scenario says, and nothing else that would change what a cluster does.
std::string Machines::corosync_conf() const {
  const models::TotemOptions& totem = config_.corosync.totem;
  const models::QuorumOptions& quorum = config_.corosync.quorum;
  std::string text =
      "totem {\n version: 2\n cluster_name: lab\n transport: knet\n crypto_cipher: none\n crypto_hash: "
      "none\n";
  text += " token: " + ms(totem.token) + "\n token_coefficient: " + ms(totem.token_coefficient) +
          "\n merge: " + ms(totem.merge) + "\n";
  if (totem.consensus) text += " consensus: " + ms(*totem.consensus) + "\n";
  for (int ring = 0; ring < config_.rings; ++ring) {
    text += " interface {\n  linknumber: " + std::to_string(ring) +
            "\n  knet_pong_count: " + std::to_string(totem.knet_pong_count) + "\n";
    if (totem.knet_ping_interval) text += "  knet_ping_interval: " + ms(*totem.knet_ping_interval) + "\n";
    if (totem.knet_ping_timeout) text += "  knet_ping_timeout: " + ms(*totem.knet_ping_timeout) + "\n";
    text += " }\n";
  }
  text +=
      "}\nlogging {\n to_stderr: yes\n to_syslog: no\n timestamp: hires\n}\nquorum {\n provider: "
      "corosync_votequorum\n";
  if (quorum.expected_votes) text += " expected_votes: " + std::to_string(*quorum.expected_votes) + "\n";
  text += std::string(" two_node: ") + yes_no(quorum.two_node) + "\n";
  if (quorum.wait_for_all) text += std::string(" wait_for_all: ") + yes_no(*quorum.wait_for_all) + "\n";
  if (quorum.last_man_standing)
    text += " last_man_standing: 1\n last_man_standing_window: " + ms(quorum.last_man_standing_window) + "\n";
  if (quorum.auto_tie_breaker)
    text += " auto_tie_breaker: 1\n auto_tie_breaker_node: " + quorum.auto_tie_breaker_node + "\n";
  if (quorum.allow_downscale) text += " allow_downscale: 1\n";
  text += "}\nnodelist {\n";
  for (std::size_t machine = 0; machine < size(); ++machine) {
    std::uint32_t id = static_cast<std::uint32_t>(machine) + 1;
    int votes = 1;
    for (const models::CorosyncNode& node : config_.corosync.nodes)
      if (node.name == name(machine)) id = node.id != 0 ? node.id : id, votes = node.votes;
    text += " node {\n  name: " + name(machine) + "\n  nodeid: " + std::to_string(id) +
            "\n  quorum_votes: " + std::to_string(votes) + "\n";
    for (int ring = 0; ring < config_.rings; ++ring)
      text += "  ring" + std::to_string(ring) +
              "_addr: " + states_[machine].plugs[static_cast<std::size_t>(ring)].address + "\n";
    text += " }\n";
  }
  return text + "}\n";
}

// --- Power ---

Result<void> Machines::power_on(std::size_t machine) {
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
  states_[machine].init = pid;
  states_[machine].frozen = false;
  if (can_freeze()) {
    freeze(machine, false);
    std::ofstream(freezer(machine) + "/tasks") << pid;
  }
  if (const auto plugged = plug_in(machine); !plugged) return plugged;
  [[maybe_unused]] const ssize_t told = ::write(go_write.get(), "g", 1);
  return {};
}

// Its links go first, so that nobody hears of its end; then everything in it dies with its first process.
void Machines::power_off(std::size_t machine) {
  State& state = states_[machine];
  if (state.init <= 0) return;
  std::string batch;
  for (std::size_t network = 0; network < networks(); ++network)
    if (!state.plugs[network].down) batch += "link set " + port(machine, network) + " down\n";
  if (!batch.empty())
    static_cast<void>(ip(batch));  // ports that are gone cannot be set down, and need not be
  ::kill(state.init, SIGKILL);
  if (can_freeze()) {  // what is frozen does not die
    let_go_of_stuck(machine, "");
    freeze(machine, false);
  }
  while (::waitpid(state.init, nullptr, 0) < 0 && errno == EINTR) {
  }
  state.init = -1;
}

std::vector<std::size_t> Machines::ended() const {
  std::vector<std::size_t> ended;
  for (std::size_t machine = 0; machine < size(); ++machine) {
    siginfo_t info{};
    if (is_on(machine) &&
        ::waitid(P_PID, static_cast<id_t>(states_[machine].init), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0)
      ended.push_back(machine);
  }
  return ended;
}

bool Machines::is_inside(std::size_t machine) const {
  struct stat ours {
  }, its{};
  const std::string root = "/proc/" + std::to_string(states_[machine].init) + "/root/";
  return is_on(machine) && ::stat("/", &ours) == 0 && ::stat(root.c_str(), &its) == 0 &&
         (ours.st_dev != its.st_dev || ours.st_ino != its.st_ino);
}

std::string Machines::path(std::size_t machine, const std::string& on_it) const {
  if (!is_inside(machine)) return "";
  // /var/run is a link to /run, and links that begin with / lead to our own root.
  const bool linked = on_it.starts_with("/var/run/");
  return "/proc/" + std::to_string(states_[machine].init) + "/root" + (linked ? on_it.substr(4) : on_it);
}

std::vector<std::string> Machines::command_on(std::size_t machine, std::vector<std::string> words) const {
  std::vector<std::string> all{
      "/usr/bin/nsenter", "-t", std::to_string(states_[machine].init), "-m", "-u", "-i", "-n", "-p", "--"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// --- Standing still ---

std::string Machines::freezer(std::size_t machine) const { return cell_.freezer + "/" + name(machine); }

void Machines::freeze(std::size_t machine, bool frozen) {
  std::ofstream(freezer(machine) + "/freezer.state") << (frozen ? "FROZEN" : "THAWED");
  states_[machine].frozen = frozen;
}

void Machines::let_go_of_stuck(std::size_t machine, const std::string& resource) {
  if (!can_freeze()) return;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(freezer(machine), error)) {
    const std::string group = entry.path().filename().string();
    if (!group.starts_with("stuck-" + resource)) continue;
    std::ofstream(entry.path() / "freezer.state") << "THAWED";
    // Removed by whoever cleans up: its processes are about to end.
  }
}

// --- Networks ---

std::optional<std::size_t> Machines::find_network(const std::string& wanted) const {
  const auto found = std::ranges::find(config_.networks, wanted);
  if (found == config_.networks.end()) return std::nullopt;
  return static_cast<std::size_t>(found - config_.networks.begin());
}

std::string Machines::port(std::size_t machine, std::size_t network) const {
  return "p" + std::to_string(machine) + "n" + std::to_string(network);
}
std::string Machines::bridge(std::size_t network, int number) {
  return "b" + std::to_string(network) + "s" + std::to_string(number);
}

Result<void> Machines::plug_in(std::size_t machine) {
  std::string here, there = "link set lo up\n";
  for (std::size_t network = 0; network < networks(); ++network) {
    const Plug& plug = states_[machine].plugs[network];
    const std::string nic = "eth" + std::to_string(network);
    here += "link add " + port(machine, network) + " type veth peer name " + nic + " netns " +
            std::to_string(states_[machine].init) + "\n";
    here += "link set " + port(machine, network) + " master " + bridge(network, plug.bridge) +
            (plug.down ? "" : " up") + "\n";
    there += "addr add " + plug.address + "/24 dev " + nic + "\nlink set " + nic + " up\n";
  }
  if (const auto done = ip(here); !done) return done;
  const auto done =
      run_program({"nsenter", "-t", std::to_string(states_[machine].init), "-n", "ip", "-batch", "-"}, there);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<void> Machines::split(std::size_t network, const std::vector<int>& side_of) {
  std::string batch;
  for (std::size_t machine = 0; machine < size(); ++machine) {
    Plug& plug = states_[machine].plugs[network];
    if (std::exchange(plug.bridge, side_of[machine]) == side_of[machine] || !is_on(machine)) continue;
    batch += "link set " + port(machine, network) + " master " + bridge(network, plug.bridge) + "\n";
  }
  return batch.empty() ? Result<void>{} : ip(batch);
}

Result<void> Machines::set_link(std::size_t machine, std::size_t network, bool up) {
  states_[machine].plugs[network].down = !up;
  if (!is_on(machine)) return {};
  return ip("link set " + port(machine, network) + (up ? " up\n" : " down\n"));
}

Result<void> Machines::seat_client(const std::string& service_address) {
  const auto prefix = [](const std::string& address) { return address.substr(0, address.rfind('.') + 1); };
  for (std::size_t network = 0; network < networks(); ++network)
    if (size() > 0 && prefix(states_.front().plugs[network].address) == prefix(service_address))
      return ip("addr replace " + prefix(service_address) + kClientHost + "/24 dev " + bridge(network, 0) +
                "\n");
  return failure({}, "clients cannot come to " + service_address + ": it is on none of the lab's networks");
}

}  // namespace fencepost::lab
