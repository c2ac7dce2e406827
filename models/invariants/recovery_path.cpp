#include "models/invariants/recovery_path.h"

#include <algorithm>

#include "engine/cib/values.h"

namespace fencepost::models {
namespace {

using cib::Configuration;
using cib::Resource;

const std::string* find_in(const cib::NvpairBlocks& blocks, std::string_view name) {
  for (const cib::NvpairBlock& block : blocks) {
    if (const std::string* value = block.find(name)) return value;
  }
  return nullptr;
}

// From an ancestor at the top down to the resource; empty if there is no such resource.
std::vector<const Resource*> lineage(const Configuration& configuration, std::string_view id) {
  std::vector<const Resource*> line;
  for (const Resource* r = cib::find_resource(configuration, id); r != nullptr;
       r = cib::find_parent(configuration, r->id))
    line.insert(line.begin(), r);
  return line;
}

class Walk {
 public:
  explicit Walk(const Configuration& configuration) : configuration_(configuration) {}

  std::vector<const Resource*> path;

  void primitive(const Resource& resource) {
    if (std::ranges::count(visited_, &resource) > 0) return;
    visited_.push_back(&resource);
    const std::vector<const Resource*> line = lineage(configuration_, resource.id);
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      if (line[i]->kind == cib::ResourceKind::group) members_before(*line[i], *line[i + 1]);
    }
    for (const Resource* each : line) constraints(each->id);
    path.push_back(&resource);
  }

 private:
  void members_before(const Resource& group, const Resource& member) {
    for (const Resource& child : group.children) {
      if (&child == &member) return;
      all_of(child.id);
    }
  }

  void all_of(std::string_view id) {
    const Resource* resource = cib::find_resource(configuration_, id);
    if (resource == nullptr) return;
    if (resource->children.empty()) return primitive(*resource);
    cib::for_each_resource(resource->children, [&](const Resource& inner, const Resource*) {
      if (inner.children.empty()) primitive(inner);
    });
  }

  void constraints(const std::string& id) {
    for (const cib::Constraint& constraint : configuration_.constraints) {
      if (const auto* order = std::get_if<cib::OrderConstraint>(&constraint)) {
        if (!is_mandatory(*order)) continue;
        if (order->then == id) all_of(order->first);
        sets_before(order->sets, id);
      } else if (const auto* together = std::get_if<cib::ColocationConstraint>(&constraint)) {
        if (together->dependent == id && together->score == "INFINITY") all_of(together->primary);
      }
    }
  }

  static bool is_mandatory(const cib::OrderConstraint& order) {
    return order.kind.empty() ? order.score != "0" : order.kind == "Mandatory";
  }

  void sets_before(const std::vector<cib::ResourceSet>& sets, const std::string& id) {
    for (auto set = sets.begin(); set != sets.end(); ++set) {
      const auto mine = std::ranges::find(set->resources, id);
      if (mine == set->resources.end()) continue;
      for (auto before = sets.begin(); before != set; ++before) {
        for (const std::string& other : before->resources) all_of(other);
      }
      if (cib::parse_boolean(set->sequential).value_or(true)) {
        for (auto other = set->resources.begin(); other != mine; ++other) all_of(*other);
      }
    }
  }

  const Configuration& configuration_;
  std::vector<const Resource*> visited_;
};

}  // namespace

std::vector<const Resource*> recovery_path(const Configuration& configuration, std::string_view resource) {
  Walk walk(configuration);
  const Resource* wanted = cib::find_resource(configuration, resource);
  if (wanted != nullptr && wanted->children.empty()) walk.primitive(*wanted);
  return std::move(walk.path);
}

const std::string* find_meta(const Configuration& configuration, std::string_view resource,
                             std::string_view name) {
  const std::vector<const Resource*> line = lineage(configuration, resource);
  for (auto each = line.rbegin(); each != line.rend(); ++each) {
    if (const std::string* value = find_in((*each)->meta, name)) return value;
    const Resource* pattern = cib::find_template(configuration, (*each)->template_id);
    if (pattern == nullptr) continue;
    if (const std::string* value = find_in(pattern->meta, name)) return value;
  }
  return find_in(configuration.resource_defaults, name);
}

}  // namespace fencepost::models
