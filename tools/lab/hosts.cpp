#include "tools/lab/hosts.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "engine/base/assert.h"
#include "engine/live/clock.h"
#include "tools/lab/files.h"
#include "tools/lab/host_side.h"
#include "tools/lab/program.h"

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr Duration kTryAgain = 1s;
constexpr Duration kCleans = 150s;  // a whole cluster stops in good order meanwhile
constexpr Duration kStillSpeaks =
    30ms;  // words that were on their way when it was fenced are no sign of life

std::string shell_word(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string embedded(const std::string& name) {
  for (const EmbeddedFile& each : embedded_files())
    if (each.name == name) return std::string(each.text);
  HA_ASSERT(false);
  return "";
}

// "root@10.0.0.1" or "db1": where Corosync finds it, unless the scenario says otherwise.
std::string address_of(const std::string& target) { return target.substr(target.rfind('@') + 1); }

const std::vector<std::string>& environment() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> words{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    for (const char* each : {"HOME", "SSH_AUTH_SOCK"})
      if (const char* value = std::getenv(each)) words.push_back(std::string(each) + "=" + value);
    return words;
  }();
  return all;
}

}  // namespace

// --- Who they are, and whether they may be used ---

std::vector<std::string> Hosts::ssh(std::vector<std::string> options, std::size_t machine) const {
  std::vector<std::string> words{"/usr/bin/ssh"};
  if (!ssh_config.empty()) words.insert(words.end(), {"-F", ssh_config});
  for (const char* each :
       {"BatchMode=yes", "ConnectTimeout=5", "ServerAliveInterval=1", "ServerAliveCountMax=3"})
    words.insert(words.end(), {"-o", each});
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(targets[machine]);
  return words;
}

Result<Hosts> parse_hosts(const std::string& text, const std::vector<std::string>& nodes) {
  Hosts hosts;
  hosts.targets.resize(nodes.size());
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const std::size_t equals = word.find('=');
    const auto node = std::ranges::find(nodes, word.substr(0, equals));
    if (equals == std::string::npos || equals + 1 == word.size() || word[equals + 1] == '-')
      return failure({}, "--hosts: '" + word + "' is no NODE=HOST: --hosts n1=root@db1.example.org,n2=…");
    if (node == nodes.end())
      return failure({}, "--hosts: the scenario has no node '" + word.substr(0, equals) + "'");
    hosts.targets[static_cast<std::size_t>(node - nodes.begin())] = word.substr(equals + 1);
  }
  for (std::size_t node = 0; node < nodes.size(); ++node)
    if (hosts.targets[node].empty())
      return failure({}, "--hosts: which machine is " + nodes[node] + "? add " + nodes[node] + "=HOST");
  return hosts;
}

HostsAnswer ask_hosts(const Hosts& hosts, const std::vector<std::string>& nodes,
                      const std::vector<std::string>& programs) {
  HostsAnswer answer;
  answer.abilities.hosts = true;
  answer.abilities.cuts = true;
  const std::string script = embedded("host");
  for (std::size_t machine = 0; machine < nodes.size(); ++machine) {
    std::vector<std::string> words = hosts.ssh({}, machine);
    std::string command = "bash -s -- check " + shell_word(nodes[machine]);
    for (const std::string& each : programs) command += " " + shell_word(each);
    words.push_back(command);
    const auto said = run_program(words, script);
    if (!said) {
      answer.against.push_back(nodes[machine] + ": " + said.error().message);
      continue;
    }
    bool cuts = false, freezes = false, stucks = false;
    std::istringstream lines(*said);
    for (std::string line; std::getline(lines, line);) {
      if (line == "can cut")
        cuts = true;
      else if (line.starts_with("can freeze"))
        freezes = line != "can freeze 0", stucks = line == "can freeze 1";
      else
        answer.against.push_back(nodes[machine] + " (" + hosts.targets[machine] + "): " + line);
    }
    answer.abilities.cuts &= cuts;
    answer.abilities.freezes &= freezes;
    answer.abilities.stucks &= stucks;
  }
  return answer;
}

