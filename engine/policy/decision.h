// decide(): a snapshot in, a plan out. Pure: the same snapshot gives the same decision, byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/score.h"
#include "engine/policy/cluster_state.h"
#include "engine/policy/ids.h"
#include "engine/policy/snapshot.h"
#include "engine/policy/transition_graph.h"

namespace fencepost::policy {

// What becomes of one primitive, fence or shutdown: one line of "Transition Summary".
struct Change {
  enum class Kind : std::uint8_t {
    fence,  // task: reboot, off, on
    shutdown,
    start,
    stop,
    move,
    migrate,
    restart,
    recover,
    reload,
    promote,
    demote,
    repromote,
  };
  Kind kind = Kind::start;
  std::string task;      // of a fence
  std::string resource;  // printable id; for the fence of a guest: its container
  ResourceId resource_id;
  NodeId origin;       // where it is (invalid: nowhere); for fence and shutdown: the node
  NodeId destination;  // where it will be
  Role role = Role::unknown;
  Role next_role = Role::unknown;
  std::string reason;  // "node availability", "required fs stop", …: "" if there is none
  bool blocked = false;

  bool operator==(const Change&) const = default;
};

std::string verb(const Change& change);  // "Start", "Fence", …
std::string details(const Change& change,
                    const ClusterState& state);  // "( … )" of the summary, without brackets

// One line of `crm_simulate -s`, in the order in which it is printed.
struct ScoreLine {
  enum class Kind : std::uint8_t {
    primitive,
    group,
    clone,
    bundle,
    promotion,
    utilization,
    capacity_original,
    capacity_remaining
  };
  Kind kind = Kind::primitive;
  std::string resource;  // internal id; empty for capacities
  NodeId node;           // invalid: "none"
  Score score;
  std::string values;  // utilization and capacities: " cpu=4 ram=2"
  bool operator==(const ScoreLine&) const = default;
};

std::string to_text(const ScoreLine& line, const ClusterState& state);

// Every action that was thought of, also those that will not happen: what the dot file draws.
struct PlannedAction {
  std::uint32_t id = 0;
  std::string label;  // as in the dot file: "fs_start_0 node1"
  ResourceId resource;
  NodeId node;
  bool pseudo = false;
  bool runnable = false;
  bool optional = false;
  bool in_graph = false;
  bool unmanaged = false;
  std::string reason;
};

struct PlannedOrdering {
  std::uint32_t first = 0;  // action ids
  std::uint32_t then = 0;
  bool in_graph = false;   // drawn bold
  bool disabled = false;   // never drawn
  bool load_only = false;  // utilization bookkeeping
};

// Why a score is what it is. Summed per (resource, node) in this order they give the score at assignment.
struct ScoreReason {
  enum class Cause : std::uint8_t {
    location,
    stickiness,
    node_score,
    node_health,
    migration_threshold,
    exclusive_discovery,
    shutdown_lock,
    colocation,  // `because` is the primary's or dependent's id
    ticket,
    target_role_stopped,
    stop_all,
    active_unmanaged,
    failure,  // banned by on-fail or a hard error
    multiply_active,
    orphan,
    clone_limit,  // clone-max or clone-node-max reached, or the clone is banned there
    promotion_score,
    utilization,
    guest,  // bound to or banned from a guest node
    container,
  };
  ResourceId resource;
  NodeId node;
  Score change;
  Score result;
  Cause cause = Cause::location;
  std::string because;  // constraint, resource or attribute
};

const char* to_string(ScoreReason::Cause cause);

struct Placement {
  ResourceId resource;
  NodeId from;  // current node
  NodeId to;    // assigned node
  Role role = Role::stopped;
  Role next_role = Role::stopped;
};

// A parameter changed that saved inputs hide: nothing follows from it.
struct PrivateChange {
  std::string resource;
  std::string operation;
  std::int64_t interval_ms = 0;
  NodeId node;
  std::string transition_magic;
};

struct Workings;

struct Decision {
  TransitionGraph graph;
  ClusterState state;                // as read from the snapshot, before anything is decided
  std::vector<Change> changes;       // fences first, then resources in the order of the summary
  std::vector<Placement> placement;  // leaf resources, in the order of the summary
  std::vector<ScoreLine> scores;
  std::vector<ScoreReason> score_reasons;
  std::vector<PlannedAction> actions;      // by id
  std::vector<PlannedOrdering> orderings;  // by then's id descending, first's id ascending
  std::vector<PrivateChange> private_changes;
  std::vector<Notice> notices;
  std::shared_ptr<const Workings> workings;  // for complete(), unless the graph has all attributes
};

// The whole decision. `snapshot.want` says which parts are worth making.
Decision decide(const Snapshot& snapshot);

// One action of the graph with its attributes. Few of the actions of a plan are carried out by anybody:
// pseudo actions say nothing, and most plans are replaced before they end.
std::shared_ptr<const Action> complete(const Decision& decision, std::size_t index);

// Only the reading: what a status page shows.
ClusterState read_state(const Snapshot& snapshot);

// The dot file of `crm_simulate -D`: with `all`, optional parts and load orderings too (-a); with `ids`,
// action ids
// (-V).
std::string to_dot(const Decision& decision, bool all = false, bool ids = false);

}  // namespace fencepost::policy
