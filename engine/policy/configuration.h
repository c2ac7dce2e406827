// The configuration as decisions use it: options parsed, resources expanded (templates, clones, bundles,
// guest nodes), meta-attributes merged, operations resolved. Made once, shared by every decision of that
// configuration.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/score.h"
#include "engine/base/time.h"
#include "engine/cib/cib.h"
#include "engine/cib/merge.h"
#include "engine/policy/cluster_state.h"
#include "engine/policy/ids.h"
#include "engine/policy/key.h"
#include "engine/policy/snapshot.h"

namespace fencepost::policy {

enum class QuorumPolicy : std::uint8_t { stop, freeze, ignore, demote, suicide };
enum class PlacementStrategy : std::uint8_t { standard, utilization, minimal, balanced };
enum class HealthStrategy : std::uint8_t { none, migrate_on_red, only_green, progressive, custom };

struct Options {
  QuorumPolicy no_quorum = QuorumPolicy::stop;
  PlacementStrategy placement = PlacementStrategy::standard;
  HealthStrategy health = HealthStrategy::none;
  cib::HealthScores health_scores;
  Score health_base;
  bool symmetric = true;
  bool maintenance_mode = false;
  bool start_failure_is_fatal = true;
  bool startup_probes = true;
  bool shutdown_lock = false;
  std::int64_t shutdown_lock_limit_s = 0;
  bool stonith = true;
  std::string stonith_action = "reboot";
  std::string stonith_timeout = "60s";
  bool have_watchdog = false;
  bool concurrent_fencing = false;
  bool startup_fencing = true;
  std::int64_t priority_fencing_delay_s = 0;
  std::string cluster_delay = "60s";
  std::string batch_limit = "0";
  std::int64_t migration_limit = -1;
  bool stop_all_resources = false;
  bool stop_orphan_resources = true;
  bool stop_orphan_actions = true;
  bool remove_after_stop = false;
  std::string cluster_name;
};

// A configured <op>, its settings merged.
struct OpSpec {
  const cib::Operation* op = nullptr;
  std::string name;
  Task task = Task::custom;
  std::uint32_t interval_ms = 0;
  bool enabled = true;
  bool parameters_have_rules = false;
};

// What an operation runs with now, to be compared with what it ran with.
struct OperationDigest {
  Key key;
  std::string all;
  bool op_has_own = false;  // parameters of the operation itself
};

enum class Requires : std::uint8_t { nothing, quorum, fencing, unfencing };
enum class MultipleActive : std::uint8_t { stop_start, stop_only, block, stop_unexpected };
enum class Discovery : std::uint8_t { always, never, exclusive };

// The part of a resource that all instances of a clone share.
struct Definition {
  const cib::Resource* xml = nullptr;
  std::vector<const cib::Resource*> ancestors;  // parent first
  std::vector<NameValue> meta;                  // the complete table, sorted by name
  std::vector<OpSpec> ops;                      // in document order

  int priority = 0;
  int stickiness = 0;
  int migration_threshold = Score::kInfinity;
  std::int64_t failure_timeout_s = 0;
  Requires needs = Requires::quorum;
  MultipleActive multiple_active = MultipleActive::stop_start;
  bool managed = true;
  bool maintenance = false;
  bool critical = true;
  bool allow_migrate = false;
  bool allow_unhealthy_nodes = false;
  bool internal = false;
  bool fence_device = false;      // class stonith
  bool unfencing_device = false;  // provides=unfencing
  bool restart_type_restart = false;
  bool remote_connection = false;  // ocf:pacemaker:remote
  bool container_attribute_target_host = false;
  std::int64_t reconnect_interval_s = 0;
  std::string target_role_text;  // raw
  std::string container;         // meta "container"
  std::string guest_node;        // meta "remote-node"

  // Parameters and utilization, when no rule makes them depend on the node; else evaluated for each node.
  bool parameters_have_rules = false;
  std::vector<NameValue> parameters;  // sorted by name

  // Of operations whose parameters no rule decides: made by the first decision that asks, the same for all
  // after it. So decisions of one configuration are made by one thread at a time.
  mutable std::deque<OperationDigest> digests;

  const std::string* find_meta(std::string_view name) const;
  bool requires_fencing() const { return needs == Requires::fencing || needs == Requires::unfencing; }
};

struct CloneSettings {
  int max = 1;
  int node_max = 1;
  int promoted_max = 1;
  int promoted_node_max = 1;
  bool unique = false;
  bool ordered = false;
  bool interleave = false;
  bool notify = false;
  bool promotable = false;
};

struct BundleReplicaSpec {
  int number = 0;
  ResourceId ip, container, connection, inner;
  std::string guest_node;
  std::string ip_address;
};

struct BundleSpec {
  ResourceId resource;
  ResourceId inner_clone;
  int replicas = 1;
  int per_host = 1;
  int promoted_max = 0;
  std::string image, engine;
  std::vector<BundleReplicaSpec> parts;
};

struct ResourceSpec {
  std::string id;    // internal: drbd:0
  std::string name;  // configured id for anonymous instances, else the id
  Variant variant = Variant::primitive;
  ResourceId parent;
  std::vector<ResourceId> children;
  std::shared_ptr<const Definition> definition;
  int instance = -1;  // number of a clone instance or of what it holds
  bool orphan = false;
  bool unique = true;  // not an anonymous instance
  CloneSettings clone;
  bool group_ordered = true;
  bool group_colocated = true;
  int bundle = -1;  // index into Configuration::bundles for the bundle itself
};

struct NodeSpec {
  std::string name;
  std::string id;
  NodeKind kind = NodeKind::member;
  int score = 0;
  const cib::Node* xml = nullptr;  // null for nodes made from resources
  ResourceId connection;
};

class Configuration {
 public:
  std::shared_ptr<const cib::Configuration> source;
  Options options;
  std::vector<NodeSpec> nodes;  // by name; a NodeId indexes it
  std::vector<ResourceSpec> resources;
  std::vector<ResourceId> top_level;  // as listed: by priority, else as configured
  std::vector<BundleSpec> bundles;
  bool unfencing_in_use = false;
  bool has_fence_device = false;
  bool guest_nodes_in_use = false;
  std::optional<WallSeconds> next_change;  // when a date in it gives another answer
  bool depends_on_time = false;
  WallSeconds compiled_for;
  std::vector<Notice> notices;

  // Resources that the configuration implies: bundle containers, guest connections, expanded templates.
  std::deque<cib::Resource> made;
  // A fresh clone instance like the existing ones, for history that has more of them than clone-max.
  std::vector<ResourceSpec> instance(ResourceId clone, int number, std::size_t first_id) const;

  NodeId find_node(std::string_view name) const;
};

// meta-attributes of an action as configured: the <op>, op_defaults. They live in the configuration.
cib::NvTable operation_settings(const Configuration& configuration, const Definition& definition,
                                const OpSpec* op, std::string_view name, std::uint32_t interval_ms,
                                WallSeconds now);

}  // namespace fencepost::policy
