#include "tools/crm_simulate/names.h"

#include <array>

#include "engine/cib/date.h"

namespace fencepost::crm_simulate {

using policy::ClusterState;
using policy::NodeKind;
using policy::NodeState;
using policy::ResourceId;
using policy::ResourceState;

namespace {

std::string two_digits(int number, char fill) {
  return number < 10 ? std::string(1, fill) + std::to_string(number) : std::to_string(number);
}

}  // namespace

std::string clock_text(std::int64_t seconds) {
  static constexpr std::array<const char*, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const cib::CalendarTime time = cib::calendar(WallSeconds{seconds});
  return std::string(kDays[static_cast<std::size_t>(time.weekday - 1)]) + " " +
         kMonths[static_cast<std::size_t>(time.month - 1)] + " " + two_digits(time.day, ' ') + " " +
         two_digits(time.hour, '0') + ":" + two_digits(time.minute, '0') + ":" +
         two_digits(time.second, '0') + " " + std::to_string(time.year);
}

std::string status_text(int status) {
  switch (status) {
    case -1:
      return "pending";
    case 0:
      return "complete";
    case 1:
      return "Cancelled";
    case 2:
      return "Timed Out";
    case 3:
      return "NOT SUPPORTED";
    case 4:
      return "Error";
    case 5:
      return "Hard error";
    case 6:
      return "Fatal error";
    case 7:
      return "Not installed";
    case 8:
      return "Internal communication failure";
    case 9:
      return "Cannot execute now";
    case 10:
      return "No fence device";
    case 11:
      return "CIB secrets unavailable";
    default:
      return "UNKNOWN!";
  }
}

std::string agent_name(const ResourceState& resource) {
  std::string name = resource.agent_class + ":";
  if (!resource.provider.empty()) name += resource.provider + ":";
  return name + resource.type;
}

std::string pending_text(const ResourceState& resource) {
  const std::string& task = resource.pending_task;
  if (task == "start") return "Starting";
  if (task == "stop") return "Stopping";
  if (task == "migrate_to" || task == "migrate_from") return "Migrating";
  if (task == "promote") return "Promoting";
  if (task == "demote") return "Demoting";
  return "";
}

std::string bracketed(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) text += " " + name;
  return text + " ]";
}

std::string in_parentheses(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? " (" : ", ") + word;
  return text.empty() ? text : text + ")";
}

std::string node_status(const NodeState& node) {
  if (node.unclean) {
    if (node.online) return "UNCLEAN (online)";
    return node.pending ? "UNCLEAN (pending)" : "UNCLEAN (offline)";
  }
  if (node.pending) return "pending";
  if (node.standby_on_fail && node.online) return "standby (on-fail)";
  if (node.standby) {
    if (!node.online) return "OFFLINE (standby)";
    return node.active_resources > 0 ? "standby (with active resources)" : "standby";
  }
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  return node.online ? "online" : "OFFLINE";
}

std::string node_kind_prefix(const NodeState& node) {
  switch (node.kind) {
    case NodeKind::remote:
      return "Remote";
    case NodeKind::guest:
      return "Guest";
    default:
      return "";
  }
}

std::vector<ResourceId> leaves(const ClusterState& state, ResourceId id) {
  if (state[id].variant == policy::Variant::primitive) return {id};
  std::vector<ResourceId> found;
  for (const ResourceId child : state[id].children)
    for (const ResourceId leaf : leaves(state, child)) found.push_back(leaf);
  return found;
}

}  // namespace fencepost::crm_simulate
