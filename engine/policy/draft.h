// A decision in the making: nodes, resources, constraints, actions and their orderings, as one value that the
// stages of decide() fill in turn and that dies with it. Ids are indices; nothing here is found by name.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/base/stable_vector.h"
#include "engine/policy/configuration.h"
#include "engine/policy/decision.h"
#include "engine/policy/key.h"
#include "engine/policy/plan_action.h"

namespace fencepost::policy {

// ---------------------------------------------------------------- scores

struct Candidate {
  std::int32_t score = 0;
  std::int32_t count = 0;  // instances of the clone that owns the table placed on this node
  Discovery discovery = Discovery::always;
  bool present = false;
  bool unusable = false;  // while colocated preferences are merged
};

// A resource's nodes and their scores, indexed by NodeId.
class ScoreTable {
 public:
  explicit ScoreTable(std::size_t nodes = 0) : entries_(nodes) {}

  Candidate& operator[](NodeId node) { return entries_[node.index()]; }
  const Candidate& operator[](NodeId node) const { return entries_[node.index()]; }
  bool has(NodeId node) const { return entries_[node.index()].present; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const;

 private:
  std::vector<Candidate> entries_;
};

std::int32_t add_scores(std::int32_t a, std::int32_t b);

// ---------------------------------------------------------------- nodes

struct Utilization {
  std::string_view name;
  std::int64_t value = 0;
};

struct Node {
  const NodeSpec* spec = nullptr;
  NodeId id;
  NodeKind kind = NodeKind::member;
  std::int32_t score = 0;  // base score
  const cib::NodeState* state = nullptr;

  bool online = false;
  bool unclean = false;
  bool unseen = true;
  bool pending = false;
  bool standby = false;
  bool standby_on_fail = false;
  bool maintenance = false;
  bool shutting_down = false;
  bool asked_to_leave = false;  // remote nodes: by an attribute, not because the connection goes away
  bool is_dc = false;
  bool needs_reset = false;  // remote and guest nodes
  bool expected_up = false;
  bool discovery = true;
  bool was_fenced = false;         // node_fenced
  bool knows_maintenance = false;  // node_in_maintenance
  bool history_read = false;
  bool late = false;       // known only since an orphaned connection was found
  bool in_bundle = false;  // a bundle's replica is this node: nothing else runs or is looked for there

  ResourceId connection;  // of remote and guest nodes
  cib::NvTable attributes;
  std::vector<Utilization> capacity;  // remaining
  std::int32_t assigned_count = 0;
  std::vector<ResourceId> active;                         // leaf resources found active here
  std::int32_t priority = 0;                              // for priority-fencing-delay
  std::vector<std::pair<std::string, ActionId>> fencing;  // by operation

  std::string_view name() const { return spec->name; }
  bool is_remote() const { return kind == NodeKind::remote || kind == NodeKind::guest; }
};

// ---------------------------------------------------------------- resources

// What a failure asks for, from mild to severe.
enum class OnFail : std::uint8_t {
  ignore,
  demote,
  restart,
  reset_remote,
  restart_container,
  migrate,
  block,
  stop,
  standby,
  fence,
};

// Digests computed once for an operation on a node: what later entries of the same key are compared with.
struct OpDigests {
  NodeId node;
  const OperationDigest* now = nullptr;
  std::string restart;
  const cib::OpHistory* of = nullptr;  // the first entry of the key
};

// What an action is looked for by, side by side with those of the resource's other actions.
struct ActionMark {
  Key key;
  NodeId node;
};

struct Resource {
  const ResourceSpec* spec = nullptr;
  const Definition* def = nullptr;
  ResourceId id;
  Variant variant = Variant::primitive;
  ResourceId parent;
  std::vector<ResourceId> children;  // clones: in the order of the last sort
  std::string history_name;          // what the history calls an anonymous instance, if anything

