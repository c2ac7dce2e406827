#include "tools/crm_simulate/resource_names.h"

namespace fencepost::crm_simulate {

const policy::ResourceState* find_named(const policy::ClusterState& state, const std::string& name) {
  for (const policy::ResourceState& resource : state.resources)
    if (resource.id == name || resource.history_name == name) return &resource;
  return nullptr;
}

cib::Agent agent_of(const policy::ResourceState& resource) {
  return {resource.agent_class, resource.provider, resource.type};
}

}  // namespace fencepost::crm_simulate
