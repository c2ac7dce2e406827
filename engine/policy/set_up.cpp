// Nodes and resources as configured, with the scores they start from.
#include <algorithm>

#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

void add_utilization(std::vector<Utilization>& to, const cib::NvpairBlocks& blocks,
                     const cib::RuleContext& context) {
  cib::NvTable table;
  cib::merge(table, blocks, context);
  for (const auto& entry : table) to.push_back({entry.name, cib::parse_integer(*entry.value).value_or(0)});
}

void set_kind(Node& node) {
  static const std::string kCluster = "cluster", kRemote = "remote", kContainer = "container";
  node.attributes.set("#kind", node.kind == NodeKind::guest    ? &kContainer
                               : node.kind == NodeKind::remote ? &kRemote
                                                               : &kCluster);
}

void set_site(const Draft& d, Node& node) {
  if (node.attributes.find("#site-name") != nullptr) return;
  const std::string* site = node.attributes.find("site-name");
  if (site == nullptr && !d.options.cluster_name.empty()) site = &d.config->options.cluster_name;
  if (site != nullptr) node.attributes.set("#site-name", site);
}

void set_up_node(Draft& d, const NodeSpec& spec) {
  Node node;
  node.spec = &spec;
  node.id = NodeId{d.nodes.size()};
  node.kind = spec.kind;
  node.score = spec.score;
  node.connection = spec.connection;
  // A node nobody has seen may be running anything, unless startup-fencing says to take that risk.
  const bool may_be_lost =
      spec.kind == NodeKind::member || (spec.kind == NodeKind::remote && spec.connection.valid());
  node.unclean = may_be_lost && d.options.stonith && d.options.startup_fencing;
  node.unseen = may_be_lost;
  set_kind(node);
  if (spec.xml != nullptr) {
    cib::RuleContext context{.now = d.now, .next_change = &d.next_change};
    cib::merge(node.attributes, spec.xml->attributes, context);
    add_utilization(node.capacity, spec.xml->utilization, context);
  }
  if (spec.xml != nullptr || !node.is_remote()) set_automatic_attributes(d, node);
  d.nodes.push_back(std::move(node));
}

// The last resource made of those in it: when its table of nodes was made, so to speak.
ResourceId last_part(const Draft& d, ResourceId id) {
  ResourceId last = id;
  for_each_resource(d, id, [&last](ResourceId part) { last = std::max(last, part); });
  return last;
}

void place_bundle_node(Draft& d, const Bundle& bundle, const BundlePart& part,
                       const std::vector<ResourceId>& last) {
  d[part.node].in_bundle = true;
  d[part.node].score = -Score::kInfinity;
  const bool configured = d[part.node].spec->xml != nullptr;
  for (Resource& r : d.resources) {
    Candidate& candidate = r.scores[part.node];
    // A table holds the node only if <nodes> listed it and it was not yet known to be a bundle's. Where
    // resources opt in, nothing is taken from those made once the node was there: connections, as they opt in
    // to whatever there is.
    const bool early = configured && last[r.id.index()] < part.spec->connection;
    const bool opted_in = !d.options.symmetric && r.id >= part.spec->connection;
    if (r.id == bundle.spec->inner_clone) {
      candidate.present = true;
    } else if (!early && !opted_in) {
      candidate.present = false;
    }
    // Its own addresses and containers of before are not yet looked through when the node is closed to
    // others.
    const bool own = r.parent == bundle.resource && r.id != bundle.spec->inner_clone;
    if (!candidate.present || own) continue;
    candidate.score = -Score::kInfinity;
    candidate.discovery = Discovery::never;
  }
}

// A replica's connection is kept off remote nodes from the start, whether or not it is managed.
void keep_off_remote_nodes(Resource& connection, const std::vector<Node>& nodes) {
  for (const Node& node : nodes)
    if (node.is_remote()) connection.scores[node.id].score = -Score::kInfinity;
}

void place_bundle_nodes(Draft& d) {
  if (d.bundles.empty()) return;
  std::vector<ResourceId> last;
  for (const Resource& r : d.resources) last.push_back(last_part(d, r.id));
  for (const Bundle& bundle : d.bundles) {
    for (const BundlePart& part : bundle.parts) {
      if (part.node.valid() && part.spec->inner.valid()) place_bundle_node(d, bundle, part, last);
    }
  }
  // What a replica runs can run on its own guest node and nowhere else.
  for (const Bundle& bundle : d.bundles) {
    for (const BundlePart& part : bundle.parts) {
      if (!part.node.valid() || !part.spec->inner.valid()) continue;
      Resource& inner = d[part.spec->inner];
      inner.scores = ScoreTable{d.nodes.size()};
      inner.scores[part.node] = {
          .score = 500, .count = 0, .discovery = Discovery::exclusive, .present = true};
      keep_off_remote_nodes(d[part.spec->connection], d.nodes);
    }
  }
}

// A connection that is no longer configured still has its node, which histories tell of.
void find_nodes_of_orphans(Draft& d) {
  for (const auto& state : d.cib->status.nodes) {
    for (const auto& entry : state->resources) {
      const cib::Agent& agent = entry->agent;
      if (agent.standard != "ocf" || agent.provider != "pacemaker" || agent.type != "remote") continue;
      const auto is_it = [&entry](const auto& other) { return other.name == entry->id; };
      const auto& nodes = d.config->nodes;
      if (entry->ops.empty() || std::any_of(nodes.begin(), nodes.end(), is_it)) continue;
      if (std::any_of(d.made_nodes.begin(), d.made_nodes.end(), is_it)) continue;
      if (cib::find_resource(*d.config->source, entry->id) != nullptr) continue;
      d.made_nodes.push_back({.name = entry->id, .id = entry->id, .kind = NodeKind::remote});
    }
  }
}

