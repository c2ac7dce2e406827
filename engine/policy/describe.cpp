// The draft as a status page shows it.
#include <algorithm>

#include "engine/policy/history.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

Health health_of(const Draft& d, const Node& node) {
  bool red = false;
  bool yellow = false;
  const cib::HealthScores& scores = d.options.health_scores;
  for (const auto& entry : node.attributes) {
    if (entry.name.substr(0, 7) != "#health") continue;
    const Score score = cib::parse_score(*entry.value, scores);
    const bool says_yellow = cib::equal_ignoring_case(*entry.value, "yellow");  // whatever that is worth
    if (cib::equal_ignoring_case(*entry.value, "red") || (!says_yellow && score <= scores.red)) {
      red = true;
    } else if (says_yellow || (score <= scores.yellow && scores.yellow != scores.green)) {
      yellow = true;
    }
  }
  return red ? Health::red : yellow ? Health::yellow : Health::green;
}

// Attributes by which the cluster tells itself things are not for reading (seen from crm_simulate -A).
bool is_shown(std::string_view name) {
  for (const char* prefix : {"#", "fail-count-", "last-failure-"})
    if (name.substr(0, std::string_view{prefix}.size()) == prefix) return false;
  return name != "standby" && name != "terminate" && name != "shutdown";
}

NodeState describe_node(const Draft& d, const Node& node) {
  NodeState state;
  state.name = node.spec->name;
  state.id = node.spec->id;
  state.kind = node.kind;
  state.online = node.online;
  state.unclean = node.unclean;
  state.pending = node.pending;
  state.standby = node.standby;
  state.standby_on_fail = node.standby_on_fail;
  state.maintenance = node.maintenance;
  state.shutdown = node.shutting_down;
  state.expected_up = node.expected_up;
  state.is_dc = node.is_dc;
  state.needs_reset = node.needs_reset;
  state.health = d.options.health == HealthStrategy::none ? Health::green : health_of(d, node);
  state.active_resources = static_cast<int>(node.active.size());
  state.connection = node.connection;
  if (const std::string* features = node.attributes.find("#feature-set")) state.feature_set = *features;
  for (const auto& entry : node.attributes)
    if (is_shown(entry.name)) state.attributes.push_back({std::string{entry.name}, *entry.value});
  std::sort(state.attributes.begin(), state.attributes.end(),
            [](const NameValue& a, const NameValue& b) { return a.name < b.name; });
  return state;
}

ResourceState describe_resource(const Draft& d, const Resource& r) {
  ResourceState state;
  state.id = r.spec->id;
  state.name = r.spec->name;
  state.history_name = r.history_name;
  state.variant = r.variant;
  state.parent = r.parent;
  state.container = r.container;
  state.children = r.children;
  state.agent_class = r.def->xml->agent.standard;
  state.provider = r.def->xml->agent.provider;
  state.type = r.def->xml->agent.type;
  state.description = r.def->xml->description;
  state.role = r.is_collective() ? role_of(d, r.id, true) : r.role;
  state.managed = r.managed;
  state.maintenance = r.maintenance;
  state.blocked = r.blocked;
  state.failed = r.failed;
  state.failure_ignored = r.failure_ignored;
  state.orphan = r.orphan;
  state.internal = r.def->internal;
  state.unique = r.spec->unique;
  state.promotable = r.is_clone() && r.clone().promotable;
  state.start_pending = r.start_pending;
  state.target_role = r.def->target_role_text;
  state.target = target_role(d, *r.spec);
  state.active_on = r.active_on;
  state.current = current_node(d, r.id);
  state.known_on = r.known_on;
  std::sort(state.known_on.begin(), state.known_on.end());
  for (const Node& node : d.nodes) {
    if (r.scores.has(node.id)) state.allowed_on.push_back(node.id);
  }
  state.pending_task = std::string{r.pending_task_word};
  state.pending_node = r.pending_node;
  state.lock_node = r.lock_node;
  state.clone_max = r.is_clone() ? r.clone().max : 0;
  state.probe_failures = r.probe_failures;
  return state;
}