// --- A line to one ---

HostLine::HostLine(live::EventLoop& loop, const std::vector<std::string>& words, const std::string& log,
                   Heard heard)
    : loop_(loop), heard_(std::move(heard)) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return;
  live::Descriptor in_read(in[0]);
  to_ = live::Descriptor(in[1]);
  if (::pipe2(out, O_CLOEXEC) != 0) return;
  from_ = live::Descriptor(out[0]);
  live::Descriptor out_write(out[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in_read.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), 1);
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  // A Ctrl-C at our terminal is ours: it would end the line before we could ask for order.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> argv, envp;
  for (const std::string& each : words)
    argv.push_back(const_cast<char*>(each.c_str()));  // spawn writes to none
  argv.push_back(nullptr);
  for (const std::string& each : environment()) envp.push_back(const_cast<char*>(each.c_str()));
  envp.push_back(nullptr);
  if (::posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), envp.data()) != 0) {
    pid_ = -1;
    from_.close();
  }
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (!from_) return;
  ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
  loop_.watch(from_.get(), {}, [this](live::EventLoop::Ready) { read(); });
}

HostLine::~HostLine() {
  if (from_) loop_.unwatch(from_.get());
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void HostLine::read() {
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(from_.get(), buffer, sizeof buffer);
    if (got > 0) {
      heard_({buffer, static_cast<std::size_t>(got)});
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    loop_.unwatch(from_.get());
    from_.close();
    return;
  }
}

// What is said is short. To a line that is broken nothing can be said, and its end is noticed otherwise.
void HostLine::say(const std::string& text) const {
  if (to_) [[maybe_unused]]
    const ssize_t said = ::write(to_.get(), text.data(), text.size());
}

// --- All of them ---

HostMachines::HostMachines(live::EventLoop& loop, std::string directory, Hosts hosts, MachinesConfig config)
    : Machines(std::move(config)),
      loop_(loop),
      directory_(std::move(directory)),
      targets_(std::move(hosts)),
      hosts_(size()) {
  std::signal(SIGPIPE, SIG_IGN);
}

HostMachines::~HostMachines() {
  for (Host& host : hosts_) {
    host.on = false;  // nobody is called any more
    if (host.line) host.line->hang_up();
  }
  const auto all_clean = [this] {
    return std::ranges::all_of(
        hosts_, [](const Host& each) { return !each.laying_out && (!each.line || each.line->ended()); });
  };
  for (const SimTime until = live::monotonic_now() + kCleans; !all_clean() && live::monotonic_now() < until;)
    loop_.turn(50ms);
  // Those that are off, or were reset and not called again: the disk has what was laid out. Who does not
  // answer now is cleaned up by the next rehearsal.
  for (std::size_t machine = 0; machine < size(); ++machine) {
    if (hosts_[machine].line) continue;
    std::vector<std::string> words = targets_.ssh({}, machine);
    words.push_back(std::string("! test -e ") + kHostHome + " || bash " + kHostHome + "/files/host clean");
    static_cast<void>(run_program(words));
  }
}

Result<void> HostMachines::build() {
  for (std::size_t machine = 0; machine < size(); ++machine)
    if (!addresses_are_given()) plugs(machine)[0].address = address_of(targets_.targets[machine]);
  std::ofstream(directory_ + "/corosync.conf") << corosync_conf(std::string(kHostHome) + "/corosync");
  return {};
}

void HostMachines::tick() {
  for (std::size_t machine = 0; machine < size(); ++machine) {
    const Host& host = hosts_[machine];
    if (host.on && !host.line && !host.laying_out && live::monotonic_now() >= host.next_try) lay_out(machine);
  }
}

// --- Power ---

Result<void> HostMachines::power_on(std::size_t machine) {
  HA_ASSERT(!is_on(machine));
  hosts_[machine] = Host{.on = true};
  lay_out(machine);
  return {};
}

// All that the host is to find, in one go. A host that boots does not answer yet.
void HostMachines::lay_out(std::size_t machine) {
  Host& host = hosts_[machine];
  std::string words;
  for (const std::string& each : targets_.ssh({}, machine)) words += shell_word(each) + " ";
  const std::string home = kHostHome;
  live::Program program;
  program.arguments = {
      "/bin/bash", "-c",
      "tar -C " + shell_word(directory_) +
          " -c bin files ocf tools first.xml corosync.conf stand-ins signs ctl/" + name(machine) + " | " +
          words +
          shell_word("mkdir -p " + home + " && flock -w 120 /run/fencepost-lab.lock tar -C " + home +
                     " --no-same-owner -x")};
  program.environment = environment();
  host.laying_out = std::make_unique<live::ChildProcess>(
      loop_, program, directory_ + "/run", [this, machine](const live::ProgramEnd& end) {
        hosts_[machine].next_try = live::monotonic_now() + kTryAgain;
        hosts_[machine].laid_out = end.code == 0;
        loop_.soon([this, machine] {
          hosts_[machine].laying_out.reset();
          if (std::exchange(hosts_[machine].laid_out, false)) call(machine);
        });
      });
}

void HostMachines::call(std::size_t machine) {
  Host& host = hosts_[machine];
  if (!host.on) return;
  std::vector<std::string> words = targets_.ssh(
      {"-M", "-S", socket_of(machine), "-o", "ControlPersist=no", "-o", "StreamLocalBindUnlink=yes", "-o",
       "ExitOnForwardFailure=yes", "-L", control_socket(machine) + ":/run/fencepost/control"},
      machine);
  words.push_back(std::string(kHostHome) + "/files/host begin " + name(machine) + " " +
                  std::to_string(lives_of(machine)));
  std::error_code error;
  fs::remove(socket_of(machine), error);
  host.unread.clear();
  host.line = std::make_unique<HostLine>(loop_, words, directory_ + "/log/" + name(machine) + ".ssh",
                                         [this, machine](const std::string& bytes) { hear(machine, bytes); });
}

void HostMachines::power_off(std::size_t machine) {
  Host& host = hosts_[machine];
  if (!host.on) return;
  if (host.line && !host.line->ended()) {
    host.line->say("reset\n");
    // It says no more; ssh would wait for an answer.
    for (const SimTime until = live::monotonic_now() + 2s;
         !host.line->ended() && live::monotonic_now() < until;)
      if (const SimTime spoke = host.spoke; loop_.turn(100ms), host.spoke == spoke) break;
  }
  host = Host{};
}

std::vector<std::size_t> HostMachines::ended() const {
  std::vector<std::size_t> ended;
  for (std::size_t machine = 0; machine < size(); ++machine)
    if (hosts_[machine].line && hosts_[machine].line->ended()) ended.push_back(machine);
  return ended;
}

void HostMachines::believed_off(std::size_t machine) { hosts_[machine].believed_off = live::monotonic_now(); }

// --- What is heard ---

void HostMachines::hear(std::size_t machine, const std::string& bytes) {
  Host& host = hosts_[machine];
  host.unread += bytes;
  std::size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(host.unread).substr(at);
    const std::size_t end = rest.find('\n');
    std::size_t used = 0;
    if (end == std::string_view::npos || !take(machine, rest.substr(0, end), rest.substr(end + 1), used))
      break;
    at += end + 1 + used;
  }
  host.unread.erase(0, at);
}

