// The plan a cluster carries out: actions, and for each of them what must have happened before. A value: it
// can be printed, stored, drawn, compared and executed. Printed as Pacemaker's <transition_graph> it is the
// same text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/name_values.h"

namespace fencepost::policy {

struct NameValue {
  std::string name;
  std::string value;
  auto operator<=>(const NameValue&) const = default;
};

// Who carries an action out.
enum class ActionKind : std::uint8_t {
  resource_op,  // <rsc_op>: the executor of `node` (through `router_node` for a remote or guest node) runs an
                // agent
  pseudo,       // <pseudo_event>: nobody; it is done as soon as its inputs are
  cluster,      // <crm_event>: the controllers: stonith, do_shutdown, clear_failcount, lrm_delete
};

// What the executor needs to know about the resource of a resource_op.
struct ActionResource {
  std::string id;       // as configured (history name for orphans)
  std::string long_id;  // instance name if it differs, e.g. drbd:0
  std::string agent_class;
  std::string provider;
  std::string type;
  auto operator<=>(const ActionResource&) const = default;
};

struct NodeMaintenance {
  std::string node;
  bool in_maintenance = false;
  auto operator<=>(const NodeMaintenance&) const = default;
};

struct Action {
  std::uint32_t id = 0;  // counts from 1 in the order of creation over all actions of the decision
  ActionKind kind = ActionKind::pseudo;
  bool by_dc = false;        // lrm_delete: the DC edits the CIB itself (mode="cib")
  std::string task;          // operation: start, monitor, stonith, …
  std::string key;           // operation_key: fs_start_0, named as the history will name it
  std::string internal_key;  // internal_operation_key: fs:0_start_0, when it differs
  std::string node;          // on_node, empty for most pseudo actions
  std::string node_uuid;
  std::string router_node;  // the cluster node that reaches a remote or guest node
  std::string shutdown_lock;
  ActionResource resource;  // id is empty when there is none
  // Agent parameters and CRM_meta_… names, sorted by name as the XML prints them.
  NameValues attributes;
  std::vector<std::string> downed;  // node ids that are down once this is done
  std::vector<NodeMaintenance> maintenance;

  // The same facts as in `attributes`, for those who execute.
  std::int64_t interval_ms = 0;
  std::int64_t timeout_ms = 0;
  std::int64_t start_delay_ms = 0;
  std::optional<int> target_rc;  // exit code that means success, when it is not 0
  bool no_wait = false;          // op_no_wait: the transition does not wait for the answer
  bool can_fail = false;
  std::string stonith_action;  // reboot, off, on

  bool operator==(const Action&) const = default;

  // An agent parameter or a CRM_meta_ value, if there is one.
  std::optional<std::string_view> attribute(std::string_view name) const { return attributes.find(name); }
  // meta("timeout") finds CRM_meta_timeout.
  std::optional<std::string_view> meta(std::string_view name) const {
    return attributes.find("CRM_meta_", name);
  }
};

// The op-digest that an executor records with the action's result: of its parameters, and of the timeout too
// when it recurs.
std::string recorded_digest(const Action& action);

// One action and what it waits for. Synapses are numbered by their place in TransitionGraph::synapses.
struct Synapse {
  std::int32_t priority = 0;        // printed only when above 0
  std::size_t action = 0;           // index into TransitionGraph::actions
  std::vector<std::size_t> inputs;  // indices into TransitionGraph::actions, by ascending id
  bool operator==(const Synapse&) const = default;
};

struct TransitionGraph {
  std::string cluster_delay = "60s";
  std::string stonith_timeout = "60s";
  std::string failed_stop_offset = "INFINITY";
  std::string failed_start_offset = "INFINITY";
  std::string batch_limit = "0";
  std::string migration_limit;  // empty unless limited
  std::uint32_t transition_id = 0;
  std::optional<std::int64_t> recheck_by;  // seconds since 1970: decide again then, whatever happens

  // The first synapses.size() actions are those of the synapses, in the same order. Any after them are only
  // waited for and will not happen in this transition, so neither will what waits for them.
  std::vector<Action> actions;
  std::vector<Synapse> synapses;

  bool empty() const { return synapses.empty(); }
  bool operator==(const TransitionGraph&) const = default;
};

// Pacemaker's XML of the graph, as `crm_simulate -G` writes it.
std::string to_xml(const TransitionGraph& graph);

// An order of synapses in which every synapse comes after those it waits for; empty if the graph has a cycle.
std::vector<std::size_t> topological_order(const TransitionGraph& graph);
bool is_acyclic(const TransitionGraph& graph);

// Edges (first, then) between synapses without those that follow from others: what a drawing shows.
struct Edge {
  std::size_t first = 0;
  std::size_t then = 0;
  auto operator<=>(const Edge&) const = default;
};
std::vector<Edge> reduced_edges(const TransitionGraph& graph);

// Longest chain of synapses, by the given cost of each: where the time goes.
std::vector<std::size_t> critical_path(const TransitionGraph& graph, const std::vector<std::int64_t>& cost);

}  // namespace fencepost::policy
