// Who is online, who is leaving, and who must be fenced before anybody may be sure (§2).
#include <algorithm>

#include "engine/policy/fencing.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

struct Membership {
  bool in_ccm_known = false;
  bool in_ccm = false;
  bool crmd_online = false;
  bool expected_member = false;
  bool expected_down = false;
  std::string_view join;
  bool shutdown = false;
  bool terminate = false;
};

const std::string* attribute(const Node& node, std::string_view name) { return node.attributes.find(name); }

bool attribute_true(const Node& node, std::string_view name) {
  const std::string* text = attribute(node, name);
  return text != nullptr && cib::is_true(*text);
}

bool shutdown_requested(const Node& node) {
  const std::string* text = attribute(node, "shutdown");
  return text != nullptr && *text != "0";
}

bool termination_requested(const Node& node) {
  const std::string* text = attribute(node, "terminate");
  if (text == nullptr || text->empty()) return false;
  return cib::is_true(*text) || ((*text)[0] >= '1' && (*text)[0] <= '9');
}

Membership membership_of(const Node& node) {
  const cib::NodeState& state = *node.state;
  Membership m;
  m.in_ccm_known = !state.in_ccm.empty();
  m.in_ccm = cib::is_true(state.in_ccm);
  m.crmd_online = cib::equal_ignoring_case(state.crmd, "online");
  m.join = state.join.empty() ? std::string_view{"down"} : std::string_view{state.join};
  m.expected_member = cib::equal_ignoring_case(state.expected, "member");
  m.expected_down = !m.expected_member;
  m.shutdown = node.shutting_down;
  m.terminate = termination_requested(node);
  return m;
}

bool join_is(const Membership& m, std::string_view word) { return cib::equal_ignoring_case(m.join, word); }

void wait_for_join(Node& node) {
  node.standby = true;
  node.pending = true;
}

// With fencing, whoever cannot be accounted for is shot (the table of §2.3, first match).
bool online_with_fencing(Draft& d, NodeId id, const Membership& m) {
  Node& node = d[id];
  if (m.shutdown) return m.crmd_online;
  if (!m.in_ccm_known) {
    fence(d, id, {.reason = "peer has not been seen by the cluster"});
  } else if (join_is(m, "banned")) {
    fence(d, id, {.reason = "peer failed Pacemaker membership criteria"});
  } else if (!m.terminate && m.expected_down) {
    if (m.in_ccm || m.crmd_online) wait_for_join(node);
  } else if (m.terminate && join_is(m, "down") && !m.in_ccm && !m.crmd_online) {
    // It was just shot.
  } else if (!m.in_ccm) {
    fence(d, id, {.reason = "peer is no longer part of the cluster", .priority_delay = true});
  } else if (!m.crmd_online) {
    fence(d, id, {.reason = "peer process is no longer available"});
  } else if (m.terminate) {
    fence(d, id, {.reason = "termination was requested"});
  } else if (join_is(m, "member")) {
    // All is well.
  } else if (join_is(m, "pending") || join_is(m, "down")) {
    wait_for_join(node);
  } else {
    fence(d, id, {.reason = "peer was in an unknown state"});
  }
  return m.in_ccm;
}

bool online_without_fencing(Draft& d, NodeId id, const Membership& m) {
  if (!m.in_ccm) return false;
  if (m.crmd_online) return join_is(m, "member");
  if (!m.shutdown && m.expected_member) fence(d, id, {.reason = "peer is unexpectedly down"});
  return false;
}

void settle_member(Draft& d, NodeId id) {
  Node& node = d[id];
  node.shutting_down = shutdown_requested(node);
  const Membership m = membership_of(node);
  node.expected_up = !node.shutting_down && m.expected_member;
  node.online = d.options.stonith ? online_with_fencing(d, id, m) : online_without_fencing(d, id, m);
  // Resources made from here on (orphans) start from this; the others took the node's score before.
  if (!node.online || node.shutting_down) node.score = -Score::kInfinity;
}

void read_transient_attributes(Draft& d, Node& node) {
  cib::RuleContext context{.now = d.now};
  cib::NvTable transient;
  cib::merge(transient, node.state->transient_attributes, context, cib::Merge::overwrite);
  for (const auto& entry : transient) node.attributes.set(entry.name, entry.value);
  const std::string* site = attribute(node, "site-name");
  if (site != nullptr && attribute(node, "#site-name") == nullptr) node.attributes.set("#site-name", site);
}