  Role role = Role::stopped;
  Role next_role = Role::unknown;
  std::int32_t priority = 0;
  std::int32_t sort_index = 0;
  std::int32_t stickiness = 0;
  std::int32_t migration_threshold = Score::kInfinity;
  std::int64_t failure_timeout_s = 0;
  MultipleActive multiple_active = MultipleActive::stop_start;

  bool managed = true;
  bool maintenance = false;
  bool blocked = false;
  bool failed = false;
  bool must_stop = false;  // recovery needs a stop
  bool failure_ignored = false;
  bool start_pending = false;
  bool orphan = false;
  bool allow_migrate = false;
  bool exclusive_discovery = false;
  bool unassigned = true;  // "not assigned yet", which is not the same as assigned nowhere
  bool assigning = false;
  bool merging = false;
  bool reload = false;
  bool restarting = false;
  bool stop_unexpected = false;
  bool is_container = false;
  bool remote_failed_over = false;
  bool promoted_merged = false;
  bool orphan_connection = false;

  ScoreTable scores;
  std::vector<NodeId> active_on;  // in order of discovery
  std::vector<NodeId> known_on;   // in order of discovery
  NodeId assigned;
  NodeId partial_source, partial_target;
  std::vector<NodeId> dangling;
  NodeId lock_node;
  std::int64_t lock_time = 0;
  NodeId pending_node;
  Task pending_task = Task::none;
  std::string_view pending_task_word;

  ResourceId container;
  std::vector<ResourceId> fillers;
  std::vector<std::uint32_t> this_with;  // colocations whose dependent this is
  std::vector<std::uint32_t> with_this;
  std::vector<std::uint32_t> locations;
  std::vector<std::uint32_t> tickets;
  std::vector<ActionId> actions;  // oldest first
  std::vector<ActionMark> marks;  // of the same actions
  std::vector<MaskedProbeFailure> probe_failures;
  std::vector<OpDigests> digests;
  std::vector<InstanceCounts> instance_counts;  // of a clone, while orderings are propagated
  std::vector<Utilization> utilization;
  int promoted_count = 0;
  int placed_count = 0;

  const CloneSettings& clone() const { return spec->clone; }
  bool unique() const { return spec->unique; }
  bool is_clone() const { return variant == Variant::clone; }
  bool is_group() const { return variant == Variant::group; }
  bool is_bundle() const { return variant == Variant::bundle; }
  bool is_primitive() const { return variant == Variant::primitive; }
  bool is_collective() const { return variant != Variant::primitive; }
};

// ---------------------------------------------------------------- constraints

struct Location {
  std::string_view id;
  Role role = Role::unknown;  // unknown: no filter
  Discovery discovery = Discovery::always;
  ScoreReason::Cause cause = ScoreReason::Cause::location;
  std::vector<std::pair<NodeId, std::int32_t>> nodes;
  ResourceId resource;
};

struct Colocation {
  std::string_view id;
  std::string_view attribute;  // empty: the node itself
  ResourceId dependent, primary;
  Role dependent_role = Role::unknown;
  Role primary_role = Role::unknown;
  std::int32_t score = 0;
  bool influence = true;
};

struct Ticket {
  std::string_view id;
  std::string_view ticket;
  Role role = Role::unknown;
  bool granted = false;
  bool standby = false;
};

// "first, then then", between tasks of resources or concrete actions; made into links once all actions exist.
struct Ordering {
  ResourceId first_resource, then_resource;
  Key first_key, then_key;
  ActionId first_action, then_action;
  Kinds kinds = kNoKind;
};

// ---------------------------------------------------------------- bundles

struct BundlePart {
  const BundleReplicaSpec* spec = nullptr;
  NodeId node;
};

struct Bundle {
  const BundleSpec* spec = nullptr;
  ResourceId resource;
  std::vector<BundlePart> parts;
};

// A check of parameters that has to wait until it is known where a container will run.
struct DeferredCheck {
  enum Which : std::uint8_t { active, last_failure };
  ResourceId resource;
  NodeId node;
  const cib::OpHistory* op = nullptr;
  Which which = active;
};

// ---------------------------------------------------------------- the draft

struct Draft {
  const cib::Cib* cib = nullptr;
  const Configuration* config = nullptr;
  Options options;
  WallSeconds now;
  Want want;
  std::optional<WallSeconds> next_change;  // when to decide again

