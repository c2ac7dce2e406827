// What one history entry means for its resource (§4.2 to §4.4).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/fencing.h"
#include "engine/policy/history.h"

namespace fencepost::policy {
namespace {

constexpr int kNotRunning = 7;
constexpr int kPromoted = 8;
constexpr int kFailedPromoted = 9;
constexpr int kDegraded = 190;
constexpr int kDegradedPromoted = 191;

using cib::OpStatus;

OpEntry view(const cib::OpHistory& op) {
  OpEntry entry;
  entry.xml = &op;
  entry.task = op.operation;
  entry.interval_ms = static_cast<std::uint32_t>(op.interval.count());
  entry.rc = static_cast<int>(op.rc);
  entry.status = op.status;
  if (const auto key = cib::parse_transition_key(op.transition_key)) entry.expected_rc = key->target_rc;
  return entry;
}

std::string_view history_key(const cib::OpHistory& op) {
  return op.operation_key.empty() ? std::string_view{op.id} : std::string_view{op.operation_key};
}

std::optional<std::int64_t> milliseconds(const std::optional<cib::Milliseconds>& time) {
  return time ? std::optional<std::int64_t>{time->count()} : std::nullopt;
}

void list_failure(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  if (!d[reader.node].online) return;
  const std::string key{history_key(*op.xml)};
  for (const FailedOperation& known : d.failed_operations) {
    if (known.key == key && known.node == reader.node) return;
  }
  d.failed_operations.push_back({.key = key,
                                 .resource = d[reader.resource].spec->id,
                                 .node = reader.node,
                                 .rc = static_cast<int>(op.xml->rc),
                                 .expected_rc = op.expected_rc,
                                 .status = static_cast<int>(op.xml->status),
                                 .call_id = op.xml->call_id,
                                 .exit_reason = op.xml->exit_reason,
                                 .last_rc_change = op.xml->last_rc_change
                                                       ? std::optional{op.xml->last_rc_change->since_epoch}
                                                       : std::nullopt,
                                 .queue_ms = milliseconds(op.xml->queue_time),
                                 .exec_ms = milliseconds(op.xml->exec_time)});
}

// Bans concern the whole clone when its instances cannot be told apart.
ResourceId whole(const Draft& d, ResourceId id) {
  const ResourceId top = top_of(d, id);
  return d[top].is_clone() && !d[top].clone().unique ? top : id;
}

void ban(HistoryReader& reader, NodeId node, std::string_view why) {
  ban_or_prefer(reader.d, whole(reader.d, reader.resource), node, -Score::kInfinity,
                {ScoreReason::Cause::failure, why});
}

// As ban() everywhere, but of what a clone holds nothing is said.
void ban_whole(HistoryReader& reader, std::string_view why) {
  Draft& d = reader.d;
  const ResourceId id = whole(d, reader.resource);
  if (!d[id].is_clone()) return ban(reader, NodeId{}, why);
  for (const Node& node : d.nodes) {
    Candidate& candidate = d[id].scores[node.id];
    if (!candidate.present) candidate = newcomer(d, node.id, -Score::kInfinity);
    candidate.score = -Score::kInfinity;
    note_score(d, id, node.id, -Score::kInfinity, {ScoreReason::Cause::failure, why});
  }
}

bool maskable(const HistoryReader& reader, const OpEntry& op) {
  if (!op.is_probe() || in_bundle(reader.d, reader.resource)) return false;
  return op.status == OpStatus::not_installed || op.rc == 5 || op.rc == 2;
}

void block_if_hopeless(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  if (!op.is("stop") || can_fence(d, reader.node)) return;
  d[reader.resource].managed = false;
  d[reader.resource].blocked = true;
}

// Turns exit code and status into what they mean for this resource (§4.3 step 2).
void remap(HistoryReader& reader, OpEntry& op) {
  Resource& r = reader.d[reader.resource];
  if (op.is("monitor") && (op.rc == kDegraded || op.rc == kDegradedPromoted)) {
    op.rc = op.rc == kDegraded ? 0 : kPromoted;
    const Node& node = reader.d[reader.node];
    if (!node.shutting_down || node.online) list_failure(reader, op);
  }
  if (maskable(reader, op)) {
    op.masked_probe = true;
    op.status = OpStatus::done;
    op.rc = kNotRunning;
  }
  if (op.status != OpStatus::done && op.status != OpStatus::error) return;
  op.status = op.rc == op.expected_rc ? OpStatus::done : OpStatus::error;
  switch (op.rc) {
    case 0:
      if (op.is_probe() && op.expected_rc == kNotRunning) op.status = OpStatus::done;
      break;
    case kNotRunning:
      if (op.is_probe() || op.expected_rc == op.rc || !r.managed) {
        op.status = OpStatus::done;
        r.role = Role::stopped;
        reader.on_fail = OnFail::ignore;
        r.next_role = Role::unknown;
      }
      break;
    case kPromoted:
      if (op.is_probe()) op.status = OpStatus::done;
      r.role = Role::promoted;
      break;
    case kDegradedPromoted:
    case kFailedPromoted:
      r.role = Role::promoted;
      op.status = OpStatus::error;
      break;
    case 6:
      op.status = OpStatus::error_fatal;
      break;
    case 3:
      if (op.interval_ms > 0) {
        op.status = OpStatus::not_supported;
        break;
      }
      [[fallthrough]];
    case 2:
    case 4:
    case 5:
      block_if_hopeless(reader, op);
      op.status = OpStatus::error_hard;
      break;
    default:
      op.status = OpStatus::error;
      break;
  }
}

// An expired failure is as if it had never been, unless its node cannot be trusted (§4.3 step 3).
bool ignore_expired(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  if (op.masked_probe && op.expected_rc != static_cast<int>(op.xml->rc)) {
    d[reader.resource].role = Role::unknown;
    return true;
  }
  if (op.rc == op.expected_rc) return false;
  if (op.interval_ms == 0) return true;
  if (!d[reader.node].online || d[reader.node].unclean) return false;
  // The operation has to be scheduled anew, to be sure of its state.
  d.forced_restarts.push_back(op.xml);
  return true;
}

// ---------------------------------------------------------------- success

void forget_failures(HistoryReader& reader) {
  Resource& r = reader.d[reader.resource];
  switch (reader.on_fail) {
    case OnFail::block:
    case OnFail::ignore:
    case OnFail::demote:
    case OnFail::restart:
    case OnFail::restart_container:
      reader.on_fail = OnFail::ignore;
      r.next_role = Role::unknown;
      break;
    case OnFail::reset_remote:
      if (r.def->reconnect_interval_s == 0) {
        reader.on_fail = OnFail::ignore;
        r.next_role = Role::unknown;
      }
      break;
    default:
      break;  // stop, fence, migrate and standby stand whatever succeeds later
  }
}

// The resource does what its operations, having returned `rc`, say.
void take_result(HistoryReader& reader, const OpEntry& op, int rc) {
  Resource& r = reader.d[reader.resource];
  bool clears = false;
  if (rc == 5 || (op.masked_probe && rc == kNotRunning)) {
    r.role = Role::stopped;
  } else if (rc == kNotRunning) {
    clears = true;
  } else if (op.is("monitor")) {
    clears = reader.last_failure != nullptr && history_key(*op.xml) == history_key(*reader.last_failure);
    if (r.role < Role::started) set_active(reader.d, r);
  } else if (op.is("start")) {
    r.role = Role::started;
    clears = true;
  } else if (op.is("stop")) {
    r.role = Role::stopped;
    clears = true;
  } else if (op.is("promote")) {
    r.role = Role::promoted;
    clears = true;
  } else if (op.is("demote")) {
    clears = reader.on_fail == OnFail::demote;
    r.role = Role::unpromoted;
  } else if (op.is("migrate_from")) {
    r.role = Role::started;
    clears = true;
  } else if (op.is("migrate_to")) {
    migrate_to_succeeded(reader, op);
  } else if (r.role < Role::started) {
    set_active(reader.d, r);
  }
  if (clears) forget_failures(reader);
}

void take_pending(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  if (op.is("start")) {
    r.start_pending = true;
    set_active(d, r);
  } else if (op.is("promote")) {
    r.role = Role::promoted;
  } else if (op.is("migrate_to") && d[reader.node].unclean) {
    const NodeId target = find_node(d, op.xml->migrate_target);
    if (target.valid()) request(d, reader.resource, kStop, target, Demand::required);
  }
  if (r.pending_task_word.empty() && (op.interval_ms > 0 || !op.is("monitor"))) {
    r.pending_task_word = op.task;
    r.pending_task = task_from_word(op.task);
    r.pending_node = reader.node;
  }
}

// ---------------------------------------------------------------- failure

void raise_to(HistoryReader& reader, OnFail on_fail) { reader.on_fail = std::max(reader.on_fail, on_fail); }

void role_after_failure(HistoryReader& reader, const OpEntry& op, const FailurePolicy& policy) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  if (op.is("stop")) {
    // Of this instance alone: what others do is not known to fail.
    ban_or_prefer(d, reader.resource, reader.node, -Score::kInfinity,
                  {ScoreReason::Cause::failure, "stop failed"});
  } else if (op.is("migrate_to")) {
    migrate_to_failed(reader, op);
  } else if (op.is("migrate_from")) {
    migrate_from_failed(reader, op);
  } else if (op.is("promote")) {
    r.role = Role::promoted;
  } else if (op.is("demote")) {
    if (policy.on_fail == OnFail::block) {
      r.role = Role::promoted;
      r.next_role = Role::stopped;
    } else if (op.rc == kNotRunning) {
      r.role = Role::stopped;
    } else {
      r.role = Role::unpromoted;
    }
  }
  if (op.is_probe() && op.rc == 5) {
    r.role = Role::stopped;
  } else if (r.role < Role::started) {
    set_active(d, r);
  }
}

void take_failure(HistoryReader& reader, const OpEntry& op, FailurePolicy policy) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  reader.last_failure = op.xml;
  if (op.rc != 5 || d.options.symmetric) list_failure(reader, op);
  raise_to(reader, policy.on_fail);
  role_after_failure(reader, op, policy);
  if (policy.role != Role::started && r.next_role < policy.role) r.next_role = policy.role;
  if (policy.role == Role::stopped) ban_whole(reader, "failed, and on-fail is stop");
}

