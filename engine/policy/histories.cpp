// Reading every node's history, and what follows for each resource (§2.4, §4.6).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/fencing.h"
#include "engine/policy/history.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

void record_recurring(HistoryReader& reader, const std::vector<const cib::OpHistory*>& sorted) {
  Draft& d = reader.d;
  if (!d[reader.node].online) return;
  const RunBounds run = current_run(sorted);
  for (int i = 0; i < static_cast<int>(sorted.size()); ++i) {
    const cib::OpHistory& op = *sorted[static_cast<std::size_t>(i)];
    if (run.start < run.stop && i <= run.stop) continue;
    if (i < run.start) continue;
    if (op.interval.count() == 0 || op.status == cib::OpStatus::pending) continue;
    const Key key = operation_key(d, op.operation, static_cast<std::uint32_t>(op.interval.count()));
    request_named(d, reader.resource, key, operation_word(d, key), reader.node, Demand::optional);
  }
}

void read_resource(Draft& d, NodeId node, const cib::ResourceHistory& entry) {
  if (entry.ops.empty() && !d.options.shutdown_lock) return;
  const auto sorted = sorted_operations(entry, node);
  if (sorted.empty() && !entry.shutdown_lock) return;
  ResourceId id;
  if (sorted.empty()) {
    const auto found = d.by_id.find(entry.id);
    if (found == d.by_id.end() || !d[found->second].is_primitive()) return;
    id = found->second;
  } else {
    id = resource_of_history(d, node, entry);
  }
  if (entry.shutdown_lock && d.options.shutdown_lock)
    read_lock(d, id, node, entry.shutdown_lock->since_epoch);

  HistoryReader reader{d, node, id, entry};
  const Role before = d[id].role;
  d[id].role = Role::unknown;
  for (const cib::OpHistory* op : sorted) read_operation(reader, *op);
  record_recurring(reader, sorted);
  settle_after_history(reader);

  Resource& r = d[id];
  const Role wanted = target_role(d, *r.spec);
  if (wanted != Role::unknown && (r.next_role == Role::unknown || wanted < r.next_role)) r.next_role = wanted;
  r.role = std::max(r.role, before);
}

void adopt_orphan_fillers(Draft& d) {
  for (const auto& [orphan, container_id] : d.orphan_fillers) {
    const auto found = d.by_id.find(container_id);
    if (found == d.by_id.end() || !d[found->second].is_primitive()) continue;
    Resource& container = d[found->second];
    if (!container.orphan || d[orphan].container.valid()) continue;
    d[orphan].container = container.id;
    container.fillers.push_back(orphan);
    for (Node& node : d.nodes)
      if (node.connection == orphan) node.kind = NodeKind::guest;
  }
  d.orphan_fillers.clear();
}

void read_node(Draft& d, NodeId id) {
  d[id].history_read = true;
  if (d[id].is_remote()) {
    settle_remote_node(d, id);
    if (!d[id].late) read_remote_attributes(d, id);
  }
  for (const auto& entry : d[id].state->resources) read_resource(d, id, *entry);
  adopt_orphan_fillers(d);
}

bool role_started(const Draft& d, ResourceId id) { return id.valid() && d[id].role == Role::started; }

// Whether a node's history can be read yet: what a remote or guest node says counts once its connection is
// known.
bool readable(Draft& d, NodeId id) {
  const Node& node = d[id];
  if (node.kind == NodeKind::guest) {
    return role_started(d, node.connection) && role_started(d, guest_container(d, id));
  }
  if (node.kind == NodeKind::remote) return d.options.shutdown_lock || role_started(d, node.connection);
  return node.online || d.options.stonith || d.options.shutdown_lock;
}

}  // namespace

void read_histories(Draft& d) {
  for (bool again = true; again;) {
    again = false;
    for (NodeId id : d.states) {
      if (d[id].history_read || !readable(d, id)) continue;
      read_node(d, id);
      again = true;
    }
  }
  if (d.options.stonith) {
    for (NodeId id : d.states) {
      if (d[id].history_read) continue;
      read_node(d, id);
    }
  }
  // Now that it is known where resources are, containers of failed connections can be stopped.
  for (ResourceId container : d.stop_needed) {
    const NodeId at = current_node(d, container);
    if (at.valid()) {
      const ActionId stop = request(d, container, kStop, at, Demand::required);
      (void)stop;
    }
  }
}

const cib::ResourceHistory* history_on(const Draft& d, NodeId node, std::string_view entry_id) {
  if (!node.valid() || d[node].state == nullptr) return nullptr;
  return cib::find_history(*d[node].state, entry_id);
}

