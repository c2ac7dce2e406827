#include "engine/live/ocf.h"

#include <algorithm>
#include <map>

#include "engine/cib/utf8.h"

namespace fencepost::live {
namespace {

using node::AgentClass;

constexpr std::string_view kReason = "ocf-exit-reason:";  // OCF resource agent API 1.1 and ocf-shellfuncs
constexpr std::size_t kReasonMax = 400;

// One path component that starts no option and leaves no directory.
bool is_file_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '_' || c == '-' || c == '@' || c == ':';
         });
}

bool is_variable(std::string_view text) {
  return !text.empty() && text.find('=') == std::string_view::npos &&
         text.find('\0') == std::string_view::npos;
}

// What every agent finds, whoever started the cluster manager: nothing of our own environment goes on.
std::map<std::string, std::string> base_environment(const AgentPaths& paths, const std::string& node_name) {
  return {
      {"PATH", paths.tools + ":/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", "/root"},
      {"LC_ALL", "C"},
      {"PWD", "/"},
      // ocf-directories takes the tools from here when it is set.
      {"HA_SBIN_DIR", paths.tools},
      {"HA_logfacility", "none"},
      {"HA_debug", "0"},
      {"HA_cluster_type", "corosync"},
      {"FENCEPOST_SOCKET", paths.run_directory + "/control"},
      {"FENCEPOST_NODE", node_name},
  };
}

// OCF resource agent API, "The environment".
void add_ocf(std::map<std::string, std::string>& environment, const node::AgentCommand& command,
             const AgentPaths& paths) {
  environment["OCF_ROOT"] = paths.ocf_root;
  environment["OCF_RA_VERSION_MAJOR"] = "1";
  environment["OCF_RA_VERSION_MINOR"] = "1";
  environment["OCF_RESOURCE_INSTANCE"] = command.resource;
  environment["OCF_RESOURCE_TYPE"] = command.type;
  environment["OCF_RESOURCE_PROVIDER"] = command.provider;
  for (const auto [name, value] : command.parameters) {
    if (!is_variable(name)) continue;  // could name no variable
    environment["OCF_RESKEY_" + std::string(name)] = value;
    if (name == "OCF_CHECK_LEVEL") environment[std::string(name)] = value;  // the one without a prefix
  }
  for (const auto [name, value] : command.meta) {
    if (is_variable(name)) environment["OCF_RESKEY_CRM_meta_" + std::string(name)] = value;
  }
  environment["OCF_RESKEY_crm_feature_set"] = "3.16.1";  // of Pacemaker 2.1.5
}

std::vector<std::string> lines_of(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : environment) {
    std::string line = name + "=" + value;
    line.erase(std::remove(line.begin(), line.end(), '\0'), line.end());
    lines.push_back(std::move(line));
  }
  return lines;
}

tl::unexpected<Error> no_agent(const node::AgentCommand& command) {
  return failure({}, "'" + command.provider + ":" + command.type + "' can be no agent: resource " +
                         command.resource + " needs a class, provider and type of letters, digits and -_.:@");
}

}  // namespace

Result<Program> resource_program(const node::AgentCommand& command, const AgentPaths& paths,
                                 const std::string& node_name) {
  if (!is_file_name(command.type)) return no_agent(command);
  Program program;
  auto environment = base_environment(paths, node_name);
  if (command.standard == AgentClass::ocf) {
    if (!is_file_name(command.provider)) return no_agent(command);
    add_ocf(environment, command, paths);
    program.arguments = {paths.ocf_root + "/resource.d/" + command.provider + "/" + command.type,
                         command.action};
  } else {
    program.arguments = {paths.lsb_scripts + "/" + command.type,
                         command.action == "monitor" ? "status" : command.action};
  }
  program.environment = lines_of(environment);
  return program;
}

std::string exit_reason_in(std::string_view errors) {
  const std::size_t at = errors.rfind(kReason);
  if (at == std::string_view::npos) return "";
  std::string_view reason = errors.substr(at + kReason.size());
  reason = reason.substr(0, reason.find('\n'));
  while (!reason.empty() && reason.front() == ' ') reason.remove_prefix(1);
  return clean_line(reason, kReasonMax);
}

std::string clean_line(std::string_view text, std::size_t size_max) {
  std::string result(text.substr(0, size_max));
  while (const auto at = cib::find_invalid_utf8(result)) result[*at] = '?';
  for (char& each : result) {
    if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) each = ' ';
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

int ocf_code_of_lsb(const std::string& action, int code) {
  if (action == "monitor") {
    switch (code) {
      case 0:
        return 0;
      case 1:  // dead, and a pid file is there
      case 2:  // dead, and a lock file is there
      case 3:
        return 7;  // not running
      case 4:
        return 1;
      default:
        return 1;
    }
  }
  return code >= 0 && code <= 7 ? code : 1;  // 1 to 7 mean the same in both
}

}  // namespace fencepost::live
