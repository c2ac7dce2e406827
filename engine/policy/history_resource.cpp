// Which resource a history entry is about (§4.1).
#include <algorithm>

#include "engine/policy/compile.h"
#include "engine/policy/history.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

std::string_view without_instance(std::string_view id) {
  const std::size_t colon = id.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == id.size()) return id;
  for (std::size_t i = colon + 1; i < id.size(); ++i) {
    if (id[i] < '0' || id[i] > '9') return id;
  }
  return id.substr(0, colon);
}

ResourceId find_by_id(const Draft& d, std::string_view id) {
  const auto found = d.by_id.find(id);
  return found == d.by_id.end() ? ResourceId{} : found->second;
}

ResourceId find_by_id_or_history_name(const Draft& d, const std::string& id) {
  if (const ResourceId found = find_by_id(d, id); found.valid()) return found;
  const auto named = d.by_history_name.find(id);
  return named == d.by_history_name.end() ? ResourceId{} : named->second;
}

// The member of an instance (or the instance itself) that the entry's id means.
ResourceId member_of_instance(const Draft& d, ResourceId instance, std::string_view base) {
  ResourceId found;
  for_each_leaf(d, instance, [&](ResourceId leaf) {
    if (!found.valid() && d[leaf].def->xml->id == base) found = leaf;
  });
  return found;
}

ResourceId make_orphan_instance(Draft& d, ResourceId clone, std::string_view base) {
  const ResourceId pattern = d[clone].children.front();
  const std::string& name = d[pattern].def->xml->id;
  int number = 0;
  while (d.by_id.count(name + ":" + std::to_string(number)) != 0) ++number;
  const std::size_t first = d.resources.size();
  auto& specs = d.made_specs.emplace_back(d.config->instance(clone, number, first));
  for (const ResourceSpec& spec : specs) {
    set_up_resource(d, spec);
    Resource& made = d.resources.back();
    made.orphan = true;
  }
  const ResourceId instance{first};
  d[instance].parent = clone;
  d[clone].children.push_back(instance);
  return member_of_instance(d, instance, base);
}

bool any_blocked(const Draft& d, ResourceId id) {
  bool blocked = false;
  for_each_resource(d, id, [&](ResourceId part) { blocked = blocked || d[part].blocked; });
  return blocked;
}

// An instance of which a part has an operation pending on another node is that node's.
bool pending_elsewhere(const Draft& d, ResourceId id, NodeId node) {
  bool elsewhere = false;
  for_each_resource(d, id, [&](ResourceId part) {
    const NodeId pending = d[part].pending_node;
    elsewhere = elsewhere || (pending.valid() && pending != node);
  });
  return elsewhere;
}

// Which instance of an anonymous clone a node's history means. Instances get their numbers in the order in
// which histories are read.
ResourceId find_instance(Draft& d, NodeId node, ResourceId clone, std::string_view base) {
  ResourceId found;
  ResourceId inactive;
  bool only_new = false;
  const std::vector<ResourceId> children = d[clone].children;
  for (ResourceId child : children) {
    const bool is_leaf = d[child].is_primitive();
    const std::vector<NodeId> parts_locations =
        is_leaf ? std::vector<NodeId>{} : locations_of(d, child, true);
    const std::vector<NodeId>& locations = is_leaf ? d[child].active_on : parts_locations;
    for (NodeId location : locations) {
      if (location != node) continue;
      const ResourceId member = member_of_instance(d, child, base);
      if (member.valid() && !d[member].active_on.empty()) {
        only_new = true;  // an entry for it was read already
      } else {
        found = member;
      }
    }
    if (found.valid()) break;
    if (!only_new && !inactive.valid() && locations.empty() && !any_blocked(d, child)) {
      const ResourceId member = member_of_instance(d, child, base);
      if (member.valid() && !pending_elsewhere(d, child, node)) inactive = member;
    }
  }
  if (!found.valid() && !only_new) found = inactive;
  // A node that may still be running an instance nobody may stop gets one of its own.
  if (found.valid()) {
    const Node& n = d[node];
    if (!d[found].def->requires_fencing() && (!n.online || n.unclean) && n.kind != NodeKind::guest &&
        d[clone].clone().max != static_cast<int>(d.nodes.size())) {
      found = ResourceId{};
    }
  }
  return found.valid() ? found : make_orphan_instance(d, clone, base);
}

ResourceId inner_at(const Draft& d, ResourceId bundle, NodeId node) {
  for (const BundlePart& part : bundle_data(d, bundle)->parts) {
    if (part.node == node) return part.spec->inner;
  }
  return {};
}

ResourceId make_orphan(Draft& d, const cib::ResourceHistory& entry) {
  cib::Resource& xml = d.made_xml.emplace_back();
  xml.id = entry.id;
  xml.agent = entry.agent;
  cib::RuleContext context{.now = d.now};
  auto& specs = d.made_specs.emplace_back();
  ResourceSpec& spec = specs.emplace_back();
  spec.id = entry.id;
  spec.name = entry.id;
  spec.definition = define(*d.config, xml, nullptr, context);
  spec.orphan = true;
  set_up_resource(d, spec);
  const ResourceId id = d.resources.back().id;
  d.top_level.push_back(id);
  Resource& orphan = d[id];
  orphan.orphan = true;
  d.has_fence_device = d.has_fence_device || orphan.def->fence_device;
  if (orphan.def->remote_connection) {
    const NodeId node = find_node(d, entry.id);
    if (node.valid()) {
      orphan.orphan_connection = true;
      if (!d[node].connection.valid()) d[node].connection = id;
      d[node].shutting_down = true;
      d[node].late = false;
    }
  }
  if (!entry.container.empty()) d.orphan_fillers.emplace_back(id, entry.container);
  if (d.options.stop_orphan_resources) {
    ban_or_prefer(d, id, NodeId{}, -Score::kInfinity, {ScoreReason::Cause::orphan, entry.id});
  } else {
    orphan.managed = false;
  }
  return id;
}

ResourceId find_configured(Draft& d, NodeId node, const cib::ResourceHistory& entry) {
  const std::string_view base = without_instance(entry.id);
  ResourceId found = find_by_id_or_history_name(d, entry.id);
  if (!found.valid()) {
    const ResourceId first = find_by_id(d, std::string{base} + ":0");
    if (!first.valid() || !d[first].is_primitive() || !is_anonymous_instance(d, first)) return {};
    found = first;
  }
  if (!d[found].is_primitive()) return {};
  if (const ResourceId bundle = bundle_of(d, found); bundle.valid() && !d[d[found].parent].is_bundle()) {
    return inner_at(d, bundle, node);
  }
  if (!is_anonymous_instance(d, found)) return found;
  return find_instance(d, node, clone_of(d, found), base);
}

}  // namespace

ResourceId resource_of_history(Draft& d, NodeId node, const cib::ResourceHistory& entry) {
  const ResourceId found = find_configured(d, node, entry);
  if (!found.valid()) return make_orphan(d, entry);
  Resource& r = d[found];
  if (entry.id != r.spec->id && r.history_name != entry.id) {
    r.history_name = entry.id;
    d.by_history_name.emplace(entry.id, found);
  }
  return found;
}

}  // namespace fencepost::policy