void take_failed(HistoryReader& reader, const OpEntry& op) {
  FailurePolicy policy =
      failure_policy(reader.d, reader.resource, reader.node, op.task, op.interval_ms, op.expected_rc);
  if (op.status == OpStatus::not_installed) {
    if (policy.on_fail == OnFail::ignore) policy.on_fail = OnFail::migrate;
    ban(reader, reader.node, "not installed");
    return take_failure(reader, op, policy);
  }
  if (policy.on_fail == OnFail::ignore || (policy.on_fail == OnFail::restart_container && op.is("stop"))) {
    const int expected = op.expected_rc;
    take_result(reader, op, expected);
    reader.d[reader.resource].failure_ignored = true;
    if (reader.d[reader.node].online) list_failure(reader, op);
    if (policy.on_fail == OnFail::restart_container && reader.on_fail <= OnFail::restart) {
      reader.on_fail = OnFail::restart_container;
    }
    return;
  }
  take_failure(reader, op, policy);
  if (op.status == OpStatus::error_hard) ban(reader, reader.node, "hard error");
  if (op.status == OpStatus::error_fatal) ban(reader, NodeId{}, "fatal error");
}

bool is_known_status(OpStatus status) {
  const int value = static_cast<int>(status);
  return value >= static_cast<int>(OpStatus::pending) && value <= static_cast<int>(OpStatus::no_secrets);
}

