#include "engine/live/safety/machine.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "engine/cib/configuration.h"
#include "engine/cib/resource.h"

namespace fencepost::live {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRemedy =
    ": `systemctl disable --now pacemaker`, and see that its resources are stopped";

// The daemons of Pacemaker 2 (pacemakerd(8)) and 1, as the kernel cuts them: 15 characters (proc(5)).
constexpr std::array kDaemons = {"pacemakerd",
                                 "pacemaker-based",
                                 "pacemaker-contr",
                                 "pacemaker-execd",
                                 "pacemaker-fence",
                                 "pacemaker-attrd",
                                 "pacemaker-sched",
                                 "pacemaker-remot",
                                 "crmd",
                                 "lrmd",
                                 "stonithd"};
// Abstract sockets that its daemons listen to.
constexpr std::array kSockets = {"@cib_rw", "@pacemakerd", "@crmd", "@stonith-ng"};

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A process that ends while we look is as good as gone.
std::string running_daemon(const std::string& proc) {
  std::error_code ignored;
  for (fs::directory_iterator each(proc, ignored), end; !ignored && each != end; each.increment(ignored)) {
    if (!is_number(each->path().filename().string())) continue;
    std::ifstream file(each->path() / "comm");
    std::string name;
    std::getline(file, name);
    if (std::find(kDaemons.begin(), kDaemons.end(), name) != kDaemons.end()) return name;
  }
  return "";
}

std::string listening_socket(const std::string& proc) {
  std::ifstream file(proc + "/net/unix");
  for (std::string line; std::getline(file, line);) {
    for (const char* socket : kSockets) {
      const std::string name = socket;
      // "… 01 12345 @cib_rw"; abstract names are filled up with '@' by some kernels.
      const std::size_t at = line.rfind(" " + name);
      if (at != std::string::npos && line.find_first_not_of('@', at + 1 + name.size()) == std::string::npos)
        return name;
    }
  }
  return "";
}

std::string enabled_unit(const std::string& systemd) {
  std::error_code ignored;  // a folder that is not there enables nothing
  for (fs::directory_iterator each(systemd, ignored), end; !ignored && each != end; each.increment(ignored)) {
    const std::string folder = each->path().filename().string();
    if (!folder.ends_with(".wants") && !folder.ends_with(".requires")) continue;
    for (const char* unit : {"pacemaker.service", "pacemaker_remote.service"}) {
      const fs::path link = each->path() / unit;
      if (fs::is_symlink(fs::symlink_status(link, ignored))) return link.string();
    }
  }
  return "";
}

bool is_file(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at cannot be used
  return fs::is_regular_file(path, ignored);
}
bool is_program(const std::string& path) { return is_file(path) && ::access(path.c_str(), X_OK) == 0; }

bool has_unit(const std::string& name) {
  const std::string template_name = name.substr(0, name.find('@') + 1);  // "" unless an instance
  for (const char* folder : {"/etc/systemd/system/", "/run/systemd/system/", "/usr/local/lib/systemd/system/",
                             "/usr/lib/systemd/system/", "/lib/systemd/system/"}) {
    if (is_file(folder + name + ".service") || is_file(folder + name)) return true;
    if (name.find('@') != std::string::npos && is_file(folder + template_name + ".service")) return true;
  }
  return false;
}

// Nothing if it is there.
std::string lacking(const cib::Agent& agent, const AgentPaths& paths) {
  const auto program = [](const std::string& path) { return is_program(path) ? "" : path; };
  if (agent.standard == "ocf")
    return program(paths.ocf_root + "/resource.d/" + agent.provider + "/" + agent.type);
  if (agent.standard == "stonith") return program(paths.fence_agents + "/" + agent.type);
  if (agent.standard == "lsb") return program(paths.lsb_scripts + "/" + agent.type);
  if (agent.standard == "systemd") return has_unit(agent.type) ? "" : "the unit " + agent.type;
  if (agent.standard == "service")
    return has_unit(agent.type) ? "" : program(paths.lsb_scripts + "/" + agent.type);
  return "an agent of class '" + agent.standard + "'";
}

}  // namespace

Result<void> without_pacemaker(const MachinePaths& paths) {
  if (const std::string name = running_daemon(paths.proc); !name.empty())
    return failure({}, "Pacemaker runs on this machine (" + name + ")" + kRemedy);
  if (const std::string name = listening_socket(paths.proc); !name.empty())
    return failure({}, "Pacemaker listens on this machine (" + name + ")" + kRemedy);
  if (const std::string link = enabled_unit(paths.systemd); !link.empty())
    return failure({}, "Pacemaker would start at the next boot (" + link + ")" + kRemedy);
  return {};
}

std::vector<std::string> missing_agents(const cib::Configuration& configuration, const AgentPaths& paths) {
  std::vector<std::string> missing;
  cib::for_each_resource(configuration.resources, [&](const cib::Resource& each, const cib::Resource*) {
    if (each.kind != cib::ResourceKind::primitive) return;
    if (const std::string what = lacking(each.agent, paths); !what.empty())
      missing.push_back("resource " + each.id + " cannot run on this machine: there is no " + what +
                        "; install its agent first");
  });
  return missing;
}

}  // namespace fencepost::live