RunBounds current_run(const std::vector<const cib::OpHistory*>& sorted) {
  RunBounds run;
  int implied_monitor = -1;
  int implied_change = -1;
  for (int i = 0; i < static_cast<int>(sorted.size()); ++i) {
    const cib::OpHistory& op = *sorted[static_cast<std::size_t>(i)];
    const int rc = static_cast<int>(op.rc);
    if (op.operation == "stop" && op.status == cib::OpStatus::done) {
      run.stop = i;
    } else if (op.operation == "start" || op.operation == "migrate_from") {
      run.start = i;
    } else if (implied_monitor <= run.stop && op.operation == "monitor" && (rc == 0 || rc == 8)) {
      implied_monitor = i;
    } else if (op.operation == "promote" || op.operation == "demote") {
      implied_change = i;
    }
  }
  if (run.start == -1) run.start = implied_change != -1 ? implied_change : implied_monitor;
  return run;
}

// ---------------------------------------------------------------- where it is active

namespace {

bool multiply_active(const Draft& d, const Resource& r) {
  if (!r.is_primitive()) return false;  // one that is being migrated is active on both ends
  if (r.def->requires_fencing()) return r.active_on.size() > 1;
  return std::count_if(r.active_on.begin(), r.active_on.end(),
                       [&d](NodeId n) { return d[n].online && !d[n].unclean; }) > 1;
}

void block(Resource& r) {
  r.managed = false;
  r.blocked = true;
}

void weigh_node(Draft& d, const Resource& r, NodeId node) {
  if (r.priority == 0) return;
  const std::int32_t weight = r.role == Role::promoted ? r.priority + 1 : r.priority;
  d[node].priority = add_scores(d[node].priority, weight);
  const ResourceId container = guest_container(d, node);
  if (!container.valid()) return;
  for (NodeId host : d[container].active_on) d[host].priority = add_scores(d[host].priority, weight);
}

}  // namespace

void check_multiply_active(Draft& d, ResourceId id) {
  Resource& r = d[id];
  if (!multiply_active(d, r)) return;
  if (r.multiple_active == MultipleActive::stop_only) {
    for (const Node& node : d.nodes) {
      r.scores[node.id] = newcomer(d, node.id, -Score::kInfinity);
      note_score(d, id, node.id, -Score::kInfinity, {ScoreReason::Cause::multiply_active, "multiple-active"});
    }
  } else if (r.multiple_active == MultipleActive::block) {
    block(r);
    if (!r.parent.valid()) return;
    Resource& parent = d[r.parent];
    const bool together = parent.is_group() || parent.is_bundle();
    if (!together || parent.multiple_active != MultipleActive::block) return;
    for (ResourceId sibling : parent.children) block(d[sibling]);
  }
}

void add_active_node(Draft& d, ResourceId id, NodeId node, bool failed) {
  Resource& r = d[id];
  if (contains(r.active_on, node)) return;
  r.active_on.push_back(node);
  if (r.is_primitive()) {
    d[node].active.push_back(id);
    if (!failed) weigh_node(d, r, node);
    if (d[node].maintenance) r.managed = false;
  }
  if (!r.managed) {
    ban_or_prefer(d, id, node, Score::kInfinity, {ScoreReason::Cause::active_unmanaged, "is not managed"});
    // What holds it is active there as well, once for each part and while the node is online; and that is all
    // that follows for it.
    if (!d[node].online) return;
    for (ResourceId at = d[id].parent; at.valid(); at = d[at].parent) d[at].active_on.push_back(node);
    return;
  }
  check_multiply_active(d, id);
  if (d[id].parent.valid()) add_active_node(d, d[id].parent, node, false);
}

// ---------------------------------------------------------------- what the worst failure asks for

namespace {

void remember_known(HistoryReader& reader) {
  Draft& d = reader.d;
  if (d[reader.resource].role == Role::unknown) return;
  for (ResourceId at = reader.resource; at.valid(); at = d[at].parent) {
    Resource& r = d[at];
    if (!contains(r.known_on, reader.node)) r.known_on.push_back(reader.node);
    if (r.unique()) break;
  }
}

void mark_failed(Resource& r) {
  r.failed = true;
  r.must_stop = true;
}

void fence_where_it_may_run(HistoryReader& reader) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  Node& node = d[reader.node];
  if (r.role <= Role::stopped || node.online || node.maintenance || !r.managed) return;
  std::string reason = r.spec->id + " is thought to be active there";
  if (node.kind == NodeKind::guest) {
    mark_failed(r);
  } else if (!d.options.stonith) {
    return;
  } else if (node.kind == NodeKind::remote && node.connection.valid() && !d[node.connection].failed) {
    // Only if the connection is not going to be made again elsewhere.
    node.unseen = true;
    reason =
        r.spec->id +
        " is active there (fencing will be revoked if remote connection can be re-established elsewhere)";
  }
  fence(d, reader.node, {.reason = reason});
}