void take_masked_probe(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  r.role = Role::stopped;
  const bool on_node_recorded = !op.xml->on_node.empty();
  r.probe_failures.push_back({reader.node, on_node_recorded, static_cast<int>(op.xml->rc)});
  ban(reader, reader.node, "probe failed");
}

}  // namespace

void set_active(Draft& d, Resource& r) {
  const Resource& top = d[top_of(d, r.id)];
  r.role = top.is_clone() && top.clone().promotable ? Role::unpromoted : Role::started;
}

void read_operation(HistoryReader& reader, const cib::OpHistory& xml) {
  OpEntry op = view(xml);
  if (op.task.empty() || op.is("notify") || op.is("meta-data")) return;
  if (!is_known_status(op.status)) return;
  if (op.status != OpStatus::not_installed) op.expired = has_expired(reader, op);
  remap(reader, op);
  if (op.expired && ignore_expired(reader, op)) return;
  if (op.masked_probe) return take_masked_probe(reader, op);
  switch (op.status) {
    case OpStatus::cancelled:
      return;
    case OpStatus::pending:
      return take_pending(reader, op);
    case OpStatus::done:
      return take_result(reader, op, op.rc);
    case OpStatus::not_connected: {
      const Node& node = reader.d[reader.node];
      if (node.is_remote() && node.connection.valid() && reader.d[node.connection].managed) {
        reader.d[node.connection].failed = true;
      }
      break;
    }
    case OpStatus::no_fence_device:
    case OpStatus::no_secrets:
      op.status = OpStatus::error_hard;
      break;
    default:
      break;
  }
  take_failed(reader, op);
}

// ---------------------------------------------------------------- order

int compare_age(const cib::OpHistory& a, const cib::OpHistory& b, bool same_node) {
  const auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (same_node && a.id == b.id) return 0;
  if (a.call_id == -1 && b.call_id == -1) return 0;
  if (a.call_id >= 0 && b.call_id >= 0) {
    if (same_node && a.call_id != b.call_id) return sign(a.call_id, b.call_id);
    if (!a.last_rc_change || !b.last_rc_change) return 0;
    return sign(a.last_rc_change->since_epoch, b.last_rc_change->since_epoch);
  }
  const auto magic_a = cib::parse_transition_magic(a.transition_magic);
  const auto magic_b = cib::parse_transition_magic(b.transition_magic);
  if (!magic_a || !magic_b) return 0;
  const int a_id = magic_a->key.transition;
  const int b_id = magic_b->key.transition;
  if (magic_a->key.uuid != magic_b->key.uuid || a_id == b_id)
    return b.call_id == -1 ? -1 : a.call_id == -1 ? 1 : 0;
  if ((a_id >= 0 && a_id < b_id) || b_id == -1) return -1;
  return 1;
}

std::vector<const cib::OpHistory*> sorted_operations(const cib::ResourceHistory& entry, NodeId) {
  std::vector<const cib::OpHistory*> sorted;
  sorted.reserve(entry.ops.size());
  for (auto it = entry.ops.rbegin(); it != entry.ops.rend(); ++it) sorted.push_back(&**it);
  std::stable_sort(sorted.begin(), sorted.end(), [](const cib::OpHistory* a, const cib::OpHistory* b) {
    return compare_age(*a, *b, true) < 0;
  });
  return sorted;
}

}  // namespace fencepost::policy
