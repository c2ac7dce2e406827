#include "tools/crm_simulate/summary.h"

#include <algorithm>
#include <string>

namespace fencepost::crm_simulate {

using policy::Change;
using policy::ClusterState;

namespace {

bool is_node_change(const Change& change) {
  return change.kind == Change::Kind::fence || change.kind == Change::Kind::shutdown;
}

std::string fence_text(const Change& change, const ClusterState& state) {
  std::string text = "Fence (" + change.task + ") " + state[change.origin].name;
  if (!change.resource.empty()) text += " (resource: " + change.resource + ")";
  return text + " '" + change.reason + "'";
}

std::string reason_text(const Change& change) {
  if (change.reason.empty()) return change.blocked ? "  blocked" : "";
  return "  due to " + change.reason + (change.blocked ? " (blocked)" : "");
}

std::string left(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

struct Widths {
  std::size_t id = 5;
  std::size_t details = 5;
};

// A name that does not fit makes the column two wider than itself, so the order of the lines matters.
Widths widths(const policy::Decision& decision) {
  Widths found;
  for (const Change& change : decision.changes) {
    if (is_node_change(change)) continue;
    if (change.resource.size() > found.id) found.id = change.resource.size() + 2;
    found.details = std::max(found.details, details(change, decision.state).size());
  }
  return found;
}

}  // namespace

void print_summary(TextList& list, const policy::Decision& decision) {
  const Widths width = widths(decision);
  for (const Change& change : decision.changes) {
    if (change.kind == Change::Kind::fence) list.item(fence_text(change, decision.state));
    if (is_node_change(change)) continue;
    list.item(left(verb(change), 8) + "   " + left(change.resource, width.id) + "   ( " +
              right(details(change, decision.state), width.details) + " )" + reason_text(change));
  }
}

}  // namespace fencepost::crm_simulate
