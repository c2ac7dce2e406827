// The programs that shell text may call: processes, network, cluster.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "models/core/overlaps.h"
#include "models/core/stack.h"
#include "models/database/replication.h"
#include "models/database/server.h"
#include "models/faults.h"
#include "models/hooks.h"
#include "models/machine.h"
#include "models/network/impairments.h"
#include "models/os/shell.h"
#include "models/services/addresses.h"
#include "models/world.h"

namespace fencepost::models::shell {
namespace {

std::string name_of(const Process& process) {
  const std::string line = process.command_line();
  const std::string first = line.substr(0, line.find(' '));
  return first.substr(first.rfind('/') + 1);
}

std::string without_prefix(const std::string& address) { return address.substr(0, address.find('/')); }

// --- Processes ---

// "-9", "-KILL", "-SIGKILL", "-s KILL", "--signal KILL"; SIGTERM if there is none.
std::string signal_in(const Words& words) {
  std::string name = option(words, "-s", "--signal");
  for (const std::string& word : words) {
    const bool bare =
        word.size() > 1 && word[0] == '-' && (word[1] <= '9' || (word[1] >= 'A' && word[1] <= 'Z'));
    if (name.empty() && bare) name = word.substr(1);
  }
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (name == "9") return "KILL";
  if (name == "2") return "INT";
  if (name == "3") return "QUIT";
  if (name == "1") return "HUP";
  return name.empty() || name == "15" ? "TERM" : name;
}

// What $(head -1 FILE), $(cat FILE), $(pidof NAME), $(pgrep NAME) or a number means.
std::vector<std::uint64_t> processes_of(Machine& machine, const std::string& word, bool& known) {
  std::vector<std::uint64_t> found;
  const auto add_if = [&](const auto& fits) {
    for (const Process* process : machine.processes()) {
      if (fits(*process)) found.push_back(process->pid());
    }
  };
  known = true;
  if (!word.starts_with("$(")) {
    add_if([&](const Process& process) { return std::to_string(process.pid()) == word; });
    return found;
  }
  const auto inner = parse(std::string_view(word).substr(2, word.size() - 3));
  if (inner.size() != 1) return known = false, found;
  const Words& words = inner.front().words;
  const std::string& file = words.back();
  if (words.front() == "pidof" || words.front() == "pgrep") {
    add_if([&](const Process& process) {
      return has(words, "-f") ? process.command_line().find(file) != std::string::npos
                              : name_of(process) == file;
    });
  } else if (file.ends_with("/postmaster.pid")) {
    const std::string data = file.substr(0, file.rfind('/'));
    add_if([&](const Process& process) { return process.command_line() == "postgres -D " + data; });
  } else {
    known = false;
  }
  return found;
}

// False: the signal means nothing to a model. One that has ended meanwhile, with another, is no failure.
bool signal_process(Machine& machine, std::uint64_t pid, const std::string& signal) {
  const auto living = std::ranges::find(machine.processes(), pid, &Process::pid);
  if (living == machine.processes().end()) return true;
  Process& process = **living;
  if (signal == "HUP" || signal == "0") return true;
  if (signal == "KILL") return process.kill(), true;
  DatabaseServer* server = machine.part<DatabaseServers>().run_by(process);
  if (server && (signal == "TERM" || signal == "INT")) return server->stop_fast(), true;
  if (server && signal == "QUIT") return server->stop_immediately(), true;
  if (signal == "TERM" || signal == "INT" || signal == "QUIT" || signal == "ABRT")
    return process.kill(), true;
  return false;
}

bool is_daemon(const std::string& name) { return name == "corosync" || name.starts_with("pacemaker"); }

bool kill_by_name(Machine& machine, const Words& words) {
  const std::string signal = signal_in(words);
  const std::string& wanted = words.back();
  if (is_daemon(wanted))
    return (signal == "KILL" || signal == "ABRT" || signal == "SEGV") && kill_daemon(machine, wanted);
  const bool whole = has(words, "-f");
  std::vector<std::uint64_t> meant;
  for (const Process* process : machine.processes()) {
    const bool is_it =
        whole ? process->command_line().find(wanted) != std::string::npos : name_of(*process) == wanted;
    if (is_it && name_of(*process) != words.front()) meant.push_back(process->pid());
  }
  bool understood = true;
  for (const std::uint64_t pid : meant) understood = signal_process(machine, pid, signal) && understood;
  return understood;
}

bool kill_by_id(Machine& machine, const Words& words) {
  const std::string signal = signal_in(words);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i][0] == '-' || words[i - 1] == "-s" || words[i - 1] == "--signal") continue;
    const auto inner =
        words[i].starts_with("$(") ? parse(words[i].substr(2, words[i].size() - 3)) : decltype(parse(""))();
    const std::string daemon =
        inner.size() == 1 && !inner.front().words.empty() ? inner.front().words.back() : "";
    if (is_daemon(daemon)) {
      if (signal != "KILL" || !kill_daemon(machine, daemon)) return false;
      continue;
    }
    bool known = false;
    for (const std::uint64_t pid : processes_of(machine, words[i], known)) {
      if (!signal_process(machine, pid, signal)) return false;
    }
    if (!known) return false;
  }
  return true;
}

