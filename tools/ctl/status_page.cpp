#include "tools/ctl/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/cib/values.h"
#include "engine/policy/decision.h"
#include "tools/crm_simulate/diagnostics_text.h"
#include "tools/crm_simulate/names.h"
#include "tools/crm_simulate/status_text.h"

namespace fencepost::ctl {
namespace {

using crm_simulate::TextList;
using policy::ClusterState;

std::string property(const cib::Cib& cib, const char* name, const std::string& otherwise) {
  const std::string* value = cib::find_property(*cib.configuration, name);
  return value == nullptr ? otherwise : *value;
}

std::string attribute(const cib::Cib& cib, std::string_view name) {
  const std::string* value = cib.extras.attribute(name);
  return value == nullptr ? "" : *value;
}

std::string dc_text(const cib::Cib& cib, const ClusterState& state, const PageOptions& options) {
  for (const policy::NodeState& node : state.nodes) {
    if (!node.is_dc) continue;
    return fmt::format("{} (version {}) - partition {} quorum", node.name,
                       property(cib, "dc-version", "Fencepost " + options.version),
                       state.have_quorum ? "with" : "WITHOUT");
  }
  return "NONE";
}

std::string last_change(const cib::Cib& cib) {
  std::string text = attribute(cib, "cib-last-written");
  const auto add = [&](const char* word, const char* name) {
    if (const std::string value = attribute(cib, name); !value.empty()) text += word + value;
  };
  add(" by ", "update-user");
  add(" via ", "update-client");
  add(" on ", "update-origin");
  return text;
}

std::string counted(int number, const std::string& what) {
  return fmt::format("{} {}{} configured", number, what, number == 1 ? "" : "s");
}

std::string resources_text(const ClusterState& state) {
  std::string text = counted(state.total_resources, "resource instance");
  const bool disabled = state.disabled_resources > 0, blocked = state.blocked_resources > 0;
  if (!disabled && !blocked) return text;
  text += " (";
  if (disabled) text += fmt::format("{} DISABLED", state.disabled_resources);
  if (disabled && blocked) text += ", ";
  if (blocked) text += fmt::format("{} BLOCKED from further action due to failure", state.blocked_resources);
  return text + ")";
}

void print_summary(TextList& list, const cib::Cib& cib, const ClusterState& state,
                   const PageOptions& options) {
  list.begin("Cluster Summary");
  list.item("Stack: " + property(cib, "cluster-infrastructure", "corosync"));
  list.item("Current DC: " + dc_text(cib, state, options));
  list.item("Last updated: " + options.clock(options.now.since_epoch));
  if (const std::string change = last_change(cib); !change.empty()) list.item("Last change:  " + change);
  list.item(counted(static_cast<int>(state.nodes.size()), "node"));
  list.item(resources_text(state));
  list.end();
  const char* disabled = state.maintenance_mode
                             ? "  The cluster will not attempt to start, stop or recover services"
                         : cib::is_true(property(cib, "stop-all-resources", "false"))
                             ? "  The cluster will keep all resources stopped"
                             : nullptr;
  if (disabled != nullptr) {
    list.blank_line();
    list.line(state.maintenance_mode ? "              *** Resource management is DISABLED ***"
                                     : "    *** Resource management is DISABLED ***");
    list.line(disabled);
  }
  list.blank_line();
}

// 10000: "10s", 75000: "1m15s", 500: "500ms"
std::string interval_text(std::int64_t ms) {
  if (ms % 1000 != 0) return std::to_string(ms) + "ms";
  const std::int64_t minutes = ms / 60000, seconds = ms / 1000 % 60;
  return (minutes > 0 ? std::to_string(minutes) + "m" : "") +
         (seconds > 0 ? std::to_string(seconds) + "s" : "");
}

// "fs 20s-interval monitor" of the key fs_monitor_20000
std::string operation_text(const policy::FailedOperation& one) {
  const std::size_t last = one.key.rfind('_');
  const std::size_t before = last == std::string::npos ? last : one.key.rfind('_', last - 1);
  if (before == std::string::npos) return one.key;
  std::string operation = one.key.substr(before + 1, last - before - 1);
  const std::int64_t ms = std::strtoll(one.key.c_str() + last + 1, nullptr, 10);
  if (operation == "monitor" && ms == 0) operation = "probe";
  return one.resource + " " + (ms > 0 ? interval_text(ms) + "-interval " : "") + operation;
}

std::string failure_text(const policy::FailedOperation& one, const ClusterState& state,
                         const PageOptions& options) {
  std::string text = operation_text(one) + " on " + state[one.node].name;
  const std::string& reason = one.exit_reason;
  if (one.status == static_cast<int>(cib::OpStatus::done)) {
    text += " returned '" + cib::rc_text(one.rc) + "'" + (reason.empty() ? "" : " (" + reason + ")");
  } else {
    text += " could not be executed (" + crm_simulate::status_text(one.status) +
            (reason.empty() ? "" : ": " + reason) + ")";
  }
  if (one.last_rc_change) text += " at " + options.clock(*one.last_rc_change);
  if (const std::int64_t ms = one.exec_ms.value_or(0); ms > 0)
    text += ms % 1000 == 0 ? fmt::format(" after {}s", ms / 1000)
                           : fmt::format(" after {}.{:03}s", ms / 1000, ms % 1000);
  return text;
}

void print_failures(TextList& list, const ClusterState& state, const PageOptions& options) {
  if (state.failed_operations.empty()) return;
  list.blank_line();
  list.begin("Failed Resource Actions");
  for (const policy::FailedOperation& one : state.failed_operations)
    list.item(failure_text(one, state, options));
  list.end();
}

// What crm_mon leaves out of Node Attributes, as seen: it stands elsewhere on the page, or nobody set it.
bool is_shown_elsewhere(const policy::NameValue& attribute) {
  static constexpr std::array kPrefixes = {"#", "fail-count-", "last-failure-"};
  static constexpr std::array kNames = {"shutdown", "standby", "terminate", "probe_complete"};
  const auto starts = [&](const char* prefix) { return attribute.name.starts_with(prefix); };
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), starts) ||
         std::find(kNames.begin(), kNames.end(), attribute.name) != kNames.end();
}

