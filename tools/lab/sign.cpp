#include "tools/lab/sign.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace fencepost::lab {
namespace {

// /var/run is a link to /run, and links that begin with / lead to our own root.
std::string in_run(const std::string& path) { return path.starts_with("/var/run/") ? path.substr(4) : path; }
std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}
bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// mountinfo, proc(5): the fifth field is where it is mounted.
bool is_mounted(const std::string& process, const std::string& at) {
  std::istringstream lines(text_of("/proc/" + process + "/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i) fields >> field;
    if (field == at) return true;
  }
  return false;
}

// A local address has a line of its own in fib_trie, and under it "/32 host LOCAL".
bool has_address(const std::string& process, const std::string& address) {
  const std::string trie = text_of("/proc/" + process + "/net/fib_trie");
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
bool listens(const std::string& process, const std::string& socket_path) {
  std::istringstream lines(text_of("/proc/" + process + "/net/unix"));
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

std::string look_at(const Sign& sign, const Viewpoint& from) {
  const auto started_if = [](bool yes) { return std::string(yes ? "Started" : "Stopped"); };
  switch (sign.kind) {
    case Sign::Kind::file:
      return started_if(exists(from.root + in_run(sign.object)));
    case Sign::Kind::state:
    case Sign::Kind::content: {
      const std::string word = first_word(text_of(from.root + in_run(sign.object)));
      return is_role(word) ? word : "Stopped";
    }
    case Sign::Kind::address:
      return started_if(has_address(from.process, sign.object));
    case Sign::Kind::mount:
      return started_if(is_mounted(from.process, sign.object));
    case Sign::Kind::postgres:
      return started_if(listens(from.process, sign.object));
  }
  return "Stopped";
}

}  // namespace fencepost::lab