// Agents that keep their state in a file (Dummy, Stateful, the lab's) lose their service with it.
bool remove_files(Machine& machine, const Words& words) {
  for (const std::string& word : words) {
    const std::string file = word.substr(word.rfind('/') + 1);
    if (file == "PGSQL.lock") machine.world().part<Replications>().unlock(machine);
    for (const auto& [resource, role] : std::map(machine.roles())) {
      const bool is_state = word == "/run/lab/state/" + resource || file == "Dummy-" + resource + ".state" ||
                            file == "Stateful-" + resource + ".state";
      if (is_state) machine.set_role(resource, kStopped);
    }
  }
  return true;
}

// --- Network ---

// What iptables, tc and ip did on a machine. It is in the kernel's memory, and gone with it.
struct KernelNetwork final : MachinePart {
  explicit KernelNetwork(Machine& on) : machine(on), world(on.world()) {}
  ~KernelNetwork() override {
    if (world.ending()) return;
    flush();
    for (auto& [way, ends] : impaired) end(ends);
    for (auto& [network, ends] : down) end(ends);
  }

  void add_rule(const Way& way) {
    rules.emplace(way, world.part<Overlaps>().begin(way_cut(world, way), true));
  }
  void delete_rule(const Way& way) {
    const auto rule = rules.find(way);
    if (rule == rules.end()) return;
    rule->second();
    rules.erase(rule);
  }
  void flush() {
    while (!rules.empty()) delete_rule(Way(rules.begin()->first));
  }
  void impair(const Way& way, double loss, Duration delay) {
    Ends& ends = impaired[way];
    end(ends);
    if (loss > 0) ends.push_back(world.part<Overlaps>().begin(packets_lost(world, way, loss), true));
    if (delay > Duration::zero())
      ends.push_back(world.part<Overlaps>().begin(packets_late(world, way, delay), true));
  }
  void set_link(NetworkId network, bool up) {
    const EndpointId host = endpoint(machine.id());
    Ends& ends = down[network];
    end(ends);
    if (up) return ports_up(world, host, network, kCable);
    for (Pressure& port : ports_down(world, host, network, kCable))
      ends.push_back(world.part<Overlaps>().begin(std::move(port), true));
  }

 private:
  using Ends = std::vector<Overlaps::End>;
  static void end(Ends& ends) {
    for (const Overlaps::End& each : std::exchange(ends, {})) each();
  }

  Machine& machine;
  World& world;
  std::multimap<Way, Overlaps::End> rules;
  std::map<Way, Ends> impaired;
  std::map<NetworkId, Ends> down;
};

// "eth0" is the first network, "eth1" the second; a network's own name does as well. No name: all of them.
// Nothing: there is no such interface.
std::optional<std::vector<NetworkId>> networks_of(Machine& machine, const std::string& interface) {
  const Network& network = machine.world().network();
  const std::size_t count = network.networks().size();
  if (interface.empty()) {
    std::vector<NetworkId> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(NetworkId{i});
    return all;
  }
  if (const auto named = network.find_network(interface)) return std::vector{*named};
  std::size_t index = count;
  const char* const last = interface.data() + interface.size();
  const bool numbered =
      interface.starts_with("eth") && std::from_chars(interface.data() + 3, last, index).ptr == last;
  if (!numbered || index >= count) return std::nullopt;
  return std::vector{NetworkId{index}};
}

// corosync.conf's address, or the lab's 10.77.0.N.
std::optional<EndpointId> host_with(World& world, const std::string& address) {
  for (const auto& machine : world.machines()) {
    const std::size_t number = machine->id().index() + 1;
    if (address == machine->name() || address == "10.77.0." + std::to_string(number))
      return endpoint(machine->id());
    for (const CorosyncNode& node : world.config().corosync.nodes) {
      if (node.name == machine->name() && std::ranges::count(node.addresses, address) > 0)
        return endpoint(machine->id());
    }
  }
  return world.network().find_endpoint(address);
}

