#include "tools/lab/truth.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/cib/resource.h"

namespace fencepost::lab {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}
bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// mountinfo, proc(5): the fifth field is where it is mounted.
bool is_mounted(pid_t process, const std::string& at) {
  std::istringstream lines(text_of("/proc/" + std::to_string(process) + "/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i) fields >> field;
    if (field == at) return true;
  }
  return false;
}

// A local address has a line of its own in fib_trie, and under it "/32 host LOCAL".
bool has_address(pid_t process, const std::string& address) {
  const std::string trie = text_of("/proc/" + std::to_string(process) + "/net/fib_trie");
  const std::string leaf = "|-- " + address + "\n";
  for (std::size_t at = trie.find(leaf); at != std::string::npos; at = trie.find(leaf, at + 1)) {
    const std::size_t end = trie.find("|--", at + 4);
    if (trie.substr(at, end == std::string::npos ? end : end - at).find("host LOCAL") != std::string::npos)
      return true;
  }
  return false;
}

// Nobody connects to find out: a database forks for each who comes, and we look a hundred times a second.
// A listening socket in /proc/net/unix: "Num RefCount Protocol Flags Type St Inode Path", with __SO_ACCEPTCON
// in Flags.
bool listens(pid_t process, const std::string& socket_path) {
  const auto in_run = [](const std::string& path) {
    return path.starts_with("/var/run/") ? path.substr(4) : path;
  };
  std::istringstream lines(text_of("/proc/" + std::to_string(process) + "/net/unix"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string number, references, protocol, flags, type, state, inode, path;
    fields >> number >> references >> protocol >> flags >> type >> state >> inode >> path;
    if (flags == "00010000" && in_run(path) == in_run(socket_path)) return true;
  }
  return false;
}

bool is_role(const std::string& word) {
  return word == "Started" || word == "Promoted" || word == "Unpromoted";
}

std::string first_word(const std::string& text) {
  std::string word;
  std::istringstream(text) >> word;
  return word;
}

}  // namespace

std::string parameter_of(const cib::Resource& primitive, const std::string& name) {
  for (const cib::NvpairBlock& block : primitive.parameters)
    if (const std::string* value = block.find(name)) return *value;
  return "";
}

std::optional<Sign> sign_of(const cib::Resource& primitive) {
  using Kind = Sign::Kind;
  const cib::Agent& agent = primitive.agent;
  const std::string name = agent.provider + ":" + agent.type;
  const auto given = [&](const std::string& parameter, const std::string& otherwise) {
    const std::string value = parameter_of(primitive, parameter);
    return value.empty() ? otherwise : value;
  };
  if (agent.standard != "ocf") return std::nullopt;
  if (agent.provider == "lab" || name == "linbit:drbd")
    return Sign{Kind::state, "/run/lab-state/" + primitive.id, ""};
  if (name == "heartbeat:Dummy")
    return Sign{Kind::file, given("state", "/run/resource-agents/Dummy-" + primitive.id + ".state"), ""};
  if (name == "pacemaker:Dummy")
    return Sign{Kind::file, given("state", "/run/Dummy-" + primitive.id + ".state"), ""};
  if (name == "pacemaker:Stateful")
    return Sign{Kind::content, given("state", "/run/Stateful-" + primitive.id + ".state"), ""};
  if (name == "heartbeat:IPaddr2") return Sign{Kind::address, given("ip", ""), ""};
  if (name == "heartbeat:Filesystem") return Sign{Kind::mount, given("directory", ""), given("device", "")};
  if (name == "heartbeat:pgsql")
    return Sign{Kind::postgres,
                given("socketdir", "/var/run/postgresql") + "/.s.PGSQL." + given("pgport", "5432"), ""};
  return std::nullopt;
}

Truth::Truth(const Machines& machines, const cib::Configuration& configuration) : machines_(machines) {
  cib::for_each_resource(configuration.resources, [&](const cib::Resource& each, const cib::Resource*) {
    if (each.kind != cib::ResourceKind::primitive) return;
    if (auto sign = sign_of(each)) signs_.emplace(each.id, *std::move(sign));
  });
}

std::string Truth::see(std::size_t machine, const std::string&, const Sign& sign) const {
  if (!machines_.is_inside(machine)) return "Stopped";
  const pid_t process = machines_.first_process(machine);
  const auto started_if = [](bool yes) { return std::string(yes ? "Started" : "Stopped"); };
  switch (sign.kind) {
    case Sign::Kind::file:
      return started_if(exists(machines_.path(machine, sign.object)));
    case Sign::Kind::state:
    case Sign::Kind::content: {
      const std::string word = first_word(text_of(machines_.path(machine, sign.object)));
      return is_role(word) ? word : "Stopped";
    }
    case Sign::Kind::address:
      return started_if(has_address(process, sign.object));
    case Sign::Kind::mount:
      return started_if(is_mounted(process, sign.object));
    case Sign::Kind::postgres:
      return started_if(listens(process, sign.object));
  }
  return "Stopped";
}

std::vector<backend::Observation> Truth::look() {
  std::vector<backend::Observation> changed;
  for (std::size_t machine = 0; machine < machines_.size(); ++machine) {
    const std::string& node = machines_.name(machine);
    for (const auto& [resource, sign] : signs_) {
      std::string& known = roles_.try_emplace({resource, node}, "Stopped").first->second;
      std::string now = see(machine, resource, sign);
      if (now == known) continue;
      known = std::move(now);
      const bool runs = known != "Stopped";
      if (sign.kind == Sign::Kind::mount) {
        const std::string label = sign.object + " (" + sign.device + ")";
        changed.push_back(backend::StateChanged{node, "mount", sign.object, runs ? "not mounted" : label,
                                                runs ? label : "not mounted"});
      }
      if (sign.kind == Sign::Kind::address)
        changed.push_back(backend::StateChanged{node, "address", sign.object, runs ? "not bound" : "bound",
                                                runs ? "bound" : "not bound"});
      changed.push_back(backend::RoleChanged{node, resource, known});
    }
  }
  return changed;
}

std::string Truth::role(const std::string& resource, const std::string& node) const {
  const auto found = roles_.find({resource, node});
  return found == roles_.end() ? "Stopped" : found->second;
}

const Sign* Truth::find(const std::string& resource) const {
  const auto found = signs_.find(resource);
  return found == signs_.end() ? nullptr : &found->second;
}

}  // namespace fencepost::lab
