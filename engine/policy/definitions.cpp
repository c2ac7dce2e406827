// Resources whose definition changed since their history was written: restart, reload, reschedule, forget
// (§4.11).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/create.h"
#include "engine/policy/digests.h"
#include "engine/policy/fencing.h"
#include "engine/policy/history.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

constexpr const char* kChanged = "resource definition change";

void cancel_for(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op) {
  const Key key = operation_key(d, op.operation, static_cast<std::uint32_t>(op.interval.count()));
  const ActionId cancel = cancel_recurring(d, id, key, operation_word(d, key), node);
  d[cancel].set_meta_if_absent("call_id", std::to_string(op.call_id));
  order(d, {.first_resource = id,
            .then_resource = id,
            .first_key = kStop,
            .then_key = {},
            .first_action = {},
            .then_action = cancel,
            .kinds = kOrder});
}

// A device has changed: its node has to be unfenced anew, and if that node goes, all others that it knows.
void trigger_unfencing(Draft& d, ResourceId id, NodeId node, const char* reason) {
  if (!d.config->unfencing_in_use || !d[id].def->fence_device) return;
  if (can_be_unfenced(d, node)) return require_unfencing(d, node, reason, ActionId{});
  for (const Node& other : d.nodes)
    if (d[id].scores.has(other.id)) require_unfencing(d, other.id, reason, ActionId{});
}

void force_restart(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op, std::string_view task) {
  const Key key = operation_key(d, task, static_cast<std::uint32_t>(op.interval.count()));
  const ActionId action = request_named(d, id, key, operation_word(d, key), NodeId{}, Demand::required);
  set_reason(d[action], kChanged, true);
  trigger_unfencing(d, id, node, "Device parameters changed");
}

void reschedule(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op) {
  trigger_unfencing(d, id, node, "Device parameters changed (reschedule)");
  const Key key = operation_key(d, op.operation, static_cast<std::uint32_t>(op.interval.count()));
  const ActionId action = request_named(d, id, key, operation_word(d, key), node, Demand::optional);
  d[action].reschedule = true;
}

void reload(Draft& d, ResourceId id, NodeId node) {
  Resource& r = d[id];
  if (!r.managed || r.failed) return;
  trigger_unfencing(d, id, node, "Device parameters changed (reload)");
  if (r.start_pending) {
    const ActionId stop = request(d, id, kStop, node, Demand::required);
    set_reason(d[stop], kChanged);
    return;
  }
  r.reload = true;
  const ActionId action = request(d, id, kReload, node, Demand::required);
  set_reason(d[action], kChanged);
  for (Key key : {kStop, kDemote}) {
    order(d, {.first_resource = {},
              .then_resource = id,
              .first_key = {},
              .then_key = key,
              .first_action = action,
              .then_action = {},
              .kinds = kOrder | kThenCancelsFirst});
  }
}

bool is_configured(const Draft& d, ResourceId id, const cib::OpHistory& op) {
  const auto interval = static_cast<std::uint32_t>(op.interval.count());
  return std::any_of(d[id].def->ops.begin(), d[id].def->ops.end(), [&](const OpSpec& spec) {
    return spec.enabled && spec.interval_ms == interval && cib::equal_ignoring_case(spec.name, op.operation);
  });
}

// Whether the operation's definition changed; what follows from that is scheduled.
bool check_operation(Draft& d, ResourceId id, NodeId node, const cib::OpHistory& op) {
  const bool recurring = op.interval.count() > 0;
  if (recurring && !is_configured(d, id, op)) {
    if (d.options.stop_orphan_actions) cancel_for(d, id, node, op);
    return true;
  }
  const Comparison comparison = compare_digests(d, id, node, op);
  if (d.sanitized && comparison.only_private) {
    d.private_changes.push_back(
        {d[id].spec->id, op.operation, op.interval.count(), node, op.transition_magic});
    return false;
  }
  std::string_view task = op.operation;
  if (!recurring && (task == "monitor" || task == "migrate_from" || task == "promote")) task = "start";
  switch (comparison.match) {
    case DigestMatch::same:
      return false;
    case DigestMatch::restart:
      force_restart(d, id, node, op, task);
      return true;
    case DigestMatch::all:
    case DigestMatch::unknown:
      break;
  }
  if (recurring) {
    reschedule(d, id, node, op);
  } else if (!op.op_restart_digest.empty()) {
    reload(d, id, node);
  } else {
    force_restart(d, id, node, op, task);
  }
  return true;
}