  bool have_quorum = false;
  std::vector<Node> nodes;
  std::deque<NodeSpec> made_nodes;  // of orphaned connections
  std::vector<NodeId> states;       // nodes with a node_state, in document order
  StableVector<Resource> resources;
  std::vector<ResourceId> top_level;
  std::vector<Bundle> bundles;
  std::deque<std::vector<ResourceSpec>> made_specs;  // orphans and surplus clone instances
  std::deque<std::string> texts;                     // strings that views point to
  std::vector<const std::string*> custom_words;      // names of Task::custom and what follows it
  std::deque<cib::Resource> made_xml;
  std::deque<CloneNews> news;
  std::deque<OperationDigest> made_digests;  // where rules decide

  std::vector<Location> locations;
  std::vector<Colocation> colocations;
  std::vector<Ticket> tickets;
  std::vector<Ordering> orderings;
  StableVector<PlanAction> actions;
  std::vector<Link> links;
  std::uint32_t flags_changed = 0;  // counts while orderings are propagated; 0: nobody counts
  std::unordered_map<std::string_view, ResourceId> by_id;       // never iterated
  std::unordered_map<std::string, ResourceId> by_history_name;  // never iterated
  std::unordered_map<std::string, ActionId> one_or_more;  // and other actions known by name; never iterated

  bool has_fence_device = false;  // one that only histories know counts as well
  std::vector<std::pair<ResourceId, std::string>> orphan_fillers;  // and the containers they name
  std::vector<ResourceId> stop_needed;  // containers to stop once it is known where they run
  std::vector<DeferredCheck> deferred_checks;
  std::vector<const cib::OpHistory*> forced_restarts;  // expired failures that are to be monitored anew
  std::vector<PrivateChange> private_changes;
  bool sanitized = true;
  std::vector<FailedOperation> failed_operations;
  std::vector<ScoreLine> scores;
  std::vector<ScoreReason> reasons;
  std::vector<Notice> notices;
  TransitionGraph graph;

  Node& operator[](NodeId id) { return nodes[id.index()]; }
  const Node& operator[](NodeId id) const { return nodes[id.index()]; }
  Resource& operator[](ResourceId id) { return resources[id.index()]; }
  const Resource& operator[](ResourceId id) const { return resources[id.index()]; }
  PlanAction& operator[](ActionId id) { return actions[id.index()]; }
  const PlanAction& operator[](ActionId id) const { return actions[id.index()]; }
  Link& operator[](LinkId id) { return links[id.index()]; }
  const Link& operator[](LinkId id) const { return links[id.index()]; }

