// compile(): options, nodes, resources, in the order in which Pacemaker makes them.
#include "engine/policy/compile.h"

#include <algorithm>

namespace fencepost::policy {
namespace {

NodeKind kind_of(const std::string& type) {
  if (type.empty() || type == "member") return NodeKind::member;
  return type == "remote" ? NodeKind::remote : NodeKind::ping;
}

std::vector<NodeSpec> configured_nodes(const cib::Configuration& source) {
  std::vector<NodeSpec> nodes;
  for (const cib::Node& node : source.nodes) {
    if (node.id.empty() || node.uname.empty()) continue;
    nodes.push_back({.name = node.uname,
                     .id = node.id,
                     .kind = kind_of(node.type),
                     .score = cib::parse_score(node.score).value(),
                     .xml = &node,
                     .connection = {}});
  }
  return nodes;
}

bool mentions_unfencing(const cib::NvpairBlocks& blocks) {
  return std::any_of(blocks.begin(), blocks.end(), [](const cib::NvpairBlock& block) {
    return std::any_of(block.pairs.begin(), block.pairs.end(), [](const cib::Nvpair& pair) {
      return (pair.name == "requires" || pair.name == "provides") && pair.value == "unfencing";
    });
  });
}

// A search of the text: rules and scores do not matter to it.
bool mentions_unfencing(const cib::Configuration& source) {
  bool found = mentions_unfencing(source.resource_defaults);
  const auto look = [&found](const cib::Resource& resource, const cib::Resource*) {
    found = found || mentions_unfencing(resource.meta);
  };
  cib::for_each_resource(source.resources, look);
  cib::for_each_resource(source.templates, look);
  return found;
}

void sort_nodes(Configuration& c) {
  std::stable_sort(c.nodes.begin(), c.nodes.end(), [](const NodeSpec& a, const NodeSpec& b) {
    return cib::compare_node_names(a.name, b.name) < 0;
  });
}

void connect_nodes(Configuration& c) {
  for (std::size_t i = 0; i < c.resources.size(); ++i) {
    const ResourceSpec& spec = c.resources[i];
    if (spec.variant != Variant::primitive || !spec.definition->remote_connection) continue;
    for (NodeSpec& node : c.nodes) {
      if (node.kind != NodeKind::remote && node.kind != NodeKind::guest) continue;
      if (!node.connection.valid() && node.name == spec.id) node.connection = ResourceId{i};
    }
  }
  for (const BundleSpec& bundle : c.bundles) {
    for (const BundleReplicaSpec& part : bundle.parts) {
      const NodeId node = c.find_node(part.guest_node);
      if (node.valid() && part.connection.valid()) c.nodes[node.index()].connection = part.connection;
    }
  }
}

bool has_date(const cib::Expression& expression) {
  if (const auto* rule = std::get_if<cib::Rule>(&expression.is)) {
    return std::any_of(rule->parts.begin(), rule->parts.end(), has_date);
  }
  return std::holds_alternative<cib::DateExpression>(expression.is);
}

}  // namespace

bool any_date(const std::vector<cib::Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const cib::Rule& rule) {
    return std::any_of(rule.parts.begin(), rule.parts.end(), has_date);
  });
}

bool any_date(const cib::NvpairBlocks& blocks) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [](const cib::NvpairBlock& block) { return any_date(block.rules); });
}

namespace {

bool options_have_dates(const cib::Configuration& source) {
  bool found = any_date(source.cluster_properties) || any_date(source.resource_defaults) ||
               any_date(source.resource_default_parameters) || any_date(source.operation_defaults);
  const auto look = [&found](const cib::Resource& resource, const cib::Resource*) {
    found = found || any_date(resource.meta) || any_date(resource.parameters);
    for (const cib::Operation& op : resource.operations) found = found || any_date(op.meta);
  };
  cib::for_each_resource(source.resources, look);
  cib::for_each_resource(source.templates, look);
  return found;
}

void sort_by_priority(Configuration& c) {
  std::stable_sort(c.top_level.begin(), c.top_level.end(), [&c](ResourceId a, ResourceId b) {
    return c.resources[a.index()].definition->priority > c.resources[b.index()].definition->priority;
  });
}

}  // namespace

std::shared_ptr<const Configuration> compile(const cib::Cib& cib, WallSeconds now) {
  auto c = std::make_shared<Configuration>();
  c->source = cib.configuration;
  c->compiled_for = now;
  c->depends_on_time = options_have_dates(*c->source);
  const cib::RuleContext context{.now = now, .next_change = &c->next_change};

  c->options = read_options(*c->source, context);
  c->unfencing_in_use = mentions_unfencing(*c->source);
  c->nodes = configured_nodes(*c->source);
  ResourceCompiler{*c, context}.compile_all();
  sort_nodes(*c);
  connect_nodes(*c);
  sort_by_priority(*c);
  return c;
}

NodeId Configuration::find_node(std::string_view name) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (cib::equal_ignoring_case(nodes[i].name, name)) return NodeId{i};
  }
  return {};
}

const std::string* Definition::find_meta(std::string_view name) const {
  const auto it = std::lower_bound(meta.begin(), meta.end(), name,
                                   [](const NameValue& pair, std::string_view n) { return pair.name < n; });
  return it != meta.end() && it->name == name ? &it->value : nullptr;
}

}  // namespace fencepost::policy
