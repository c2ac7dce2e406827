// What people configured: an immutable value that every node's replica of the CIB shares. An edit
// (engine/cib/edit.h) makes a new one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/constraint.h"
#include "engine/cib/nvpair.h"
#include "engine/cib/resource.h"

namespace fencepost::cib {

struct Node {
  std::string id;
  std::string uname;
  std::string type;   // "", member, remote, ping
  std::string score;  // added to every resource's score there
  std::string description;
  NvpairBlocks attributes;
  NvpairBlocks utilization;
  Extras extras;
  Line line;
  bool operator==(const Node&) const = default;
};

struct Tag {
  std::string id;
  std::vector<std::string> references;
  Extras extras;
  Line line;
  bool operator==(const Tag&) const = default;
};

struct FencingLevel {
  std::string id;
  std::string target, target_pattern, target_attribute, target_value;  // one way or another, which nodes
  std::string index;
  std::vector<std::string> devices;
  Extras extras;
  Line line;
  bool operator==(const FencingLevel&) const = default;
};

struct SectionExtras {
  std::string section;  // "resources"
  Extras extras;
  bool operator==(const SectionExtras&) const = default;
};

struct Configuration {
  NvpairBlocks cluster_properties;
  std::vector<Node> nodes;  // in document order
  std::vector<Resource> resources;
  std::vector<Resource> templates;
  std::vector<Constraint> constraints;
  NvpairBlocks resource_defaults;            // rsc_defaults / meta_attributes
  NvpairBlocks resource_default_parameters;  // rsc_defaults / instance_attributes (old, still read)
  NvpairBlocks operation_defaults;
  std::vector<Tag> tags;
  std::vector<FencingLevel> fencing_levels;
  bool has_references = false;                // some id_ref is set: what it names was copied in its place
  Extras extras;                              // acls, alerts and whatever else stood in <configuration>
  std::vector<SectionExtras> section_extras;  // what is not modelled directly inside a section

  bool operator==(const Configuration&) const = default;
};

// First match, depth first, in document order; null if there is none.
const Resource* find_resource(const Configuration& configuration, std::string_view id);
// The resource directly holding the one of that id; null at the top or if there is none.
const Resource* find_parent(const Configuration& configuration, std::string_view id);
const Resource* find_template(const Configuration& configuration, std::string_view id);
const Node* find_node(const Configuration& configuration, std::string_view uname);  // in any case
const Constraint* find_constraint(const Configuration& configuration, std::string_view id);
const Tag* find_tag(const Configuration& configuration, std::string_view id);

// Calls visit(resource, parent or null) for every resource, depth first, in document order.
template <class Visit>
void for_each_resource(const std::vector<Resource>& resources, Visit&& visit,
                       const Resource* parent = nullptr) {
  for (const Resource& resource : resources) {
    visit(resource, parent);
    for_each_resource(resource.children, visit, &resource);
  }
}

// A cluster property as set without looking at rules: cib-bootstrap-options first, then by score. For rules,
// merge cluster_properties with engine/cib/merge.h. Null if it is not set.
const std::string* find_property(const Configuration& configuration, std::string_view name);

}  // namespace fencepost::cib