  const std::string* keep(std::string text) { return &texts.emplace_back(std::move(text)); }
  void recheck_by(std::int64_t seconds);
};

// ---------------------------------------------------------------- questions about it

NodeId find_node(const Draft& d, std::string_view name);
// The outermost resource around this one, but never past a bundle, unless `past_bundles`.
ResourceId top_of(const Draft& d, ResourceId id, bool past_bundles = false);
// The bundle this is part of, directly or through its clone; invalid if none.
ResourceId bundle_of(const Draft& d, ResourceId id);
bool in_bundle(const Draft& d, ResourceId id);
ResourceId clone_of(const Draft& d, ResourceId id);  // the clone around it, invalid if none
bool is_anonymous_instance(const Draft& d, ResourceId id);
const Bundle* bundle_data(const Draft& d, ResourceId bundle);
const BundlePart* part_with_container(const Draft& d, ResourceId container);
const BundlePart* part_with_connection(const Draft& d, ResourceId connection);
const BundlePart* part_at(const Draft& d, const Bundle& bundle, NodeId guest);
ResourceId guest_container(const Draft& d, NodeId node);  // container of a guest node
bool is_remote_connection(const Draft& d, ResourceId id);
bool is_bundle_connection(const Draft& d, ResourceId id);
bool hosts_guest(const Draft& d, ResourceId id);  // a connection has it for container

// Node availability (§0.1): could something be put there?
bool available(const Draft& d, NodeId node);
bool available(const Draft& d, NodeId node, std::int32_t score);  // and its score is not negative
bool available_guest(const Draft& d, NodeId node);                // and a guest's container has a place

NodeId current_node(const Draft& d, ResourceId id);
Role role_of(const Draft& d, ResourceId id, bool current);  // highest among the children
bool fully_or_partly_active(const Draft& d, ResourceId id, bool all);
bool is_active(const Draft& d, ResourceId id);  // any part of it
// The single node that all parts agree on, else invalid. With `current`, where it is, else where it will be.
NodeId location_of(const Draft& d, ResourceId id, bool current);
std::vector<NodeId> locations_of(const Draft& d, ResourceId id, bool current);
bool any_unassigned(const Draft& d, ResourceId id);
bool contains(const std::vector<NodeId>& nodes, NodeId node);
bool is_ancestor(const Draft& d, ResourceId ancestor, ResourceId of);

// Calls visit for each primitive in it, depth first.
template <class Visit>
void for_each_leaf(const Draft& d, ResourceId id, Visit&& visit) {
  if (d[id].is_primitive()) {
    visit(id);
    return;
  }
  const std::vector<ResourceId>& children = d[id].children;
  for (std::size_t i = 0; i < children.size(); ++i) for_each_leaf(d, children[i], visit);
}

// Calls visit for each link to an action, newest first; links made meanwhile are not seen.
template <class Visit>
void for_each_before(const Draft& d, ActionId id, Visit&& visit) {
  for (LinkId at = d[id].newest_before; at.valid();) {
    const LinkId older = d[at].older_before;
    visit(at);
    at = older;
  }
}

// The same for those from it.
template <class Visit>
void for_each_after(const Draft& d, ActionId id, Visit&& visit) {
  for (LinkId at = d[id].newest_after; at.valid();) {
    const LinkId older = d[at].older_after;
    visit(at);
    at = older;
  }
}

template <class Visit>
void for_each_resource(const Draft& d, ResourceId id, Visit&& visit) {
  visit(id);
  const std::vector<ResourceId>& children = d[id].children;
  for (std::size_t i = 0; i < children.size(); ++i) for_each_resource(d, children[i], visit);
}

// Parameters of a resource on a node, rules evaluated; sorted by name. The configuration's own, or else
// `made`.
const std::vector<NameValue>& parameters_on(const Draft& d, ResourceId id, NodeId node,
                                            std::vector<NameValue>& made);

// ---------------------------------------------------------------- changing scores, with the reason why

// How a table takes in a node that it lacked. A bundle's replica stays closed to what others look for.
Candidate newcomer(const Draft& d, NodeId node, std::int32_t score);

struct Because {
  ScoreReason::Cause cause = ScoreReason::Cause::location;
  std::string_view what;
};

void note_score(Draft& d, ResourceId resource, NodeId node, std::int32_t change, Because because);
// Adds on one node of the table, if it is there.
void add_score(Draft& d, ResourceId resource, NodeId node, std::int32_t score, Because because);
// Adds on one node, or every cluster node when `node` is invalid, inserting absent nodes; recursively for
// what cloned and grouped resources hold, as a location constraint would.
void ban_or_prefer(Draft& d, ResourceId resource, NodeId node, std::int32_t score, Because because);

std::string key_text(const Draft& d, const PlanAction& action);
std::string key_text(std::string_view resource, Key key, std::string_view custom_word = {});

}  // namespace fencepost::policy
