// Which entries are kept was observed on a real cluster (Pacemaker 2.1.5):
//   a result of a one-time action replaces <rsc>_last_0;
//   a good result of a recurring one replaces <rsc>_<operation>_<ms>; a bad one leaves that entry as it is;
//   every failure replaces <rsc>_last_failure_0;
//   a pending action already stands where its result will; stopping a resource leaves its monitors' entries
//   there.
#include "engine/cib/history.h"

#include <algorithm>

namespace fencepost::cib {
namespace {

bool is_failure(const OpHistory& result) {
  if (result.status == OpStatus::pending || result.status == OpStatus::cancelled) return false;
  if (result.status != OpStatus::done) return true;
  const auto key = parse_transition_key(result.transition_key);
  return !key || key->target_rc != static_cast<int>(result.rc);
}

ResourceHistory& ensure_resource(NodeState& state, const ResourceIdentity& resource) {
  state.has_lrm = true;
  for (auto& history : state.resources) {
    if (history->id == resource.id) return history.edit();
  }
  ResourceHistory history;
  history.id = resource.id;
  history.agent = resource.agent;
  history.container = resource.container;
  return state.resources.emplace_back(std::move(history)).edit();
}

void put(ResourceHistory& history, SharedValue<OpHistory>& result, const std::string& id,
         const std::string& key) {
  if (result->id != id || result->operation_key != key) {
    OpHistory& own = result.edit();
    own.id = id;
    own.operation_key = key;
  }
  const auto old = std::ranges::find(history.ops, id, &OpHistory::id);
  if (old == history.ops.end()) {
    history.ops.push_back(result);
  } else {
    *old = result;
  }
}

}  // namespace

NodeState* edit_node_state(Status& status, std::string_view uname) {
  for (auto& state : status.nodes) {
    if (equal_ignoring_case(state->uname, uname)) return &state.edit();
  }
  return nullptr;
}

NodeState& ensure_node_state(Status& status, std::string_view id, std::string_view uname) {
  if (NodeState* state = edit_node_state(status, uname)) return *state;
  NodeState state;
  state.id = id;
  state.uname = uname;
  return status.nodes.emplace_back(std::move(state)).edit();
}

SharedValue<OpHistory> record(NodeState& state, const ResourceIdentity& resource,
                              SharedValue<OpHistory> result) {
  ResourceHistory& history = ensure_resource(state, resource);
  const bool recurring = result->interval.count() > 0;
  const bool failed = is_failure(result);
  const std::string prefix(resource.id);
  const std::string key = prefix + "_" + result->operation + "_" + std::to_string(result->interval.count());
  if (failed) put(history, result, prefix + "_last_failure_0", key);
  if (!failed || !recurring) put(history, result, recurring ? key : prefix + "_last_0", key);
  return result;
}

void erase_op(NodeState& state, std::string_view resource, std::string_view op_id) {
  for (auto& history : state.resources) {
    if (history->id != resource || !find_op(*history, op_id)) continue;
    std::erase_if(history.edit().ops, [op_id](const OpHistory& op) { return op.id == op_id; });
  }
}

void erase_resource(NodeState& state, std::string_view resource) {
  std::erase_if(state.resources, [resource](const auto& history) { return history->id == resource; });
}

void erase_history(NodeState& state) {
  state.has_lrm = false;
  state.lrm_extras = {};
  state.lrm_resources_extras = {};
  state.resources.clear();
}

void erase_transient_attributes(NodeState& state) {
  state.has_transient_attributes = false;
  state.transient_extras = {};
  state.transient_attributes.clear();
}

const std::string* transient_attribute(const NodeState& state, std::string_view name) {
  for (const NvpairBlock& block : state.transient_attributes) {
    if (const std::string* value = block.find(name)) return value;
  }
  return nullptr;
}

void set_transient_attribute(NodeState& state, std::string_view name, std::string_view value) {
  for (NvpairBlock& block : state.transient_attributes) {
    const auto pair = std::ranges::find(block.pairs, name, &Nvpair::name);
    if (pair == block.pairs.end()) continue;
    pair->value = value;
    return;
  }
  state.has_transient_attributes = true;
  if (state.transient_extras.attributes.empty())
    state.transient_extras.attributes.push_back({"id", state.id});
  if (state.transient_attributes.empty()) state.transient_attributes.emplace_back().id = "status-" + state.id;
  NvpairBlock& block = state.transient_attributes.front();
  Nvpair pair;
  pair.id = as_xml_id(block.id + "-" + std::string(name));
  pair.name = name;
  pair.value = value;
  block.pairs.push_back(std::move(pair));
}

bool erase_transient_attribute(NodeState& state, std::string_view name) {
  std::size_t erased = 0;
  for (NvpairBlock& block : state.transient_attributes) {
    erased += std::erase_if(block.pairs, [name](const Nvpair& pair) { return pair.name == name; });
  }
  return erased > 0;
}

}  // namespace fencepost::cib
