#include "engine/cib/edit.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"

namespace fencepost::cib {
namespace {

// What id-refs name was copied in their place, so after a change it is copied anew.
SharedConfiguration finished(Configuration configuration) {
  auto shared = std::make_shared<const Configuration>(std::move(configuration));
  if (!shared->has_references) return shared;
  Cib cib;
  cib.configuration = shared;
  const auto again = read(write(cib, Part::configuration), "");
  HA_ASSERT(again.has_value());  // what is written can be read
  return again->cib.configuration;
}

// Sets the pair where it is, or adds it to the first block, which is made if there is none.
void set_pair(NvpairBlocks& blocks, std::string_view name, const NewValue& value,
              const std::string& block_id) {
  if (!value) {
    for (NvpairBlock& block : blocks) {
      std::erase_if(block.pairs, [name](const Nvpair& pair) { return pair.name == name; });
    }
    return;
  }
  for (NvpairBlock& block : blocks) {
    const auto pair = std::ranges::find(block.pairs, name, &Nvpair::name);
    if (pair == block.pairs.end()) continue;
    pair->value = value;
    pair->value_is_own = true;
    return;
  }
  if (blocks.empty()) blocks.emplace_back().id = block_id;
  Nvpair pair;
  pair.id = as_xml_id(blocks.front().id + "-" + std::string(name));
  pair.name = name;
  pair.value = value;
  blocks.front().pairs.push_back(std::move(pair));
}

Resource* find_resource_to_edit(std::vector<Resource>& resources, std::string_view id) {
  for (Resource& resource : resources) {
    if (resource.id == id) return &resource;
    if (Resource* inside = find_resource_to_edit(resource.children, id)) return inside;
  }
  return nullptr;
}

}  // namespace

SharedConfiguration with_property(const Configuration& configuration, std::string_view name,
                                  const NewValue& value) {
  Configuration changed = configuration;
  set_pair(changed.cluster_properties, name, value, "cib-bootstrap-options");
  return finished(std::move(changed));
}

SharedConfiguration with_node(const Configuration& configuration, std::string_view id,
                              std::string_view uname) {
  Configuration changed = configuration;
  const auto known = std::ranges::find(changed.nodes, id, &Node::id);
  if (known == changed.nodes.end()) {
    Node node;
    node.id = id;
    node.uname = uname;
    changed.nodes.push_back(std::move(node));
  } else {
    known->uname = uname;
  }
  return finished(std::move(changed));
}

SharedConfiguration with_constraint(const Configuration& configuration, Constraint constraint) {
  Configuration changed = configuration;
  const auto same = std::ranges::find(changed.constraints, id_of(constraint), &id_of);
  if (same == changed.constraints.end()) {
    changed.constraints.push_back(std::move(constraint));
  } else {
    *same = std::move(constraint);
  }
  return finished(std::move(changed));
}

SharedConfiguration without_constraint(const Configuration& configuration, std::string_view id) {
  Configuration changed = configuration;
  std::erase_if(changed.constraints, [id](const Constraint& constraint) { return id_of(constraint) == id; });
  return finished(std::move(changed));
}

Result<SharedConfiguration> with_node_attribute(const Configuration& configuration, std::string_view uname,
                                                std::string_view name, const NewValue& value) {
  Configuration changed = configuration;
  for (Node& node : changed.nodes) {
    if (!equal_ignoring_case(node.uname, uname)) continue;
    set_pair(node.attributes, name, value, "nodes-" + node.id);
    return finished(std::move(changed));
  }
  return failure({}, "there is no node '" + std::string(uname) + "' in the configuration: check the name");
}

Result<SharedConfiguration> with_resource_meta(const Configuration& configuration, std::string_view resource,
                                               std::string_view name, const NewValue& value) {
  Configuration changed = configuration;
  Resource* found = find_resource_to_edit(changed.resources, resource);
  if (!found) {
    return failure(
        {}, "there is no resource '" + std::string(resource) + "' in the configuration: check the name");
  }
  set_pair(found->meta, name, value, found->id + "-meta_attributes");
  return finished(std::move(changed));
}

void set_configuration(Cib& cib, SharedConfiguration configuration) {
  cib.configuration = std::move(configuration);
  ++cib.version.epoch;
  cib.version.num_updates = 0;
}

void status_changed(Cib& cib) { ++cib.version.num_updates; }

}  // namespace fencepost::cib
