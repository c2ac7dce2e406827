// What the cluster looks like, read off configuration and status: every node and resource with all that a
// status page shows. `crm_simulate` prints it as "Current cluster status".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/score.h"
#include "engine/policy/ids.h"
#include "engine/policy/transition_graph.h"

namespace fencepost::policy {

struct Notice {  // what a configuration error or a refused fence would say in the log
  enum class Severity : std::uint8_t { info, warning, error };
  Severity severity = Severity::info;
  std::string text;
};

enum class NodeKind : std::uint8_t { member, remote, guest, ping };
enum class Health : std::uint8_t { green, yellow, red };

struct NodeState {
  std::string name;
  std::string id;  // the cluster layer's id (uuid)
  NodeKind kind = NodeKind::member;
  bool online = false;
  bool unclean = false;  // its state is not known for sure: it needs fencing
  bool pending = false;  // joining
  bool standby = false;
  bool standby_on_fail = false;
  bool maintenance = false;
  bool shutdown = false;
  bool expected_up = false;
  bool is_dc = false;
  bool needs_reset = false;  // guest nodes only
  Health health = Health::green;
  int active_resources = 0;
  ResourceId connection;              // remote and guest nodes
  std::string feature_set;            // "" if the node does not say
  std::vector<NameValue> attributes;  // sorted by name, those that crm_simulate -A may show
};

enum class Variant : std::uint8_t { primitive, group, clone, bundle };

struct MaskedProbeFailure {  // a probe that found "not installed" and the like: shown beside Stopped
  NodeId node;
  bool on_node_recorded = false;  // the history entry itself names its node
  int rc = 0;
};

struct ResourceState {
  std::string id;            // internal id: drbd:0
  std::string name;          // what people read: the configured id for anonymous instances, else the id
  std::string history_name;  // what histories call it, when that is not the id: drbd
  Variant variant = Variant::primitive;
  ResourceId parent;
  ResourceId container;              // what it runs in: of a guest's connection, the guest
  std::vector<ResourceId> children;  // group members, clone instances, per bundle replica: see `replicas`
  std::string agent_class, provider, type;
  std::string description;
  Role role = Role::stopped;
  bool managed = true;
  bool maintenance = false;
  bool blocked = false;
  bool failed = false;
  bool failure_ignored = false;
  bool orphan = false;
  bool internal = false;  // connections of guest nodes: not shown as text
  bool unique = false;
  bool promotable = false;
  bool start_pending = false;
  std::string target_role;         // raw text of the meta-attribute, "" if unset
  Role target = Role::unknown;     // parsed; unknown when unset or without meaning here
  std::vector<NodeId> active_on;   // in the order of discovery
  NodeId current;                  // the "current node", invalid when nowhere
  std::vector<NodeId> known_on;    // nodes where its state is known, by name
  std::vector<NodeId> allowed_on;  // nodes of its score table, by name
  std::string pending_task;        // start, stop, migrate_to, …: "" if nothing is pending
  NodeId pending_node;
  NodeId lock_node;  // shutdown lock
  int clone_max = 0;
  std::vector<MaskedProbeFailure> probe_failures;
};

struct BundleReplica {
  int number = 0;
  ResourceId ip, container, connection, inner;  // ip and inner may be missing
  NodeId node;                                  // the guest node
  std::string ip_address;
};

struct BundleState {
  ResourceId resource;
  std::string image;
  std::string engine;  // docker, podman, rkt
  bool unique = false;
  std::vector<BundleReplica> replicas;
};

// One entry of "Failed Resource Actions".
struct FailedOperation {
  std::string key;  // fs_monitor_20000
  std::string resource;
  NodeId node;
  int rc = 0;
  int expected_rc = 0;
  int status = 0;
  int call_id = 0;
  std::string exit_reason;
  std::optional<std::int64_t> last_rc_change;
  std::optional<std::int64_t> queue_ms;
  std::optional<std::int64_t> exec_ms;
};

// Fail count of a resource on a node: one line of "Migration Summary".
struct FailCount {
  std::string resource;
  NodeId node;
  Score count;
  Score migration_threshold = Score::infinity();
  std::optional<std::int64_t> last_failure;
};

struct TicketState {
  std::string id;
  bool granted = false;
  bool standby = false;
  std::optional<std::int64_t> last_granted;
};

struct ClusterState {
  std::vector<NodeState> nodes;          // by name; a NodeId indexes it
  std::vector<ResourceState> resources;  // a ResourceId indexes it
  std::vector<ResourceId> top_level;     // in the order in which they are listed
  std::vector<BundleState> bundles;
  std::vector<FailedOperation> failed_operations;
  std::vector<FailCount> fail_counts;
  std::vector<TicketState> tickets;
  bool have_quorum = false;
  bool maintenance_mode = false;
  bool stonith_enabled = true;
  bool symmetric = true;
  std::string dc;              // node id
  int disabled_resources = 0;  // leaf instances that may not run
  int blocked_resources = 0;
  int total_resources = 0;

  const NodeState& operator[](NodeId id) const { return nodes[id.index()]; }
  const ResourceState& operator[](ResourceId id) const { return resources[id.index()]; }
};

}  // namespace fencepost::policy
