// What failures cost: on-fail (§3.6), fail counts and when they stop counting (§4.5).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/digests.h"
#include "engine/policy/fencing.h"
#include "engine/policy/history.h"

namespace fencepost::policy {
namespace {

// The <op> of that name and interval, whatever else it says.
const OpSpec* configured_op(const Definition& def, std::string_view name, std::uint32_t interval_ms) {
  for (const OpSpec& op : def.ops) {
    if (op.interval_ms == interval_ms && cib::equal_ignoring_case(op.name, name)) return &op;
  }
  if (name == "migrate_to" || name == "migrate_from") return configured_op(def, "migrate", 0);
  return nullptr;
}

bool is_promoted_role(const std::string* text) {
  return text != nullptr && cib::parse_role(*text) == Role::promoted;
}

std::string on_fail_text(const Draft& d, const Definition& def, std::string_view task,
                         std::uint32_t interval_ms, std::string* role) {
  const OpSpec* op = configured_op(def, task, interval_ms);
  const cib::NvTable settings = operation_settings(*d.config, def, op, task, interval_ms, d.now);
  if (const std::string* text = settings.find("role")) *role = *text;
  if (const std::string* text = settings.find("on-fail")) return *text;
  const std::string* text = task == "demote" ? promoted_monitor_on_fail(def) : nullptr;
  return text == nullptr ? "" : *text;
}

std::optional<OnFail> parse_on_fail(std::string_view text) {
  struct Word {
    std::string_view text;
    OnFail value;
  };
  static constexpr Word kWords[] = {
      {"ignore", OnFail::ignore},   {"nothing", OnFail::ignore},
      {"block", OnFail::block},     {"stop", OnFail::stop},
      {"restart", OnFail::restart}, {"migrate", OnFail::migrate},
      {"standby", OnFail::standby}, {"fence", OnFail::fence},
      {"demote", OnFail::demote},   {"restart-container", OnFail::restart_container}};
  for (const Word& word : kWords) {
    if (cib::equal_ignoring_case(word.text, text)) return word.value;
  }
  return std::nullopt;
}

bool is_container_free_connection(const Draft& d, ResourceId id) {
  return is_remote_connection(d, id) && !d[id].container.valid();
}

}  // namespace

const std::string* promoted_monitor_on_fail(const Definition& def) {
  for (const OpSpec& monitor : def.ops) {
    if (!monitor.enabled || monitor.task != Task::monitor || monitor.interval_ms == 0) continue;
    if (!is_promoted_role(monitor.op->setting("role"))) continue;
    const std::string* text = monitor.op->setting("on-fail");
    if (text != nullptr && !cib::equal_ignoring_case(*text, "demote")) return text;
  }
  return nullptr;
}

FailurePolicy failure_policy(const Draft& d, ResourceId id, NodeId, std::string_view task,
                             std::uint32_t interval_ms, int) {
  const Resource& r = d[id];
  std::string role_text;
  const std::string text = on_fail_text(d, *r.def, task, interval_ms, &role_text);
  std::optional<OnFail> chosen = parse_on_fail(text);
  FailurePolicy policy;
  policy.role = Role::unknown;

  const bool is_stop = task == "stop";
  if (is_stop && (chosen == OnFail::stop || chosen == OnFail::standby)) chosen.reset();
  if (chosen == OnFail::demote) {
    const bool promoted_monitor =
        task == "monitor" && interval_ms > 0 && is_promoted_role(role_text.empty() ? nullptr : &role_text);
    if (task != "promote" && !promoted_monitor) chosen.reset();
  }
  if (chosen == OnFail::restart_container && !r.container.valid()) chosen.reset();
  if (chosen == OnFail::fence && !d.options.stonith) chosen = OnFail::stop;
  if (chosen == OnFail::stop) policy.role = Role::stopped;

  const bool probe = task == "monitor" && interval_ms == 0;
  if (!chosen && r.container.valid()) {
    chosen = OnFail::restart_container;
  } else if ((!chosen || !r.managed) && is_container_free_connection(d, id) && !probe && task != "start") {
    if (!r.managed) {
      chosen = OnFail::stop;
      policy.role = Role::stopped;
    } else {
      chosen = OnFail::reset_remote;
      if (r.def->reconnect_interval_s > 0) policy.role = Role::stopped;
    }
  } else if (!chosen && is_stop) {
    chosen = d.options.stonith ? OnFail::fence : OnFail::block;
  } else if (!chosen) {
    chosen = OnFail::restart;
  }
  policy.on_fail = *chosen;
  if (policy.role == Role::unknown) policy.role = task == "promote" ? Role::unpromoted : Role::started;
  return policy;
}

// ---------------------------------------------------------------- fail counts

namespace {

std::string_view base_name(const Resource& r) {
  std::string_view name =
      r.history_name.empty() ? std::string_view{r.spec->id} : std::string_view{r.history_name};
  if (r.spec->unique) return name;
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(0, colon);
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// fail-count-<name>[:<instance>][#<operation>_<interval>], the last part since feature set 3.0.13.
bool is_failure_attribute(std::string_view attribute, std::string_view prefix, const Resource& r,
                          bool per_operation) {
  if (attribute.substr(0, prefix.size()) != prefix) return false;
  attribute.remove_prefix(prefix.size());
  const std::string_view name = base_name(r);
  if (attribute.substr(0, name.size()) != name) return false;
  attribute.remove_prefix(name.size());
  const std::size_t hash = attribute.find('#');
  const std::string_view instance = attribute.substr(0, hash);
  if (!instance.empty() && (r.spec->unique || instance[0] != ':' || !is_digits(instance.substr(1))))
    return false;
  if (!per_operation) return hash == std::string_view::npos;
  if (hash == std::string_view::npos) return false;
  const std::string_view operation = attribute.substr(hash + 1);
  const std::size_t underscore = operation.rfind('_');
  return underscore != std::string_view::npos && underscore > 0 &&
         is_digits(operation.substr(underscore + 1));
}

bool per_operation_counts(const Draft& d) {
  // Compare dotted versions: is the feature set at least 3.0.13?
  int parts[3] = {0, 0, 0};
  std::size_t index = 0;
  for (char c : d.cib->crm_feature_set) {
    if (c == '.') {
      if (++index == 3) break;
    } else if (c >= '0' && c <= '9') {
      parts[index] = parts[index] * 10 + (c - '0');
    }
  }
  if (parts[0] != 3) return parts[0] > 3;
  if (parts[1] != 0) return true;
  return parts[2] >= 13;
}

bool is_blocking_failure(const OpSpec& conf, const cib::OpHistory& op, std::string_view entry_id) {
  if (op.operation != conf.name || static_cast<std::uint32_t>(op.interval.count()) != conf.interval_ms)
    return false;
  if (op.id == std::string{entry_id} + "_last_failure_0") return true;
  const auto key = cib::parse_transition_key(op.transition_key);
  const int expected = key ? key->target_rc : -1;
  return op.id == std::string{entry_id} + "_" + conf.name + "_" + std::to_string(conf.interval_ms) &&
         static_cast<int>(op.rc) != expected;
}

// Whether the operation that is looked at is a failure that blocks; of none, whether any is.
bool blocks_for_ever(const Draft& d, const Resource& r, NodeId node, const cib::OpHistory* looked_at) {
  for (const OpSpec& conf : r.def->ops) {
    const std::string* text = conf.op->setting("on-fail");
    if (text == nullptr || *text != "block") continue;
    const std::string_view entry_id = r.history_name.empty() ? std::string_view{r.spec->id} : r.history_name;
    if (looked_at != nullptr) {
      if (is_blocking_failure(conf, *looked_at, entry_id)) return true;
      continue;
    }
    const cib::ResourceHistory* entry = history_on(d, node, entry_id);
    if (entry == nullptr) continue;
    for (const cib::OpHistory& op : entry->ops) {
      if (is_blocking_failure(conf, op, entry->id)) return true;
    }
  }
  return false;
}

void add_failures(Failures& to, const Failures& more) {
  to.count = add_scores(to.count, more.count);
  if (more.last) to.last = std::max(to.last.value_or(0), *more.last);
}

}  // namespace

Failures own_failures(const Draft& d, const Resource& r, NodeId node) {
  const bool per_operation = per_operation_counts(d);
  Failures failures;
  for (const auto& entry : d[node].attributes) {
    if (entry.name.substr(0, 5) == "fail-" &&
        is_failure_attribute(entry.name, "fail-count-", r, per_operation)) {
      failures.count = add_scores(failures.count, cib::parse_score(*entry.value).value());
    } else if (entry.name.substr(0, 5) == "last-" &&
               is_failure_attribute(entry.name, "last-failure-", r, per_operation)) {
      const std::int64_t at = cib::parse_integer(*entry.value).value_or(0);
      failures.last = std::max(failures.last.value_or(0), at);
    }
  }
  return failures;
}

Failures fail_count(Draft& d, ResourceId id, NodeId node, bool effective, const cib::OpHistory* looked_at) {
  Resource& r = d[id];
  Failures failures = own_failures(d, r, node);
  if (failures.count > 0 && failures.last && *failures.last > 0 && r.failure_timeout_s > 0 &&
      blocks_for_ever(d, r, node, looked_at)) {
    r.failure_timeout_s = 0;
  }
  if (effective && failures.count > 0 && failures.last && *failures.last > 0 && r.failure_timeout_s > 0) {
    if (d.now.since_epoch > *failures.last + r.failure_timeout_s) failures.count = 0;
  }
  return failures;
}

Failures counted_failures(Draft& d, ResourceId id, NodeId node) {
  Failures failures = fail_count(d, id, node, true);
  if (part_with_container(d, id) != nullptr) return failures;
  for (ResourceId filler : d[id].fillers) add_failures(failures, fail_count(d, filler, node, true));
  return failures;
}

ActionId clear_fail_count(Draft& d, ResourceId id, NodeId node, std::string reason) {
  const ActionId action = request(d, id, key(Task::clear_failcount), node, Demand::required);
  d[action].set_meta("op_no_wait", "true");
  if (!reason.empty()) set_reason(d[action], std::move(reason));
  return action;
}

// ---------------------------------------------------------------- expiry

namespace {

bool answers_a_probe(int rc) { return rc == 0 || rc == 7 || rc == 8 || rc == 190 || rc == 191; }

// A failed start or monitor whose parameters have changed since says nothing about the present ones.
bool parameters_changed(Draft& d, const HistoryReader& reader, const OpEntry& op) {
  if (!op.is("start") && !op.is("monitor")) return false;
  const std::string& id = op.xml->id;
  static constexpr std::string_view kLastFailure = "_last_failure_0";
  if (id.size() < kLastFailure.size() ||
      id.compare(id.size() - kLastFailure.size(), kLastFailure.size(), kLastFailure) != 0) {
    return false;
  }
  if (in_bundle(d, reader.resource) && is_bundle_connection(d, reader.resource)) {
    // Its address may be that of a host that is not chosen yet: looked at after assignment.
    if (has_magic_address(d, reader.resource)) {
      d.deferred_checks.push_back({reader.resource, reader.node, op.xml, DeferredCheck::last_failure});
      return false;
    }
  }
  const DigestMatch match = compare_digests(d, reader.resource, reader.node, *op.xml).match;
  return match == DigestMatch::all || match == DigestMatch::restart;
}

bool may_expire(const Draft& d, const HistoryReader& reader, const OpEntry& op) {
  const Resource& r = d[reader.resource];
  if (r.def->reconnect_interval_s == 0 || !d.options.stonith || op.interval_ms == 0 || !op.is("monitor"))
    return true;
  // A connection that is being tried again stays failed until its node was certainly fenced.
  const NodeId remote = find_node(d, r.spec->id);
  return !remote.valid() || d[remote].was_fenced;
}

// Failures of a connection are forgotten only after the fencing of its node, if there is one.
void wait_for_fencing(Draft& d, const HistoryReader& reader, ActionId clear) {
  const NodeId remote = find_node(d, d[reader.resource].spec->id);
  if (!remote.valid()) return;
  const ActionId fencing = fence_action(d, {.node = remote, .operation = "", .optional = true, .reason = {}});
  order_actions(d, fencing, clear, kOrder);
}

// Failures that still count on a node; they are looked at again when they run out, if the node's history
// knows the resource at all.
Failures still_counting(HistoryReader& reader, const cib::OpHistory& op) {
  Draft& d = reader.d;
  const Failures failures = fail_count(d, reader.resource, reader.node, true, &op);
  const std::int64_t timeout = d[reader.resource].failure_timeout_s;
  if (failures.count > 0 && failures.last.value_or(0) > 0 && timeout > 0)
    d.recheck_by(*failures.last + timeout + 1);
  return failures;
}

}  // namespace

bool has_expired(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  Resource& r = d[reader.resource];
  const bool is_last_failure =
      op.xml->id.size() > 15 && op.xml->id.compare(op.xml->id.size() - 15, 15, "_last_failure_0") == 0;
  const std::int64_t timeout = r.failure_timeout_s;
  bool expired = false;
  std::string clear_reason;
  Failures effective;
  if (timeout > 0 && op.xml->last_rc_change) {
    effective = still_counting(reader, *op.xml);
    const std::int64_t last = op.xml->last_rc_change->since_epoch;
    expired = last > 0 && d.now.since_epoch >= last + timeout && may_expire(d, reader, op);
  }
  if (expired) {
    const Failures all = fail_count(d, reader.resource, reader.node, false, op.xml);
    if (all.count > 0) {
      if (effective.count == 0) {
        clear_reason = "it expired";
      } else {
        expired = false;
      }
    } else if (is_last_failure && r.def->reconnect_interval_s > 0) {
      clear_reason = "reconnect interval is set";
    }
  }
  if (!expired && is_last_failure && parameters_changed(d, reader, op))
    clear_reason = "resource parameters have changed";
  if (!clear_reason.empty()) {
    const ActionId clear = clear_fail_count(d, reader.resource, reader.node, clear_reason);
    if (d.options.stonith && d[reader.resource].def->reconnect_interval_s > 0)
      wait_for_fencing(d, reader, clear);
  }
  if (expired && op.is_probe() && answers_a_probe(op.rc)) return false;
  return expired;
}

}  // namespace fencepost::policy
