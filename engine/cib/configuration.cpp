#include "engine/cib/configuration.h"

#include <algorithm>

namespace fencepost::cib {
namespace {

// Depth first. `parent` receives what directly holds the resource found.
const Resource* find_in(const std::vector<Resource>& resources, std::string_view id, const Resource* above,
                        const Resource** parent) {
  for (const Resource& resource : resources) {
    if (resource.id == id) {
      if (parent) *parent = above;
      return &resource;
    }
    if (const Resource* inside = find_in(resource.children, id, &resource, parent)) return inside;
  }
  return nullptr;
}

template <class T>
const T* find_by_id(const std::vector<T>& list, std::string_view id) {
  const auto found = std::ranges::find(list, id, &T::id);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Resource* find_resource(const Configuration& configuration, std::string_view id) {
  return find_in(configuration.resources, id, nullptr, nullptr);
}

const Resource* find_parent(const Configuration& configuration, std::string_view id) {
  const Resource* parent = nullptr;
  find_in(configuration.resources, id, nullptr, &parent);
  return parent;
}

const Resource* find_template(const Configuration& configuration, std::string_view id) {
  return find_by_id(configuration.templates, id);
}

const Node* find_node(const Configuration& configuration, std::string_view uname) {
  for (const Node& node : configuration.nodes) {
    if (equal_ignoring_case(node.uname, uname)) return &node;
  }
  return nullptr;
}

const Constraint* find_constraint(const Configuration& configuration, std::string_view id) {
  for (const Constraint& constraint : configuration.constraints) {
    if (id_of(constraint) == id) return &constraint;
  }
  return nullptr;
}

const Tag* find_tag(const Configuration& configuration, std::string_view id) {
  return find_by_id(configuration.tags, id);
}

const std::string* find_property(const Configuration& configuration, std::string_view name) {
  const std::string* best = nullptr;
  Score best_score = Score::minus_infinity();
  for (const NvpairBlock& block : configuration.cluster_properties) {
    const std::string* value = block.find(name);
    if (!value) continue;
    if (block.id == "cib-bootstrap-options") return value;
    // Of equal scores the later block comes first.
    if (best && block.score < best_score) continue;
    best = value;
    best_score = block.score;
  }
  return best;
}

}  // namespace fencepost::cib