void forget_failures_if_changed(Draft& d, ResourceId id, NodeId node, bool changed) {
  if (changed && fail_count(d, id, node, true).count != 0) {
    clear_fail_count(d, id, node, "action definition changed");
  }
}

void check_entry(Draft& d, ResourceId id, NodeId node, const cib::ResourceHistory& entry,
                 bool agent_changed) {
  const Resource& r = d[id];
  if (r.orphan) {
    if (!is_anonymous_instance(d, id)) clean_up(d, id, node, false);
    return;
  }
  const bool active = contains(r.active_on, node);
  if (agent_changed) {
    trigger_unfencing(d, id, node, "Device definition changed");
    if (active) {
      request(d, id, kStop, node, Demand::required);
      d[id].start_pending = true;
    }
    clean_up(d, id, node, false);
  }
  if (!active) return;
  const auto sorted = sorted_operations(entry, node);
  const RunBounds run = current_run(sorted);
  if (run.start < run.stop) return;
  for (int i = std::max(run.start, 0); i < static_cast<int>(sorted.size()); ++i) {
    const cib::OpHistory& op = *sorted[static_cast<std::size_t>(i)];
    if (op.interval.count() > 0 && (d[id].maintenance || d[node].maintenance)) {
      cancel_for(d, id, node, op);
      continue;
    }
    const std::string& task = op.operation;
    const bool checked = op.interval.count() > 0 || task == "monitor" || task == "start" ||
                         task == "promote" || task == "migrate_from";
    if (!checked) continue;
    if (has_magic_address(d, id)) {
      d.deferred_checks.push_back({id, node, &op, DeferredCheck::active});
      continue;
    }
    forget_failures_if_changed(d, id, node, check_operation(d, id, node, op));
  }
}

// An entry is held against all instances of a clone, which share their agent.
void check_entry(Draft& d, const std::vector<ResourceId>& all, NodeId node,
                 const cib::ResourceHistory& entry) {
  const cib::Resource* compared = nullptr;
  bool agent_changed = false;
  for (ResourceId id : all) {
    const cib::Resource* xml = d[id].def->xml;
    if (xml != compared) agent_changed = xml->agent != entry.agent;
    compared = xml;
    check_entry(d, id, node, entry, agent_changed);
  }
}

}  // namespace

void check_definitions(Draft& d) {
  std::unordered_map<std::string_view, std::vector<ResourceId>> named;  // never iterated
  for (ResourceId top : d.top_level) {
    for_each_leaf(d, top, [&](ResourceId id) {
      const Resource& r = d[id];
      named[r.spec->id].push_back(id);
      if (!r.history_name.empty() && r.history_name != r.spec->id) named[r.history_name].push_back(id);
    });
  }
  for (const Node& node : d.nodes) {
    if (node.state == nullptr || (!available(d, node.id) && !node.maintenance)) continue;
    for (const auto& entry : node.state->resources) {
      if (entry->ops.empty()) continue;
      const auto found = named.find(entry->id);
      if (found != named.end()) check_entry(d, found->second, node.id, *entry);
    }
  }
}

void check_deferred_definitions(Draft& d) {
  // The last that was put off comes first.
  const std::vector<DeferredCheck> checks(d.deferred_checks.rbegin(), d.deferred_checks.rend());
  for (const DeferredCheck& check : checks) {
    if (check.which == DeferredCheck::active) {
      forget_failures_if_changed(d, check.resource, check.node,
                                 check_operation(d, check.resource, check.node, *check.op));
      continue;
    }
    const DigestMatch match = compare_digests(d, check.resource, check.node, *check.op).match;
    if (match == DigestMatch::all || match == DigestMatch::restart) {
      clear_fail_count(d, check.resource, check.node, "resource parameters have changed");
    }
  }
}

}  // namespace fencepost::policy