void set_up_nodes(Draft& d) {
  find_nodes_of_orphans(d);
  std::vector<const NodeSpec*> specs;
  for (const NodeSpec& spec : d.config->nodes) specs.push_back(&spec);
  for (const NodeSpec& spec : d.made_nodes) specs.push_back(&spec);
  if (!d.made_nodes.empty()) {
    std::stable_sort(specs.begin(), specs.end(), [](const NodeSpec* a, const NodeSpec* b) {
      return cib::compare_node_names(a->name, b->name) < 0;
    });
  }
  d.nodes.reserve(specs.size());
  for (const NodeSpec* spec : specs) set_up_node(d, *spec);
  for (Node& node : d.nodes) {
    node.late = std::any_of(d.made_nodes.begin(), d.made_nodes.end(),
                            [&](const NodeSpec& s) { return &s == node.spec; });
  }
}

void set_up_bundles(Draft& d) {
  for (const BundleSpec& spec : d.config->bundles) {
    Bundle bundle;
    bundle.spec = &spec;
    bundle.resource = spec.resource;
    for (const BundleReplicaSpec& part : spec.parts) {
      bundle.parts.push_back({&part, part.guest_node.empty() ? NodeId{} : find_node(d, part.guest_node)});
    }
    d.bundles.push_back(std::move(bundle));
  }
}

void connect_containers(Draft& d) {
  for (Resource& r : d.resources) {
    if (r.def->container.empty() || r.def->container == r.spec->id) continue;
    const auto found = d.by_id.find(r.def->container);
    if (found == d.by_id.end()) continue;
    r.container = found->second;
    d[found->second].is_container = true;
    d[found->second].fillers.push_back(r.id);
  }
}

}  // namespace

void set_automatic_attributes(Draft& d, Node& node) {
  static const std::string kTrue = "true", kFalse = "false";
  node.attributes.set("#uname", &node.spec->name);
  node.attributes.set("#id", &node.spec->id);
  node.is_dc = !d.cib->dc_uuid.empty() && cib::equal_ignoring_case(node.spec->id, d.cib->dc_uuid);
  node.attributes.set("#is_dc", node.is_dc ? &kTrue : &kFalse);
  if (!d.options.cluster_name.empty()) node.attributes.set("#cluster-name", &d.config->options.cluster_name);
  set_site(d, node);
}

void set_up_resource(Draft& d, const ResourceSpec& spec) {
  const Definition& def = *spec.definition;
  Resource r;
  r.spec = &spec;
  r.def = &def;
  r.id = ResourceId{d.resources.size()};
  r.variant = spec.variant;
  r.parent = spec.parent;
  r.children = spec.children;
  r.role = Role::stopped;
  r.priority = def.priority;
  r.stickiness = def.stickiness;
  r.migration_threshold = def.migration_threshold;
  r.failure_timeout_s = def.failure_timeout_s;
  r.multiple_active = def.multiple_active;
  r.managed = def.managed;
  r.maintenance = def.maintenance;
  r.orphan = spec.orphan;
  r.allow_migrate = def.allow_migrate;
  r.next_role = target_role(d, spec);
  r.scores = ScoreTable{d.nodes.size()};
  const bool opts_in = d.options.symmetric || (def.remote_connection && !def.container.empty());
  if (opts_in) {
    for (const Node& node : d.nodes) {
      if (node.late) continue;
      r.scores[node.id] = {.score = node.score, .count = 0, .discovery = Discovery::always, .present = true};
    }
  }
  if (spec.variant == Variant::primitive && !def.xml->utilization.empty()) {
    add_utilization(r.utilization, def.xml->utilization,
                    cib::RuleContext{.now = d.now, .next_change = &d.next_change});
  }
  d.by_id.emplace(spec.id, r.id);
  d.resources.push_back(std::move(r));
}

Role target_role(const Draft& d, const ResourceSpec& spec) {
  const std::string& text = spec.definition->target_role_text;
  if (text.empty() || cib::equal_ignoring_case(text, "default") ||
      cib::equal_ignoring_case(text, "started")) {
    return Role::unknown;
  }
  const auto role = cib::parse_role(text);
  if (!role) return Role::unknown;
  if (*role == Role::stopped) return Role::stopped;
  if (*role != Role::unpromoted) return Role::unknown;
  // Only what can be promoted can be kept from it.
  const ResourceSpec* top = &spec;
  while (top->parent.valid()) {
    const ResourceSpec& parent = *d_spec(d, top->parent);
    if (parent.variant == Variant::bundle) break;
    top = &parent;
  }
  return top->variant == Variant::clone && top->clone.promotable ? Role::unpromoted : Role::unknown;
}

const ResourceSpec* d_spec(const Draft& d, ResourceId id) {
  return id.index() < d.config->resources.size() ? &d.config->resources[id.index()] : d[id].spec;
}

void set_up(Draft& d) {
  d.options = d.config->options;
  d.have_quorum = d.cib->have_quorum.value_or(false);
  if (d.options.no_quorum == QuorumPolicy::suicide) {
    // Only what once had quorum can be said to have lost it.
    const bool had_quorum = d.have_quorum || cib::parse_integer(d.cib->no_quorum_panic).value_or(0) > 0;
    if (!had_quorum) d.options.no_quorum = QuorumPolicy::stop;
  }
  if (d.config->next_change) d.recheck_by(d.config->next_change->since_epoch);
  set_up_nodes(d);
  for (const ResourceSpec& spec : d.config->resources) set_up_resource(d, spec);
  d.top_level = d.config->top_level;
  set_up_bundles(d);
  place_bundle_nodes(d);
  connect_containers(d);
}

}  // namespace fencepost::policy
