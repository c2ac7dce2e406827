#include "engine/policy/actions.h"

#include <algorithm>

#include "engine/policy/fencing.h"

namespace fencepost::policy {
namespace {

Needs needs_of(const Draft& d, ResourceId resource, Task task) {
  if (task != Task::start && task != Task::promote) return Needs::nothing;
  switch (d[resource].def->needs) {
    case Requires::fencing:
    case Requires::unfencing:
      return Needs::fencing;
    case Requires::quorum:
      return Needs::quorum;
    case Requires::nothing:
      break;
  }
  return Needs::nothing;
}

void update_optional(const Draft& d, PlanAction& action, Demand demand) {
  const Resource& r = d[action.resource];
  if (action.node.valid() && !r.managed && !action.pseudo && action.key.interval_ms == 0) {
    action.optional = true;
  } else if (demand == Demand::required) {
    action.optional = false;
  }
}

QuorumPolicy effective_policy(Draft& d, Resource& r) {
  if (d.have_quorum) return QuorumPolicy::ignore;
  if (d.options.no_quorum != QuorumPolicy::demote) return d.options.no_quorum;
  if (r.role != Role::promoted && r.role != Role::unpromoted) return QuorumPolicy::stop;
  if (r.next_role > Role::unpromoted) r.next_role = Role::unpromoted;
  return QuorumPolicy::ignore;
}

bool node_counts_as_offline(const Draft& d, const PlanAction& action) {
  const Node& node = d[action.node];
  if (node.online || action.by_dc) return false;
  return node.kind != NodeKind::guest || node.needs_reset;
}

void stop_runnable(PlanAction& action, std::string reason = {}, bool overwrite = false) {
  action.runnable = false;
  if (!reason.empty()) set_reason(action, std::move(reason), overwrite);
}

// Whether the action could be carried out if all it waits for were done.
void update_runnable(Draft& d, ActionId id) {
  PlanAction& action = d[id];
  if (action.pseudo) return;
  if (!action.node.valid()) return stop_runnable(action);
  Resource& r = d[action.resource];
  if (node_counts_as_offline(d, action)) {
    stop_runnable(action);
    if (action.task == Task::stop && r.managed && !d[action.node].unclean) {
      fence(d, action.node, {.reason = "stop is unrunnable"});
    }
    return;
  }
  if (d[action.node].pending && !action.by_dc) return stop_runnable(action);
  if (action.needs == Needs::nothing) {
    action.reason.clear();
    action.runnable = d[action.node].kind != NodeKind::guest || can_fence(d, action.node);
    return;
  }
  switch (effective_policy(d, r)) {
    case QuorumPolicy::stop:
      return stop_runnable(action, "no quorum", true);
    case QuorumPolicy::freeze:
      if (!fully_or_partly_active(d, action.resource, true) || r.next_role > r.role) {
        return stop_runnable(action, "quorum freeze", true);
      }
      break;
    default:
      break;
  }
  action.runnable = true;
}

ActionId make(Draft& d, ResourceId resource, Key key, Task task, NodeId node) {
  const ActionId id{d.actions.size()};
  PlanAction& action = d.actions.emplace_back();
  action.id = id;
  action.resource = resource;
  action.node = node;
  action.key = key;
  action.task = task;
  action.by_dc = task == Task::lrm_delete;
  if (resource.valid()) {
    Resource& r = d[resource];
    if (r.actions.empty()) {  // a primitive has seldom more
      r.actions.reserve(8);
      r.marks.reserve(8);
    }
    r.actions.push_back(id);
    r.marks.push_back({key, node});
  }
  return id;
}

}  // namespace

ActionId request(Draft& d, ResourceId resource, Key key, NodeId node, Demand demand) {
  return request_named(d, resource, key, operation_word(d, key), node, demand);
}

ActionId request_named(Draft& d, ResourceId resource, Key key, std::string_view word, NodeId node,
                       Demand demand) {
  ActionId id = find_oldest(d, resource, key, node);
  if (!id.valid()) {
    const Task task = task_of(key);
    id = make(d, resource, key, task, node);
    PlanAction& action = d[id];
    action.word = word;
    action.needs = needs_of(d, resource, task);
    action.op = find_op(d, resource, key, word);
  }
  update_optional(d, d[id], demand);
  update_runnable(d, id);
  return id;
}

ActionId request_cluster(Draft& d, const std::string& name, Task task, NodeId node, Demand demand) {
  const auto known = d.one_or_more.find(name);
  ActionId id;
  if (known != d.one_or_more.end()) {
    id = known->second;
  } else {
    id = make(d, ResourceId{}, Key{}, task, node);
    d[id].name = name;
    d.one_or_more.emplace(name, id);
  }
  if (demand == Demand::required) d[id].optional = false;
  return id;
}

ActionId request_pseudo(Draft& d, ResourceId resource, Key key, bool optional, bool runnable) {
  const ActionId id = request(d, resource, key, NodeId{}, optional ? Demand::optional : Demand::required);
  d[id].pseudo = true;
  if (runnable) d[id].runnable = true;
  return id;
}

ActionId milestone(Draft& d, const std::string& name, Task task) {
  const ActionId id = request_cluster(d, name, task, NodeId{}, Demand::optional);
  d[id].pseudo = true;
  d[id].runnable = true;
  return id;
}

Key operation_key(Draft& d, std::string_view name, std::uint32_t interval_ms) {
  const Task known = task_from_word(name);
  if (known != Task::custom) return key(known, interval_ms);
  for (std::size_t i = 0; i < d.custom_words.size(); ++i) {
    if (*d.custom_words[i] == name)
      return key(static_cast<Task>(static_cast<std::size_t>(Task::custom) + i), interval_ms);
  }
  d.custom_words.push_back(d.keep(std::string{name}));
  return key(static_cast<Task>(static_cast<std::size_t>(Task::custom) + d.custom_words.size() - 1),
             interval_ms);
}

std::string_view operation_word(const Draft& d, Key key) {
  if (key.task < Task::custom) return word(key.task);
  const std::size_t index = static_cast<std::size_t>(key.task) - static_cast<std::size_t>(Task::custom);
  return index < d.custom_words.size() ? std::string_view{*d.custom_words[index]} : std::string_view{};
}

// ---------------------------------------------------------------- finding

namespace {

// An action that is known to nobody's node is meant for this one.
void take_node(Draft& d, ResourceId resource, std::size_t index, NodeId node) {
  d[resource].marks[index].node = node;
  d[d[resource].actions[index]].node = node;
}

}  // namespace

ActionId find_action(const Draft& d, ResourceId resource, Key key, NodeId node) {
  const auto& marks = d[resource].marks;
  for (std::size_t i = marks.size(); i-- > 0;) {
    if (marks[i].key == key && (!node.valid() || marks[i].node == node)) return d[resource].actions[i];
  }
  return {};
}

ActionId find_oldest(Draft& d, ResourceId resource, Key key, NodeId node) {
  const auto& marks = d[resource].marks;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].key != key) continue;
    const bool anywhere = !marks[i].node.valid();
    if (anywhere && node.valid()) take_node(d, resource, i, node);
    if (!node.valid() || marks[i].node == node) return d[resource].actions[i];
  }
  return {};
}