// iptables -A|-I|-D INPUT|OUTPUT [-s A] [-d A] ... -j DROP|REJECT; -F. A rule for some ports drops all
// packets here.
bool iptables(Machine& machine, const Words& words) {
  World& world = machine.world();
  if (has(words, "-F") || has(words, "--flush")) {
    machine.part<KernelNetwork>().flush();
    return true;
  }
  const std::string target = option(words, "-j", "--jump");
  const bool remove = has(words, "-D") || has(words, "--delete");
  if (target == "ACCEPT") return true;
  if (target != "DROP" && target != "REJECT") return false;
  const bool input = has(words, "INPUT"), output = has(words, "OUTPUT");
  if (!input && !output) return false;
  const std::string address =
      without_prefix(input ? option(words, "-s", "--source") : option(words, "-d", "--destination"));
  std::vector<EndpointId> others;
  if (address.empty()) {
    for (std::size_t i = 0; i < world.network().endpoints(); ++i) others.push_back(EndpointId{i});
  } else {
    const auto host = host_with(world, address);
    if (!host) return false;
    others.push_back(*host);
  }
  const auto networks = networks_of(machine, option(words, input ? "-i" : "-o"));
  if (!networks) return false;
  const EndpointId self = endpoint(machine.id());
  for (const EndpointId other : others) {
    if (other == self) continue;
    for (const NetworkId network : *networks) {
      const Way way = input ? Way{other, self, network} : Way{self, other, network};
      KernelNetwork& kernel = machine.part<KernelNetwork>();
      remove ? kernel.delete_rule(way) : kernel.add_rule(way);
    }
  }
  return true;
}

// tc qdisc add|change|replace dev IF root netem [loss P%] [delay T]; tc qdisc del dev IF root
bool tc(Machine& machine, const Words& words) {
  const Network& network = machine.world().network();
  if (!has(words, "qdisc")) return false;
  const bool remove = has(words, "del") || has(words, "delete");
  if (!remove && !has(words, "netem")) return false;
  const auto value = [&](const char* name) {
    const std::string text = remove ? "" : option(words, name);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.ends_with("us")) number /= 1000;
    if (text.ends_with("s") && !text.ends_with("ms") && !text.ends_with("us")) number *= 1000;
    return number;
  };
  const auto networks = networks_of(machine, option(words, "dev"));
  if (!networks) return false;
  KernelNetwork& kernel = machine.part<KernelNetwork>();
  for (std::size_t i = 0; i < network.endpoints(); ++i) {
    const EndpointId other{i};
    if (other == endpoint(machine.id())) continue;
    for (const NetworkId on : *networks) {  // what leaves the machine
      const Way way{endpoint(machine.id()), other, on};
      kernel.impair(way, value("loss") / 100, Duration{static_cast<std::int64_t>(value("delay") * 1e6)});
    }
  }
  return true;
}

bool ip(Machine& machine, const Words& words) {
  Addresses& addresses = machine.world().part<Addresses>();
  const auto any = [&](std::initializer_list<const char*> names) {
    return std::ranges::any_of(names, [&](const char* name) { return has(words, name); });
  };
  if (any({"link", "l"})) {
    const bool up = has(words, "up");
    if (!up && !has(words, "down")) return has(words, "show");
    const std::string dev = option(words, "dev").empty() ? option(words, "set") : option(words, "dev");
    const auto networks = networks_of(machine, dev);
    if (!networks) return false;
    for (const NetworkId network : *networks) machine.part<KernelNetwork>().set_link(network, up);
    return true;
  }
  if (!any({"addr", "address", "a"})) return any({"route", "r", "neigh"}) && any({"show", "list"});
  if (any({"show", "list"})) return true;
  if (has(words, "flush")) {
    for (const std::string& address : std::set(addresses.known())) addresses.release(machine, address);
    return true;
  }
  const bool remove = any({"del", "delete"});
  if (!remove && !has(words, "add")) return false;
  for (const char* verb : {"del", "delete", "add"}) {
    const std::string address = without_prefix(option(words, verb));
    if (address.empty()) continue;
    remove ? addresses.release(machine, address) : addresses.bind(machine, address);
  }
  return true;
}

// --- Cluster ---

std::optional<std::string> value_in(const Words& words) {
  if (has(words, "-D") || has(words, "--delete")) return std::nullopt;
  for (const char* name : {"--update", "--attr-value"}) {
    if (const std::string value = option(words, "-v", name); !value.empty()) return value;
  }
  return option(words, "-U");
}

bool changes_value(const Words& words) { return !value_in(words) || !value_in(words)->empty(); }