bool may_be_running(const Resource& r) { return r.role != Role::stopped && r.role != Role::unknown; }

void stop_container(HistoryReader& reader) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  if (r.container.valid() && in_bundle(d, reader.resource)) {
    d.stop_needed.insert(d.stop_needed.begin(), r.container);
  } else if (r.container.valid()) {
    request(d, r.container, kStop, reader.node, Demand::required);
  } else if (may_be_running(r)) {
    request(d, reader.resource, kStop, reader.node, Demand::required);
  }
}

void reset_remote(HistoryReader& reader) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  if (d.options.stonith) {
    const NodeId remote = find_node(d, r.spec->id);
    if (remote.valid() && d[remote].kind == NodeKind::remote && !d[remote].was_fenced) {
      fence(d, remote, {.reason = "remote connection is unrecoverable"});
    }
  }
  if (r.role > Role::stopped) request(d, reader.resource, kStop, reader.node, Demand::required);
  if (r.def->reconnect_interval_s > 0) d[reader.resource].next_role = Role::stopped;
}

void act_on_failure(HistoryReader& reader) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  switch (reader.on_fail) {
    case OnFail::ignore:
      break;
    case OnFail::demote:
      r.failed = true;
      request(d, reader.resource, kDemote, reader.node, Demand::required);
      break;
    case OnFail::fence:
      mark_failed(r);
      fence(d, reader.node, {.reason = r.spec->id + " failed there"});
      break;
    case OnFail::standby:
      d[reader.node].standby = true;
      d[reader.node].standby_on_fail = true;
      break;
    case OnFail::block:
      r.managed = false;
      r.blocked = true;
      break;
    case OnFail::migrate:
      ban_or_prefer(d, reader.resource, reader.node, -Score::kInfinity,
                    {ScoreReason::Cause::failure, "on-fail is migrate"});
      break;
    case OnFail::stop:
      r.next_role = Role::stopped;
      break;
    case OnFail::restart:
      if (may_be_running(r)) {
        mark_failed(r);
        request(d, reader.resource, kStop, reader.node, Demand::required);
      }
      break;
    case OnFail::restart_container:
      mark_failed(r);
      stop_container(reader);
      break;
    case OnFail::reset_remote:
      mark_failed(r);
      reset_remote(reader);
      break;
  }
}

// A failed connection makes the fencing of its unclean node certain, whatever becomes of the connection.
void confirm_remote_fencing(HistoryReader& reader) {
  Draft& d = reader.d;
  if (!d[reader.resource].failed || !is_remote_connection(d, reader.resource)) return;
  const NodeId node = find_node(d, d[reader.resource].spec->id);
  if (node.valid() && d[node].kind == NodeKind::remote && d[node].unclean) d[node].unseen = false;
}

void note_active(HistoryReader& reader, bool failed) {
  Draft& d = reader.d;
  add_active_node(d, reader.resource, reader.node, failed);
  Resource& r = d[reader.resource];
  switch (reader.on_fail) {
    case OnFail::ignore:
      break;
    case OnFail::demote:
    case OnFail::block:
      r.failed = true;
      break;
    default:
      mark_failed(r);
      break;
  }
}

void note_stopped(HistoryReader& reader) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  if (r.history_name.find(':') != std::string::npos) {
    // Old histories named instances; a stopped one is not that instance any more.
    r.history_name.clear();
    return;
  }
  for (ActionId stop : find_exact(d, reader.resource, kStop, reader.node)) d[stop].optional = true;
}

}  // namespace

void settle_after_history(HistoryReader& reader) {
  Draft& d = reader.d;
  remember_known(reader);
  fence_where_it_may_run(reader);
  const bool failed = reader.on_fail != OnFail::ignore;  // and weighs nothing, there or not
  // A node that will be shot needs no more processing, and its resources may start again afterwards.
  if (d[reader.node].unclean) reader.on_fail = OnFail::ignore;
  act_on_failure(reader);
  confirm_remote_fencing(reader);
  if (may_be_running(d[reader.resource])) {
    note_active(reader, failed);
  } else {
    note_stopped(reader);
  }
  Resource& r = d[reader.resource];
  if (r.role == Role::stopped && r.partial_source == reader.node && r.partial_target.valid())
    r.role = Role::started;
}

}  // namespace fencepost::policy