std::vector<ActionId> find_actions(Draft& d, ResourceId resource, Key key, NodeId node) {
  std::vector<ActionId> found;
  const auto& marks = d[resource].marks;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].key != key) continue;
    if (node.valid() && !marks[i].node.valid()) take_node(d, resource, i, node);
    if (!node.valid() || marks[i].node == node) found.push_back(d[resource].actions[i]);
  }
  return found;
}

std::vector<ActionId> find_exact(const Draft& d, ResourceId resource, Key key, NodeId node) {
  std::vector<ActionId> found;
  if (!node.valid()) return found;
  const auto& marks = d[resource].marks;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].key == key && marks[i].node == node) found.push_back(d[resource].actions[i]);
  }
  return found;
}

// ---------------------------------------------------------------- reasons and settings

void set_reason(PlanAction& action, std::string reason, bool overwrite) {
  if (action.reason.empty() || overwrite) action.reason = std::move(reason);
}

void require(PlanAction& action, std::string reason, bool overwrite) {
  action.optional = false;
  if (!reason.empty()) set_reason(action, std::move(reason), overwrite);
}

const OpSpec* find_op(const Draft& d, ResourceId resource, Key key, std::string_view word) {
  const Definition& def = *d[resource].def;
  const auto find = [&def](auto matches) -> const OpSpec* {
    for (const OpSpec& op : def.ops) {
      if (matches(op)) return &op;
    }
    return nullptr;
  };
  if (key.notify == Notify::no) {
    const OpSpec* exact = find([&](const OpSpec& op) {
      return op.interval_ms == key.interval_ms &&
             (key.task >= Task::custom ? cib::equal_ignoring_case(op.name, word)
                                       : op.task == key.task || cib::equal_ignoring_case(op.name, word));
    });
    if (exact != nullptr) return exact;
    if (key.task == Task::migrate_to || key.task == Task::migrate_from) {
      return find([](const OpSpec& op) { return op.name == "migrate" && op.interval_ms == 0; });
    }
    return nullptr;
  }
  return find([](const OpSpec& op) { return op.task == Task::notify && op.interval_ms == 0; });
}

// ---------------------------------------------------------------- links

namespace {

bool is_linked(const Draft& d, ActionId first, ActionId then, Kinds kinds) {
  const bool search_after = d[first].afters <= d[then].befores;
  for (LinkId at = search_after ? d[first].newest_after : d[then].newest_before; at.valid();) {
    const Link& l = d[at];
    if (l.first == first && l.then == then && (l.original & kinds) != 0) return true;
    at = search_after ? l.older_after : l.older_before;
  }
  return false;
}

}  // namespace

bool link(Draft& d, ActionId first, ActionId then, Kinds kinds) {
  if (kinds == kNoKind || first == then) return false;
  if (is_linked(d, first, then, kinds)) return false;
  PlanAction& from = d[first];
  PlanAction& to = d[then];
  const LinkId id{d.links.size()};
  d.links.push_back({.first = first,
                     .then = then,
                     .kinds = kinds,
                     .original = kinds,
                     .older_before = to.newest_before,
                     .older_after = from.newest_after});
  from.newest_after = id;
  to.newest_before = id;
  ++from.afters;
  ++to.befores;
  return true;
}

}  // namespace fencepost::policy
