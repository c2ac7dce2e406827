// Resources as configured become resource specs: clones get their instances, guests their connections and
// nodes.
#include <algorithm>

#include "engine/cib/expand.h"
#include "engine/policy/compile.h"

namespace fencepost::policy {
namespace {

Variant variant_of(cib::ResourceKind kind) {
  switch (kind) {
    case cib::ResourceKind::group:
      return Variant::group;
    case cib::ResourceKind::clone:
      return Variant::clone;
    case cib::ResourceKind::bundle:
      return Variant::bundle;
    default:
      return Variant::primitive;
  }
}

// All pairs of all sets in document order, the last one wins; rules and scores do not count here.
const std::string* last_meta(const cib::Resource& xml, std::string_view name) {
  const std::string* found = nullptr;
  for (const cib::NvpairBlock& block : xml.meta) {
    for (const cib::Nvpair& pair : block.pairs) {
      if (pair.name == name && pair.value) found = &*pair.value;
    }
  }
  return found;
}

bool is_remote(const cib::Resource& xml) {
  return xml.agent.standard == "ocf" && xml.agent.provider == "pacemaker" && xml.agent.type == "remote";
}

bool supports_unique(const cib::Agent& agent) {
  return agent.standard == "ocf" || agent.standard == "stonith";
}

template <class Predicate>
bool all_primitives(const cib::Resource& xml, Predicate holds) {
  if (xml.kind == cib::ResourceKind::primitive) return holds(xml);
  return std::all_of(xml.children.begin(), xml.children.end(),
                     [&holds](const cib::Resource& child) { return all_primitives(child, holds); });
}

cib::NvpairBlock block(std::string id) {
  cib::NvpairBlock made;
  made.id = std::move(id);
  return made;
}

void add_pair(cib::NvpairBlock& to, std::string name, std::string value) {
  cib::Nvpair pair;
  pair.id = to.id + "-" + name;
  pair.name = std::move(name);
  pair.value = std::move(value);
  to.pairs.push_back(std::move(pair));
}

cib::Operation operation(const std::string& resource, std::string name, std::string interval,
                         std::string timeout) {
  cib::Operation op;
  op.id = resource + "-" + name + "-interval-" + interval;
  op.name = std::move(name);
  op.interval_text = interval;
  op.interval = cib::parse_interval(interval).value_or(cib::Milliseconds{0});
  if (!timeout.empty()) op.settings.push_back({"timeout", std::move(timeout)});
  return op;
}

// The connection of a guest node, as its container's meta-attributes describe it.
cib::Resource guest_connection(const cib::Resource& container, const std::string& name) {
  cib::Resource connection;
  connection.id = name;
  connection.agent = {"ocf", "pacemaker", "remote"};
  cib::NvpairBlock meta = block(name + "-meta_attributes");
  add_pair(meta, "internal_rsc", "true");
  add_pair(meta, "container", container.id);
  if (const auto* allow = last_meta(container, "remote-allow-migrate"))
    add_pair(meta, "allow-migrate", *allow);
  if (const auto* managed = last_meta(container, "is-managed")) add_pair(meta, "is-managed", *managed);
  connection.meta.push_back(std::move(meta));
  cib::NvpairBlock parameters = block(name + "-instance_attributes");
  if (const auto* addr = last_meta(container, "remote-addr")) add_pair(parameters, "addr", *addr);
  if (const auto* port = last_meta(container, "remote-port")) add_pair(parameters, "port", *port);
  if (!parameters.pairs.empty()) connection.parameters.push_back(std::move(parameters));
  const auto* timeout = last_meta(container, "remote-connect-timeout");
  connection.operations.push_back(operation(name, "monitor", "30s", "30s"));
  connection.operations.push_back(operation(name, "start", "0", timeout == nullptr ? "60s" : *timeout));
  return connection;
}

}  // namespace

const cib::Resource& ResourceCompiler::keep(cib::Resource made) {
  c_.made.push_back(std::move(made));
  return c_.made.back();
}

void ResourceCompiler::compile_all() {
  add_nodes_of_resources();
  for (const cib::Resource& xml : c_.source->resources) {
    if (const ResourceId id = add(xml, ResourceId{}); id.valid()) c_.top_level.push_back(id);
  }
  for (const cib::Resource* connection : guest_connections_) {
    if (const ResourceId id = add(*connection, ResourceId{}); id.valid()) c_.top_level.push_back(id);
  }
  c_.has_fence_device = std::any_of(c_.resources.begin(), c_.resources.end(),
                                    [](const ResourceSpec& spec) { return spec.definition->fence_device; });
}

void ResourceCompiler::add_nodes_of_resources() {
  for (const cib::Resource& xml : c_.source->resources) {
    if (xml.kind == cib::ResourceKind::primitive && is_remote(xml)) {
      if (!c_.find_node(xml.id).valid()) {
        c_.nodes.push_back({.name = xml.id, .id = xml.id, .kind = NodeKind::remote});
      } else if (NodeSpec& node = c_.nodes[c_.find_node(xml.id).index()]; node.kind != NodeKind::member) {
        node.kind = NodeKind::remote;
      }
      continue;
    }
    if (xml.kind == cib::ResourceKind::primitive) {
      if (const auto* guest = last_meta(xml, "remote-node")) add_guest_node(xml, *guest);
    } else if (xml.kind == cib::ResourceKind::group) {
      for (const cib::Resource& member : xml.children) {
        if (is_remote(member)) {
          if (!c_.find_node(member.id).valid()) {
            c_.nodes.push_back({.name = member.id, .id = member.id, .kind = NodeKind::remote});
          }
        } else if (const auto* guest = last_meta(member, "remote-node")) {
          add_guest_node(member, *guest);
        }
      }
    }
  }
}

void ResourceCompiler::add_guest_node(const cib::Resource& container, const std::string& name) {
  bool taken = false;
  cib::for_each_resource(c_.source->resources, [&](const cib::Resource& resource, const cib::Resource*) {
    taken = taken || resource.id == name;
  });
  if (taken) return;
  c_.guest_nodes_in_use = true;
  if (const NodeId node = c_.find_node(name); node.valid()) {
    c_.nodes[node.index()].kind = NodeKind::guest;
  } else {
    c_.nodes.push_back({.name = name, .id = name, .kind = NodeKind::guest});
  }
  guest_connections_.push_back(&keep(guest_connection(container, name)));
}

ResourceId ResourceCompiler::add(const cib::Resource& xml, ResourceId parent, int instance) {
  const cib::Resource* source = &xml;
  if (!xml.template_id.empty() && instance < 0) {
    auto expanded = cib::expand_template(*c_.source, xml);
    if (!expanded) {
      c_.notices.push_back({Notice::Severity::error, to_string(expanded.error())});
      return {};
    }
    source = &keep(std::move(*expanded));
  }
  return add_spec(*source, parent, instance);
}

ResourceId ResourceCompiler::add_spec(const cib::Resource& xml, ResourceId parent, int instance) {
  const ResourceId id{c_.resources.size()};
  ResourceSpec spec;
  spec.id = instance < 0 ? xml.id : xml.id + ":" + std::to_string(instance);
  spec.name = xml.id;
  spec.variant = variant_of(xml.kind);
  spec.parent = parent;
  spec.instance = instance;
  std::shared_ptr<const Definition>& definition = defined_[&xml];
  if (definition == nullptr) {
    const Definition* above = parent.valid() ? c_.resources[parent.index()].definition.get() : nullptr;
    definition = define(c_, xml, above, context_);
  }
  spec.definition = definition;
  c_.resources.push_back(std::move(spec));

  bool valid = true;
  if (xml.kind == cib::ResourceKind::group) fill_group(id, xml, instance);
  if (xml.kind == cib::ResourceKind::clone) valid = fill_clone(id, xml);
  if (xml.kind == cib::ResourceKind::bundle) valid = fill_bundle(id, xml);
  if (valid) return id;
  remove_from(id.index());
  return {};
}

void ResourceCompiler::remove_from(std::size_t first) {
  c_.resources.erase(c_.resources.begin() + static_cast<std::ptrdiff_t>(first), c_.resources.end());
}

void ResourceCompiler::fill_group(ResourceId id, const cib::Resource& xml, int instance) {
  {
    ResourceSpec& group = c_.resources[id.index()];
    const std::string* ordered = group.definition->find_meta("ordered");
    const std::string* colocated = group.definition->find_meta("collocated");
    group.group_ordered = ordered == nullptr || cib::is_true(*ordered);
    group.group_colocated = colocated == nullptr || cib::is_true(*colocated);
  }
  for (const cib::Resource& member : xml.children) {
    const ResourceId child = add(member, id, instance);
    if (child.valid()) c_.resources[id.index()].children.push_back(child);
  }
}

namespace {

CloneSettings clone_settings(const Definition& d, bool legacy_master, int node_count) {
  const auto flag = [&d](std::string_view name, bool fallback = false) {
    const std::string* text = d.find_meta(name);
    return text == nullptr ? fallback : cib::is_true(*text);
  };
  const auto count = [&d](std::string_view name, std::string_view legacy, int fallback) {
    const std::string* text = d.find_meta(name);
    return parse_count(text == nullptr && !legacy.empty() ? d.find_meta(legacy) : text, fallback);
  };
  CloneSettings s;
  s.unique = flag("globally-unique");
  s.ordered = flag("ordered");
  s.interleave = flag("interleave");
  s.notify = flag("notify");
  s.promotable = legacy_master || flag("promotable");
  s.max = count("clone-max", "", std::max(1, node_count));
  s.node_max = count("clone-node-max", "", 1);
  s.promoted_max = count("promoted-max", "master-max", 1);
  s.promoted_node_max = count("promoted-node-max", "master-node-max", 1);
  return s;
}

}  // namespace

bool ResourceCompiler::fill_clone(ResourceId id, const cib::Resource& xml) {
  if (xml.children.empty()) return false;
  const cib::Resource* child = &xml.children.front();
  if (!child->template_id.empty()) {
    auto expanded = cib::expand_template(*c_.source, *child);
    if (!expanded) return false;
    child = &keep(std::move(*expanded));
  } else if (child->kind == cib::ResourceKind::group &&
             std::any_of(child->children.begin(), child->children.end(),
                         [](const cib::Resource& member) { return !member.template_id.empty(); })) {
    cib::Resource group = *child;
    for (cib::Resource& member : group.children) {
      if (auto expanded = cib::expand_template(*c_.source, member)) member = std::move(*expanded);
    }
    child = &keep(std::move(group));
  }
  const int node_count = static_cast<int>(c_.nodes.size());
  CloneSettings settings =
      clone_settings(*c_.resources[id.index()].definition, xml.legacy_master, node_count);
  if (settings.promotable &&
      !all_primitives(*child, [](const cib::Resource& r) { return r.agent.standard == "ocf"; })) {
    c_.notices.push_back({Notice::Severity::error, "only OCF resources can be promotable: ignoring clone '" +
                                                       xml.id +
                                                       "'; use an ocf agent or take promotable out"});
    return false;
  }
  if (settings.unique &&
      !all_primitives(*child, [](const cib::Resource& r) { return supports_unique(r.agent); })) {
    settings.unique = false;
    settings.max = std::min(settings.max, node_count);
  }
  if (!settings.unique) settings.node_max = 1;
  {
    ResourceSpec& clone = c_.resources[id.index()];
    clone.clone = settings;
    clone.unique = settings.unique;
  }
  for (int number = 0; number < std::max(1, settings.max); ++number) {
    const std::size_t first = c_.resources.size();
    const ResourceId instance = add(*child, id, number);
    if (!instance.valid()) return false;
    c_.resources[id.index()].children.push_back(instance);
    for (std::size_t i = first; i < c_.resources.size(); ++i) {
      ResourceSpec& spec = c_.resources[i];
      spec.unique = settings.unique;
      if (settings.unique) spec.name = spec.id;
      spec.orphan = settings.max == 0;
    }
  }
  return true;
}

std::vector<ResourceSpec> Configuration::instance(ResourceId clone, int number, std::size_t first_id) const {
  const ResourceId pattern = resources[clone.index()].children.front();
  const std::size_t count = 1 + resources[pattern.index()].children.size();
  std::vector<ResourceSpec> specs;
  for (std::size_t i = 0; i < count; ++i) {
    ResourceSpec spec = resources[pattern.index() + i];
    spec.id = spec.definition->xml->id + ":" + std::to_string(number);
    if (spec.unique) spec.name = spec.id;
    spec.instance = number;
    spec.orphan = true;
    if (i > 0) spec.parent = ResourceId{first_id};
    for (std::size_t k = 0; k < spec.children.size(); ++k) spec.children[k] = ResourceId{first_id + 1 + k};
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace fencepost::policy