// Of an anonymous clone people know the resource, and each node has one instance of it.
void use_known_names(ClusterState& state) {
  std::map<std::string, std::string> names;
  for (const policy::ResourceState& each : state.resources) names[each.id] = each.name;
  const auto known = [&](const std::string& id) { return names.contains(id) ? names.at(id) : id; };
  std::set<std::pair<std::string, policy::NodeId>> counted;
  for (policy::FailCount& each : state.fail_counts) each.resource = known(each.resource);
  std::erase_if(state.fail_counts, [&](const policy::FailCount& each) {
    return !counted.emplace(each.resource, each.node).second;
  });
  for (policy::FailedOperation& each : state.failed_operations) each.resource = known(each.resource);
}

// A probe that found no agent is told beside the stopped resource.
bool is_told_already(const policy::FailedOperation& one) {
  return one.key.ends_with("_monitor_0") && one.rc == static_cast<int>(cib::AgentRc::not_installed);
}

}  // namespace

std::string status_page(const cib::Cib& cib, const PageOptions& options) {
  policy::Snapshot snapshot;
  snapshot.cib = &cib;
  snapshot.now = options.now;
  ClusterState state = policy::read_state(snapshot);
  for (policy::NodeState& node : state.nodes) std::erase_if(node.attributes, is_shown_elsewhere);
  std::erase_if(state.failed_operations, is_told_already);
  use_known_names(state);
  TextList list(false);
  print_summary(list, cib, state, options);
  print_status(list, state, {.pending = true, .attributes = options.attributes, .fail_counts = false});
  if (options.fail_counts) {
    list.blank_line();
    crm_simulate::print_fail_counts(list, state);
  }
  print_failures(list, state, options);
  return list.take();
}

}  // namespace fencepost::ctl