void read_member_state(Draft& d, NodeId id) {
  Node& node = d[id];
  node.knows_maintenance = cib::parse_integer(node.state->node_in_maintenance).value_or(0) != 0;
  node.unclean = false;
  node.unseen = false;
  read_transient_attributes(d, node);
  if (attribute_true(node, "standby")) node.standby = true;
  if (attribute_true(node, "maintenance")) node.maintenance = true;
  if (node.kind == NodeKind::ping) {
    node.online = false;
    return;
  }
  settle_member(d, id);
  if (!d.have_quorum && d.options.no_quorum == QuorumPolicy::suicide && node.online) {
    fence(d, id, {.reason = "cluster does not have quorum"});
  }
}

NodeId find_node(const Draft& d, const cib::NodeState& state) {
  for (const Node& node : d.nodes) {
    if (!state.id.empty() && cib::equal_ignoring_case(node.spec->id, state.id)) return node.id;
  }
  for (const Node& node : d.nodes) {
    if (!state.uname.empty() && cib::equal_ignoring_case(node.spec->name, state.uname)) return node.id;
  }
  return {};
}

}  // namespace

void read_node_states(Draft& d) {
  for (const auto& shared : d.cib->status.nodes) {
    const cib::NodeState& state = *shared;
    const NodeId id = find_node(d, state);
    if (!id.valid()) continue;
    d[id].state = &state;
    d.states.push_back(id);
    if (d[id].late) continue;
    if (d[id].is_remote()) {
      d[id].was_fenced = cib::parse_integer(state.node_fenced).value_or(0) != 0;
    } else {
      read_member_state(d, id);
    }
  }
}

void settle_remote_node(Draft& d, NodeId id) {
  Node& node = d[id];
  if (!node.connection.valid()) {
    node.online = false;
    return;
  }
  const Resource& connection = d[node.connection];
  const ResourceId container_id = guest_container(d, id);
  const Resource* container = container_id.valid() ? &d[container_id] : nullptr;
  NodeId host;
  if (container != nullptr && connection.active_on.size() == 1) host = connection.active_on.front();
  if (connection.role == Role::started) {
    node.online = true;
    if (connection.next_role == Role::stopped) node.shutting_down = true;
  }
  if (container != nullptr && container->failed) {
    node.online = false;
    node.needs_reset = true;
  } else if (connection.failed) {
    node.online = false;
  } else if (connection.role == Role::stopped || (container != nullptr && container->role == Role::stopped)) {
    node.online = false;
    node.needs_reset = false;
  } else if (host.valid() && !d[host].online && d[host].unclean) {
    node.online = false;
    node.needs_reset = true;
  }
}

// What a remote or guest node says of itself counts from when its connection is known, and not at all if its
// history is never read.
void read_remote_attributes(Draft& d, NodeId id) {
  Node& node = d[id];
  node.knows_maintenance = cib::parse_integer(node.state->node_in_maintenance).value_or(0) != 0;
  set_automatic_attributes(d, node);
  read_transient_attributes(d, node);
  if (!node.needs_reset) {
    node.unclean = false;
    node.unseen = false;
  }
  node.asked_to_leave = shutdown_requested(node);
  node.shutting_down = node.shutting_down || node.asked_to_leave;
  if (attribute_true(node, "standby")) node.standby = true;
  const bool unmanaged_connection = node.connection.valid() && !d[node.connection].managed;
  if (attribute_true(node, "maintenance") || unmanaged_connection) node.maintenance = true;
  if (const std::string* discovery = attribute(node, "resource-discovery-enabled")) {
    if (!cib::is_true(*discovery) && (node.kind == NodeKind::guest || d.options.stonith))
      node.discovery = false;
  }
}

void settle_remote_nodes(Draft& d) {
  for (const Node& node : d.nodes) {
    if (!node.is_remote()) continue;
    // Who leaves takes the connection down, whatever its history says.
    if (node.shutting_down && node.connection.valid()) d[node.connection].next_role = Role::stopped;
    if (!node.history_read) settle_remote_node(d, node.id);
  }
}

}  // namespace fencepost::policy