// False: not all of it has come yet.
bool HostMachines::take(std::size_t machine, std::string_view line, std::string_view rest,
                        std::size_t& used) {
  Host& host = hosts_[machine];
  std::istringstream words{std::string(line)};
  std::string what, name;
  words >> what >> name;
  if (what == "T") {
    const SimTime sent{Duration{std::atoll(name.c_str())}}, now = live::monotonic_now();
    host.clock = std::min(host.clock.value_or(Duration::max()), Duration{now - sent});
    host.spoke = sent + *host.clock;
    if (!std::exchange(host.inside, true)) cut_links();
  } else if (what == "R") {
    words >> host.roles[name];
  } else if (what == "F") {
    std::uint64_t offset = 0;
    words >> offset >> used;
    if (rest.size() < used) return false;
    keep(name, offset, rest.substr(0, used));
  } else if (what == "N") {
    std::ofstream(directory_ + "/log/" + this->name(machine) + ".ssh", std::ios::app)
        << line.substr(2) << '\n';
  }
  return true;
}

// A host that comes back tells its files from the beginning.
void HostMachines::keep(const std::string& file, std::uint64_t offset, std::string_view bytes) const {
  const std::string path = directory_ + "/" + file;
  if (file.find("..") != std::string::npos) return;
  std::error_code error;
  const std::uintmax_t known = fs::file_size(path, error);
  const std::uint64_t have = error ? 0 : known;
  if (offset + bytes.size() <= have) return;
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes.substr(have > offset ? have - offset : 0);
}

