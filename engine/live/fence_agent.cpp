#include "engine/live/fence_agent.h"

#include <algorithm>
#include <array>

namespace fencepost::live {
namespace {

constexpr std::size_t kComplaintMax = 400;
constexpr std::size_t kShortestSecret = 4;  // shorter values would blot out half of every text

bool is_agent_name(std::string_view text) {
  return text.substr(0, 6) == "fence_" && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '-';
         });
}

}  // namespace

Result<Program> fence_program(const node::AgentCommand& command, const AgentPaths& paths) {
  if (!is_agent_name(command.type))
    return failure({}, "'" + command.type + "' can be no fence agent: their names begin with fence_ (" +
                           command.resource + ")");
  Program program;
  program.arguments = {paths.fence_agents + "/" + command.type};
  program.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"};
  bool has_action = false;
  for (const auto [name, value] : command.parameters) {
    if (name.starts_with("pcmk_") || name.starts_with("CRM_meta_")) continue;  // not the agent's
    const std::string line = std::string(name) + "=" + std::string(value);
    if (line.find_first_of("\n\r") != std::string::npos)
      return failure({}, "option '" + std::string(name) + "' of fence device " + command.resource +
                             " holds a line break, which no fence agent can read");
    has_action = has_action || name == "action";
    program.input += line + "\n";
  }
  // Starting a device is asking it: the agents' API has no start.
  if (!has_action)
    program.input += "action=" + (command.action == "start" ? "monitor" : command.action) + "\n";
  return program;
}

bool may_be_secret(std::string_view option) {
  constexpr std::array<std::string_view, 7> kParts = {"pass",  "secret", "key", "community",
                                                      "token", "login",  "user"};
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return option.find(part) != std::string_view::npos; });
}

std::string complaint_in(std::string_view errors, const node::AgentCommand& command) {
  std::string text(errors);
  for (const auto [name, value] : command.parameters) {
    if (!may_be_secret(name) || value.size() < kShortestSecret) continue;
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at))
      text.replace(at, value.size(), "***");
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::size_t line = text.rfind('\n');
  return clean_line(line == std::string::npos ? text : text.substr(line + 1), kComplaintMax);
}

bool knows_action(std::string_view meta_data, std::string_view action) {
  for (const char quote : {'"', '\''}) {
    std::string wanted = "name=";
    wanted += quote;
    wanted += action;
    wanted += quote;
    for (std::size_t at = meta_data.find("<action "); at != std::string_view::npos;
         at = meta_data.find("<action ", at + 1)) {
      const std::string_view element = meta_data.substr(at, meta_data.find('>', at) - at);
      if (element.find(wanted) != std::string_view::npos) return true;
    }
  }
  return false;
}

}  // namespace fencepost::live
