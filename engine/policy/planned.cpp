// The draft's actions and links as a decision shows them.
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/graph_parts.h"

namespace fencepost::policy {
namespace {

// Only what must be told has words of its own: what need not be is named as it would be.
std::string notify_label(const Draft& d, const PlanAction& action, const std::string& name) {
  const std::string* type = action.find_meta("notify_key_type");
  const std::string* operation = action.find_meta("notify_key_operation");
  if (type != nullptr && operation != nullptr) return name + "_" + *type + "_notify_" + *operation + "_0";
  const Task task = action.key.task;
  if (action.key.notify == Notify::pre) return name + "_pre_notify_" + std::string{word(task)} + "_0";
  if (action.key.notify == Notify::post) return name + "_post_notify_" + std::string{word(done(task))} + "_0";
  return key_text(d, action);
}

std::string key_label(const Draft& d, const PlanAction& action) {
  const std::string& name = d[action.resource].history_name;
  if (name.empty()) return key_text(d, action);
  if (action.key.notify != Notify::no) return notify_label(d, action, name);
  return key_text(name, action.key, action.word);
}

std::string label(const Draft& d, const PlanAction& action) {
  const std::string node = action.node.valid() ? std::string{d[action.node].name()} : "";
  if (action.task == Task::stonith) {
    const std::string* how = action.find_meta("stonith_action");
    return "stonith '" + (how == nullptr ? "" : *how) + "' " + node;
  }
  std::string text;
  if (action.resource.valid()) {
    text = (action.cancel ? "Cancel " : "") + key_label(d, action);
  } else {
    text = action.pseudo ? action.name : std::string{task_text(d, action)};
  }
  if (!node.empty()) return text + " " + node;
  return action.pseudo ? text : text + " <none>";
}

}  // namespace

std::vector<PlannedAction> planned_actions(const Draft& d) {
  std::vector<PlannedAction> planned;
  planned.reserve(d.actions.size());
  for (const PlanAction& action : d.actions) {
    PlannedAction one;
    one.id = static_cast<std::uint32_t>(action.id.index() + 1);
    one.label = label(d, action);
    one.resource = action.resource;
    one.node = action.node;
    one.pseudo = action.pseudo;
    one.runnable = action.runnable;
    one.optional = action.optional;
    one.in_graph = action.in_graph;
    one.unmanaged = action.resource.valid() && !d[action.resource].managed;
    one.reason = action.reason;
    planned.push_back(std::move(one));
  }
  return planned;
}

std::vector<PlannedOrdering> planned_orderings(const Draft& d) {
  std::vector<PlannedOrdering> planned;
  for (std::size_t i = d.actions.size(); i-- > 0;) {
    const std::size_t start = planned.size();
    for_each_before(d, ActionId{i}, [&](LinkId id) {
      const Link& link = d[id];
      planned.push_back({.first = static_cast<std::uint32_t>(link.first.index() + 1),
                         .then = static_cast<std::uint32_t>(i + 1),
                         .in_graph = link.accepted,
                         .disabled = link.kinds == kNoKind,
                         .load_only = link.kinds == kLoad});
    });
    std::reverse(planned.begin() + static_cast<std::ptrdiff_t>(start), planned.end());
  }
  return planned;
}

}  // namespace fencepost::policy