int HostMachines::lives_of(std::size_t machine) const {
  int lives = 0;
  std::error_code error;
  while (fs::exists(directory_ + "/tape/" + name(machine) + "." + std::to_string(lives), error)) ++lives;
  return lives;
}

// --- What it is asked ---

std::string HostMachines::control_socket(std::size_t machine) const {
  return directory_ + "/" + name(machine) + ".control";
}

std::vector<std::string> HostMachines::command_on(std::size_t machine, std::vector<std::string> words) const {
  std::vector<std::string> all = targets_.ssh({"-S", socket_of(machine)}, machine);
  std::string command;
  for (const std::string& each : words) command += shell_word(each) + " ";
  all.push_back(command);
  return all;
}

std::string HostMachines::seen(std::size_t machine, const std::string& resource, const Sign&) const {
  const Host& host = hosts_[machine];
  if (!host.inside) return "Stopped";
  if (host.believed_off != kNever && host.spoke <= host.believed_off + kStillSpeaks) return "Stopped";
  const auto role = host.roles.find(resource);
  return role == host.roles.end() ? "Stopped" : role->second;
}

void HostMachines::hand_over(std::size_t machine, const std::string& file) {
  if (!hosts_[machine].inside) return;  // it gets all of them when it begins
  std::ifstream stream(directory_ + "/" + file, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  hosts_[machine].line->say("F " + file + " " + std::to_string(content.size()) + "\n" + content);
}

Duration HostMachines::clock_offset(std::size_t machine) const {
  return hosts_[machine].clock.value_or(Duration{});
}

void HostMachines::order(std::size_t machine, const std::string& words) const {
  if (hosts_[machine].inside) hosts_[machine].line->say("H " + words + "\n");
}

void HostMachines::freeze(std::size_t machine, bool frozen) {
  order(machine, frozen ? "freeze on" : "freeze off");
}
void HostMachines::let_go_of_stuck(std::size_t machine, const std::string& resource) {
  order(machine, "let-go " + resource);
}

// --- Networks ---

Result<void> HostMachines::split(std::size_t network, const std::vector<int>& side_of) {
  for (std::size_t machine = 0; machine < size(); ++machine)
    plugs(machine)[network].bridge = side_of[machine];
  cut_links();
  return {};
}
Result<void> HostMachines::set_link(std::size_t machine, std::size_t network, bool up) {
  plugs(machine)[network].down = !up;
  cut_links();
  return {};
}

// Each drops what comes from and goes to those that it shall not see.
void HostMachines::cut_links() {
  for (std::size_t machine = 0; machine < size(); ++machine) {
    std::string unseen;
    for (std::size_t network = 0; network < networks(); ++network) {
      const Plug& ours = plugs(machine)[network];
      for (std::size_t other = 0; other < size(); ++other) {
        const Plug& its = plugs(other)[network];
        if (other != machine && (ours.down || its.down || ours.bridge != its.bridge))
          unseen += " " + its.address;
      }
    }
    if (std::exchange(hosts_[machine].cut, unseen) != unseen) order(machine, "cut" + unseen);
  }
}

Result<void> HostMachines::seat_client(const std::string&) {
  return failure({}, "clients of databases have no place beside named hosts");
}

}  // namespace fencepost::lab
