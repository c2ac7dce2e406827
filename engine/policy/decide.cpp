// decide(): the table of contents of the policy.
#include "engine/policy/decision.h"

#include "engine/policy/fencing.h"
#include "engine/policy/graph_parts.h"
#include "engine/policy/keep.h"
#include "engine/policy/stages.h"
#include "engine/policy/workings.h"

namespace fencepost::policy {

namespace {

void read(Draft& d) {
  set_up(d);
  read_node_states(d);
  read_histories(d);
  settle_remote_nodes(d);
}

void open(const Snapshot& snapshot, const Configuration& configuration, Draft& d) {
  d.cib = snapshot.cib;
  d.config = &configuration;
  d.has_fence_device = configuration.has_fence_device;
  d.now = snapshot.now;
  d.want = snapshot.want;
  d.sanitized = snapshot.sanitized;
}

std::vector<Placement> placements(const Draft& d) {
  std::vector<Placement> all;
  for (ResourceId top : d.top_level) {
    for_each_leaf(d, top, [&](ResourceId id) {
      all.push_back({.resource = id,
                     .from = current_node(d, id),
                     .to = d[id].assigned,
                     .role = d[id].role,
                     .next_role = d[id].next_role});
    });
  }
  return all;
}

}  // namespace

ClusterState read_state(const Snapshot& snapshot) {
  const auto configuration = compiled(snapshot.configuration, *snapshot.cib, snapshot.now);
  Draft d;
  open(snapshot, *configuration, d);
  read(d);
  return describe(d);
}

Decision decide(const Snapshot& snapshot) {
  const auto workings = std::make_shared<Workings>();
  workings->configuration = compiled(snapshot.configuration, *snapshot.cib, snapshot.now);
  const Configuration& configuration = *workings->configuration;
  Draft& d = workings->draft;
  open(snapshot, configuration, d);
  Decision decision;

  read(d);
  if (d.want.state) decision.state = describe(d);

  apply_node_health(d);
  read_constraints(d);
  lock_shut_down_resources(d);
  apply_locations(d);
  apply_stickiness(d);
  ban_after_failures(d);
  add_implicit_constraints(d);
  check_definitions(d);

  assign_all(d);

  check_deferred_definitions(d);
  schedule_probes(d);
  clear_orphan_failcounts(d);
  create_actions(d);
  order_remote_connections(d);
  schedule_fencing_and_shutdowns(d);
  propagate_orderings(d);
  place_changes(d);
  make_graph(d);

  decision.changes = list_changes(d);
  decision.placement = placements(d);
  if (d.want.actions) {
    decision.actions = planned_actions(d);
    decision.orderings = planned_orderings(d);
  }
  decision.graph = std::move(d.graph);
  decision.scores = std::move(d.scores);
  decision.score_reasons = std::move(d.reasons);
  decision.private_changes = std::move(d.private_changes);
  decision.notices = configuration.notices;
  decision.notices.insert(decision.notices.end(), d.notices.begin(), d.notices.end());
  if (!d.want.attributes) {
    workings->cib = *snapshot.cib;  // shares the states and the configuration that the draft points into
    d.cib = &workings->cib;
    decision.workings = workings;
  }
  return decision;
}

// ---------------------------------------------------------------- in words

namespace {

std::string_view assigner(ScoreLine::Kind kind) {
  switch (kind) {
    case ScoreLine::Kind::group:
      return "pcmk__group_assign";
    case ScoreLine::Kind::clone:
      return "pcmk__clone_allocate";
    case ScoreLine::Kind::bundle:
      return "pcmk__bundle_allocate";
    default:
      return "pcmk__primitive_assign";
  }
}

}  // namespace

std::string to_text(const ScoreLine& line, const ClusterState& state) {
  const std::string node = line.node.valid() ? state[line.node].name : "none";
  switch (line.kind) {
    case ScoreLine::Kind::promotion:
      return line.resource + " promotion score on " + node + ": " + to_string(line.score);
    case ScoreLine::Kind::utilization:
      return "pcmk__finalize_assignment: " + line.resource + " utilization on " + node + ":" + line.values;
    case ScoreLine::Kind::capacity_original:
      return "Original: " + node + " capacity:" + line.values;
    case ScoreLine::Kind::capacity_remaining:
      return "Remaining: " + node + " capacity:" + line.values;
    default:
      break;
  }
  return std::string{assigner(line.kind)} + ": " + line.resource + " allocation score on " + node + ": " +
         to_string(line.score);
}

const char* to_string(ScoreReason::Cause cause) {
  using Cause = ScoreReason::Cause;
  switch (cause) {
    case Cause::location:
      return "location";
    case Cause::stickiness:
      return "stickiness";
    case Cause::node_score:
      return "node score";
    case Cause::node_health:
      return "node health";
    case Cause::migration_threshold:
      return "migration-threshold";
    case Cause::exclusive_discovery:
      return "exclusive discovery";
    case Cause::shutdown_lock:
      return "shutdown lock";
    case Cause::colocation:
      return "colocation";
    case Cause::ticket:
      return "ticket";
    case Cause::target_role_stopped:
      return "target-role";
    case Cause::stop_all:
      return "stop-all-resources";
    case Cause::active_unmanaged:
      return "active and unmanaged";
    case Cause::failure:
      return "failure";
    case Cause::multiply_active:
      return "multiply active";
    case Cause::orphan:
      return "orphan";
    case Cause::clone_limit:
      return "clone limits";
    case Cause::promotion_score:
      return "promotion score";
    case Cause::utilization:
      return "utilization";
    case Cause::guest:
      return "guest node";
    case Cause::container:
      return "container";
  }
  return "";
}

}  // namespace fencepost::policy
