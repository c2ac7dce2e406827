#include "engine/policy/draft.h"

#include <algorithm>

namespace fencepost::policy {

bool ScoreTable::empty() const {
  return std::none_of(entries_.begin(), entries_.end(), [](const Candidate& c) { return c.present; });
}

std::int32_t add_scores(std::int32_t a, std::int32_t b) { return (Score{a} + Score{b}).value(); }

void Draft::recheck_by(std::int64_t seconds) {
  if (seconds <= now.since_epoch) return;
  if (!next_change || next_change->since_epoch > seconds) next_change = WallSeconds{seconds};
}

// ---------------------------------------------------------------- around a resource

ResourceId top_of(const Draft& d, ResourceId id, bool past_bundles) {
  while (d[id].parent.valid()) {
    if (!past_bundles && d[d[id].parent].is_bundle()) return id;
    id = d[id].parent;
  }
  return id;
}

ResourceId bundle_of(const Draft& d, ResourceId id) {
  for (ResourceId at = d[id].parent; at.valid(); at = d[at].parent) {
    if (d[at].is_bundle()) return at;
  }
  return {};
}

bool in_bundle(const Draft& d, ResourceId id) { return bundle_of(d, id).valid(); }

ResourceId clone_of(const Draft& d, ResourceId id) {
  for (ResourceId at = d[id].parent; at.valid(); at = d[at].parent) {
    if (d[at].is_clone()) return at;
  }
  return {};
}

bool is_anonymous_instance(const Draft& d, ResourceId id) {
  const ResourceId clone = clone_of(d, id);
  return clone.valid() && !d[clone].clone().unique;
}

const Bundle* bundle_data(const Draft& d, ResourceId bundle) {
  for (const Bundle& data : d.bundles) {
    if (data.resource == bundle) return &data;
  }
  return nullptr;
}

const BundlePart* part_with_container(const Draft& d, ResourceId container) {
  for (const Bundle& data : d.bundles) {
    for (const BundlePart& part : data.parts) {
      if (part.spec->container == container) return &part;
    }
  }
  return nullptr;
}

const BundlePart* part_with_connection(const Draft& d, ResourceId connection) {
  for (const Bundle& data : d.bundles) {
    for (const BundlePart& part : data.parts) {
      if (part.spec->connection == connection && connection.valid()) return &part;
    }
  }
  return nullptr;
}

const BundlePart* part_at(const Draft&, const Bundle& bundle, NodeId guest) {
  for (const BundlePart& part : bundle.parts) {
    if (part.node == guest) return &part;
  }
  return nullptr;
}

ResourceId guest_container(const Draft& d, NodeId node) {
  if (d[node].kind != NodeKind::guest || !d[node].connection.valid()) return {};
  return d[d[node].connection].container;
}

bool is_remote_connection(const Draft& d, ResourceId id) {
  return d[id].is_primitive() && d[id].def->remote_connection;
}

bool is_bundle_connection(const Draft& d, ResourceId id) {
  return is_remote_connection(d, id) && in_bundle(d, id) && d[d[id].parent].is_bundle();
}

bool hosts_guest(const Draft& d, ResourceId id) {
  const auto& fillers = d[id].fillers;
  return std::any_of(fillers.begin(), fillers.end(),
                     [&d](ResourceId f) { return is_remote_connection(d, f); });
}

bool is_ancestor(const Draft& d, ResourceId ancestor, ResourceId of) {
  for (ResourceId at = d[of].parent; at.valid(); at = d[at].parent) {
    if (at == ancestor) return true;
  }
  return false;
}

// ---------------------------------------------------------------- nodes

NodeId find_node(const Draft& d, std::string_view name) {
  for (const Node& node : d.nodes) {
    if (cib::equal_ignoring_case(node.spec->name, name)) return node.id;
  }
  return {};
}

bool available(const Draft& d, NodeId id) {
  if (!id.valid()) return false;
  const Node& n = d[id];
  return n.online && !n.shutting_down && !n.unclean && !n.standby && !n.maintenance;
}

bool available(const Draft& d, NodeId id, std::int32_t score) { return available(d, id) && score >= 0; }

bool available_guest(const Draft& d, NodeId id) {
  if (!id.valid()) return false;
  const ResourceId container = guest_container(d, id);
  return !container.valid() || d[container].assigned.valid();
}

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

NodeId current_node(const Draft& d, ResourceId id) {
  const Resource& r = d[id];
  if (r.active_on.empty()) return {};
  if (r.partial_source.valid() && r.partial_target.valid() && contains(r.active_on, r.partial_source)) {
    return r.partial_source;
  }
  if (!r.def->requires_fencing()) {
    for (NodeId n : r.active_on) {
      if (d[n].online && !d[n].unclean) return n;
    }
  }
  return r.active_on.front();
}

Role role_of(const Draft& d, ResourceId id, bool current) {
  const Resource& r = d[id];
  if (r.is_primitive()) return current ? r.role : r.next_role;
  if (r.is_bundle()) {
    // A bundle is in the role of its containers.
    const Bundle* data = bundle_data(d, id);
    Role highest = Role::unknown;
    for (const BundlePart& part : data->parts)
      highest = std::max(highest, role_of(d, part.spec->container, current));
    return highest;
  }
  Role highest = Role::unknown;
  for (ResourceId child : r.children) highest = std::max(highest, role_of(d, child, current));
  return highest;
}

bool fully_or_partly_active(const Draft& d, ResourceId id, bool all) {
  const Resource& r = d[id];
  if (r.is_primitive()) return !r.active_on.empty();
  bool any = false;
  bool every = true;
  for (ResourceId child : r.children) {
    const bool active = fully_or_partly_active(d, child, all);
    any = any || active;
    every = every && active;
  }
  return all ? any && every : any;
}

bool is_active(const Draft& d, ResourceId id) { return fully_or_partly_active(d, id, false); }

namespace {

void collect_locations(const Draft& d, ResourceId id, bool current, std::vector<NodeId>& nodes) {
  const Resource& r = d[id];
  const auto add = [&nodes](NodeId node) {
    if (node.valid() && !contains(nodes, node)) nodes.push_back(node);
  };
  if (r.is_primitive()) {
    if (current) {
      for (NodeId node : r.active_on) add(node);
    } else {
      add(r.assigned);
    }
    return;
  }
  for (ResourceId child : r.children) collect_locations(d, child, current, nodes);
}

}  // namespace

std::vector<NodeId> locations_of(const Draft& d, ResourceId id, bool current) {
  std::vector<NodeId> nodes;
  collect_locations(d, id, current, nodes);
  return nodes;
}

NodeId location_of(const Draft& d, ResourceId id, bool current) {
  const std::vector<NodeId> nodes = locations_of(d, id, current);
  return nodes.size() == 1 ? nodes.front() : NodeId{};
}

bool any_unassigned(const Draft& d, ResourceId id) {
  const Resource& r = d[id];
  if (r.is_primitive()) return r.unassigned;
  if (r.is_clone() || r.is_bundle()) return r.unassigned;
  return std::any_of(r.children.begin(), r.children.end(),
                     [&d](ResourceId c) { return any_unassigned(d, c); });
}

// ---------------------------------------------------------------- parameters

const std::vector<NameValue>& parameters_on(const Draft& d, ResourceId id, NodeId node,
                                            std::vector<NameValue>& made) {
  const Resource& r = d[id];
  if (!r.def->parameters_have_rules) return r.def->parameters;
  cib::RuleContext context{.now = d.now};
  context.node_attributes = node.valid() ? &d[node].attributes : nullptr;
  cib::NvTable table;
  cib::merge(table, r.def->xml->parameters, context);
  for (const cib::Resource* ancestor : r.def->ancestors) cib::merge(table, ancestor->parameters, context);
  cib::merge(table, d.config->source->resource_default_parameters, context);
  made.clear();
  for (const auto& entry : table) made.push_back({std::string{entry.name}, *entry.value});
  return made;
}

// ---------------------------------------------------------------- scores

void note_score(Draft& d, ResourceId resource, NodeId node, std::int32_t change, Because because) {
  if (!d.want.reasons || change == 0) return;
  d.reasons.push_back({.resource = resource,
                       .node = node,
                       .change = Score{change},
                       .result = Score{d[resource].scores[node].score},
                       .cause = because.cause,
                       .because = std::string{because.what}});
}

Candidate newcomer(const Draft& d, NodeId node, std::int32_t score) {
  return {.score = score,
          .count = 0,
          .discovery = d[node].in_bundle ? Discovery::never : Discovery::always,
          .present = true};
}

void add_score(Draft& d, ResourceId resource, NodeId node, std::int32_t score, Because because) {
  Candidate& candidate = d[resource].scores[node];
  candidate.score = add_scores(candidate.score, score);
  note_score(d, resource, node, score, because);
}

namespace {

void ban_or_prefer_on(Draft& d, ResourceId resource, NodeId node, std::int32_t score, Because because) {
  const std::vector<ResourceId> children = d[resource].children;
  for (ResourceId child : children) ban_or_prefer_on(d, child, node, score, because);
  Candidate& candidate = d[resource].scores[node];
  if (!candidate.present) candidate = newcomer(d, node, d[node].score);
  add_score(d, resource, node, score, because);
}

}  // namespace

void ban_or_prefer(Draft& d, ResourceId resource, NodeId node, std::int32_t score, Because because) {
  if (node.valid()) {
    ban_or_prefer_on(d, resource, node, score, because);
  } else {
    for (std::size_t i = 0; i < d.nodes.size(); ++i) ban_or_prefer_on(d, resource, NodeId{i}, score, because);
  }
  // Banned everywhere: an assignment made before cannot stand.
  if (!node.valid() && score <= -Score::kInfinity) d[resource].assigned = NodeId{};
}

// ---------------------------------------------------------------- actions

const std::string* PlanAction::find_meta(std::string_view wanted) const {
  for (const Setting& pair : meta) {
    if (pair.name == wanted) return &pair.value;
  }
  return nullptr;
}

void PlanAction::set_meta(std::string_view wanted, std::string value) {
  for (Setting& pair : meta) {
    if (pair.name == wanted) {
      pair.value = std::move(value);
      return;
    }
  }
  meta.push_back({wanted, std::move(value)});
}

void PlanAction::set_meta_if_absent(std::string_view wanted, std::string_view value) {
  if (find_meta(wanted) == nullptr) meta.push_back({wanted, std::string{value}});
}

namespace {

std::string_view notify_word(Notify notify) {
  switch (notify) {
    case Notify::pre:
      return "pre";
    case Notify::confirmed_pre:
      return "confirmed-pre";
    case Notify::post:
      return "post";
    case Notify::confirmed_post:
      return "confirmed-post";
    case Notify::no:
      break;
  }
  return "";
}

}  // namespace

std::string key_text(std::string_view resource, Key key, std::string_view custom_word) {
  std::string text;
  text.reserve(resource.size() + 32);
  text += resource;
  text += '_';
  if (key.notify != Notify::no) {
    text += notify_word(key.notify);
    text += "_notify_";
  }
  text += key.task >= Task::custom ? custom_word : word(key.task);
  text += '_';
  text += std::to_string(key.interval_ms);
  return text;
}

std::string key_text(const Draft& d, const PlanAction& action) {
  if (!action.name.empty()) return action.name;
  HA_ASSERT(action.resource.valid());
  return key_text(d[action.resource].spec->id, action.key, action.word);
}

}  // namespace fencepost::policy