void count_instances(const Draft& d, ClusterState& state) {
  for (ResourceId top : d.top_level) {
    for_each_leaf(d, top, [&](ResourceId id) {
      const Resource& r = d[id];
      if (r.orphan && r.role <= Role::stopped) return;
      ++state.total_resources;
      const Role target = target_role(d, *r.spec);
      if (target == Role::stopped || target == Role::unpromoted) ++state.disabled_resources;
      if (r.blocked) ++state.blocked_resources;
    });
  }
}

// The resource that a history entry names; of instances that are all alike, any.
ResourceId find_named(const Draft& d, std::string_view name) {
  if (const auto known = d.by_id.find(name); known != d.by_id.end()) return known->second;
  for (const Resource& r : d.resources)
    if (r.is_primitive() && r.def->xml->id == name) return r.id;
  return {};
}

// Only of what a node's history names, in its order and by its name; nodes in the order of their states.
void describe_fail_counts(const Draft& d, ClusterState& state) {
  for (const NodeId id_of_node : d.states) {
    const Node& node = d[id_of_node];
    bool any = false;
    for (const auto& entry : node.attributes) any = any || entry.name.substr(0, 5) == "fail-";
    if (!any || node.state == nullptr) continue;
    for (const auto& entry : node.state->resources) {
      const ResourceId id = find_named(d, entry->id);
      if (!id.valid()) continue;
      const Failures failures = own_failures(d, d[id], node.id);
      if (failures.count == 0) continue;
      state.fail_counts.push_back({.resource = entry->id,
                                   .node = node.id,
                                   .count = Score{failures.count},
                                   .migration_threshold = Score{d[id].migration_threshold},
                                   .last_failure = failures.last});
    }
  }
}

}  // namespace

ClusterState describe(const Draft& d) {
  ClusterState state;
  state.nodes.reserve(d.nodes.size());
  state.resources.reserve(d.resources.size());
  for (const Node& node : d.nodes) state.nodes.push_back(describe_node(d, node));
  for (const Resource& r : d.resources) state.resources.push_back(describe_resource(d, r));
  state.top_level = d.top_level;
  for (const Bundle& bundle : d.bundles) {
    BundleState b;
    b.resource = bundle.resource;
    b.image = bundle.spec->image;
    b.engine = bundle.spec->engine;
    b.unique = bundle.spec->per_host > 1;
    for (const BundlePart& part : bundle.parts) {
      b.replicas.push_back({.number = part.spec->number,
                            .ip = part.spec->ip,
                            .container = part.spec->container,
                            .connection = part.spec->connection,
                            .inner = part.spec->inner,
                            .node = part.node,
                            .ip_address = part.spec->ip_address});
    }
    state.bundles.push_back(std::move(b));
  }
  state.failed_operations = d.failed_operations;
  bool any_failure = false;
  for (const Node& node : d.nodes) {
    for (const auto& entry : node.attributes)
      any_failure = any_failure || entry.name.substr(0, 11) == "fail-count-";
  }
  if (any_failure) describe_fail_counts(d, state);
  for (const cib::TicketState& ticket : d.cib->status.tickets) {
    state.tickets.push_back({.id = ticket.id,
                             .granted = ticket.granted.value_or(false),
                             .standby = ticket.standby.value_or(false),
                             .last_granted = ticket.last_granted
                                                 ? std::optional{ticket.last_granted->since_epoch}
                                                 : std::nullopt});
  }
  state.have_quorum = d.have_quorum;
  state.maintenance_mode = d.options.maintenance_mode;
  state.stonith_enabled = d.options.stonith;
  state.symmetric = d.options.symmetric;
  state.dc = d.cib->dc_uuid;
  count_instances(d, state);
  return state;
}

}  // namespace fencepost::policy