std::optional<node::Command> crm_resource(const Words& words) {
  const auto asks = [&](std::string_view short_name, std::string_view long_name) {
    return has(words, short_name) || has(words, long_name);
  };
  const std::string resource = option(words, "-r", "--resource"), on = option(words, "-N", "--node");
  const bool promoted = has(words, "--promoted") || has(words, "--master");
  if (asks("-M", "--move")) return node::MoveResource{resource, on, promoted, {}};
  if (asks("-B", "--ban")) return node::BanResource{resource, on, promoted, {}};
  if (asks("-U", "--clear")) return node::ClearResource{resource, on};
  if (asks("-C", "--cleanup")) return node::CleanupResource{resource, on};
  if (asks("-R", "--refresh")) return node::RefreshResource{resource, on};
  if (!has(words, "--meta") && !has(words, "-m")) return std::nullopt;
  if (const std::string name = option(words, "-p", "--set-parameter"); !name.empty())
    return node::SetResourceMeta{resource, name, option(words, "-v", "--parameter-value")};
  if (const std::string name = option(words, "-d", "--delete-parameter"); !name.empty())
    return node::SetResourceMeta{resource, name, {}};
  return std::nullopt;
}

std::optional<node::Command> crm_attribute(const Machine& machine, const Words& words) {
  std::string on = option(words, "-N", "--node");
  const std::string lifetime = option(words, "-l", "--lifetime");
  const bool transient = lifetime == "reboot" || words.front() == "attrd_updater";
  if (on.empty() && transient) on = machine.name();
  const std::string name = option(words, "-n", "--name");
  if (name.empty() || !changes_value(words)) return std::nullopt;
  if (on.empty()) return node::SetProperty{name, value_in(words)};
  return node::SetNodeAttribute{on, name, value_in(words), transient};
}

std::optional<node::Command> cluster_command(const Machine& machine, const Words& words) {
  const std::string& program = words.front();
  if (program == "crm_resource") return crm_resource(words);
  if (program == "crm_attribute" || program == "attrd_updater") return crm_attribute(machine, words);
  if (program == "crm_standby") {
    const std::string on = option(words, "-N", "--node");
    if (!changes_value(words)) return std::nullopt;
    const auto value = value_in(words);
    const bool standby = value && (*value == "on" || *value == "true" || *value == "yes" || *value == "1");
    return node::SetStandby{on.empty() ? machine.name() : on, standby,
                            option(words, "-l", "--lifetime") == "reboot"};
  }
  if (program == "stonith_admin") {
    for (const auto& [short_name, long_name, action] :
         {std::tuple{"-B", "--reboot", "reboot"}, {"-F", "--fence", "off"}, {"-U", "--unfence", "on"}}) {
      if (const std::string target = option(words, short_name, long_name); !target.empty())
        return node::FenceNode{target, action};
    }
  }
  return std::nullopt;
}

// systemctl, pcs cluster, crm cluster: the stack of this node.
bool service_program(Machine& machine, const Words& words) {
  const bool systemctl = words.front() == "systemctl" || words.front() == "service";
  const bool tool = (words.front() == "pcs" || words.front() == "crm") && has(words, "cluster");
  if (!systemctl && !tool) return false;
  if (systemctl && !has(words, "pacemaker") && !has(words, "corosync")) return false;
  if (has(words, "stop")) return machine.stack().shut_down([] {}), true;
  if (has(words, "start")) return machine.start_stack(words.front()), true;
  return has(words, "status");
}

bool only_looks(const Words& words) {
  const std::string& program = words.front();
  if (program == "cibadmin") return has(words, "-Q") || has(words, "--query");
  if (program == "crm_resource")
    return std::ranges::any_of(words, [](const std::string& word) {
      return word == "-l" || word == "-L" || word == "-W" || word == "-q" || word == "--locate" ||
             word == "--list";
    });
  if (program == "crm_attribute" || program == "attrd_updater" || program == "crm_standby")
    return !changes_value(words);
  return program == "stonith_admin" && (has(words, "-H") || has(words, "--history") || has(words, "-l"));
}

}  // namespace

bool process_program(Machine& machine, const Words& words) {
  if (words.size() < 2) return false;
  if (words.front() == "kill") return kill_by_id(machine, words);
  if (words.front() == "pkill" || words.front() == "killall") return kill_by_name(machine, words);
  return words.front() == "rm" && remove_files(machine, words);
}

bool network_program(Machine& machine, const Words& words) {
  if (words.front() == "ip") return ip(machine, words);
  if (words.front() == "iptables" || words.front() == "ip6tables") return iptables(machine, words);
  return words.front() == "tc" && tc(machine, words);
}

bool cluster_program(Machine& machine, const Words& words) {
  if (service_program(machine, words) || only_looks(words)) return true;
  const std::optional<node::Command> command = cluster_command(machine, words);
  if (!command) return false;
  machine.command(*command);
  return true;
}

}  // namespace fencepost::models::shell
