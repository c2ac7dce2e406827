#include "tools/crm_simulate/diagnostics_text.h"

#include <algorithm>
#include <string>

#include "tools/crm_simulate/names.h"

namespace fencepost::crm_simulate {

using policy::ClusterState;
using policy::FailCount;
using policy::FailedOperation;
using policy::NodeId;
using policy::NodeState;

namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string failed_text(const FailedOperation& one, const ClusterState& state) {
  std::string text = one.key + " on " + state[one.node].name + " '" + rc_text(one.rc) + "' (" +
                     std::to_string(one.rc) + "): call=" + std::to_string(one.call_id) + ", status='" +
                     status_text(one.status) + "'";
  if (!one.exit_reason.empty()) text += ", exitreason='" + one.exit_reason + "'";
  if (!one.last_rc_change) return text;
  text += ", last-rc-change='" + clock_text(*one.last_rc_change) + "'";
  if (one.queue_ms) text += ", queued=" + std::to_string(*one.queue_ms) + "ms";
  if (one.exec_ms) text += ", exec=" + std::to_string(*one.exec_ms) + "ms";
  return text;
}

}  // namespace

void print_attributes(TextList& list, const ClusterState& state) {
  bool titled = false;
  for (const NodeState& node : state.nodes) {
    if (!node.online || node.attributes.empty()) continue;
    if (!titled) {
      list.blank_line();
      list.begin("Node Attributes");
    }
    titled = true;
    list.begin("Node: " + node.name);
    for (const policy::NameValue& one : node.attributes)
      list.item(padded(one.name, 32) + "\t: " + padded(one.value, 10));
    list.end();
  }
  if (titled) list.end();
}

void print_fail_counts(TextList& list, const ClusterState& state) {
  list.begin("Migration Summary");
  NodeId titled;
  for (const FailCount& one : state.fail_counts) {
    if (!state[one.node].online) continue;
    if (one.node != titled) {
      if (titled.valid()) list.end();
      list.begin("Node: " + state[one.node].name);
      titled = one.node;
    }
    std::string text = one.resource +
                       ": migration-threshold=" + std::to_string(one.migration_threshold.value()) +
                       " fail-count=" + std::to_string(one.count.value());
    if (one.last_failure) text += " last-failure='" + clock_text(*one.last_failure) + "'";
    list.item(text);
  }
  if (titled.valid()) list.end();
  list.end();
}

void print_failures(TextList& list, const ClusterState& state) {
  const auto is_online = [](const NodeState& node) { return node.online; };
  if (std::any_of(state.nodes.begin(), state.nodes.end(), is_online)) {
    list.blank_line();
    print_fail_counts(list, state);
  }
  if (state.failed_operations.empty()) return;
  list.blank_line();
  list.begin("Failed Resource Actions");
  for (const FailedOperation& one : state.failed_operations) list.item(failed_text(one, state));
  list.end();
}

}  // namespace fencepost::crm_simulate
