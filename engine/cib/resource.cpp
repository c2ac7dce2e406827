#include "engine/cib/resource.h"

namespace fencepost::cib {

const std::string* NvpairBlock::find(std::string_view name) const {
  for (const Nvpair& pair : pairs) {
    if (pair.name == name && pair.value) return &*pair.value;
  }
  return nullptr;
}

const std::string* Operation::setting(std::string_view setting_name) const {
  for (const Attribute& attribute : settings) {
    if (attribute.name == setting_name) return &attribute.value;
  }
  return nullptr;
}

std::string to_string(const Agent& agent) {
  return agent.standard + ":" + (agent.provider.empty() ? "" : agent.provider + ":") + agent.type;
}

const char* element_name(const Resource& resource) {
  switch (resource.kind) {
    case ResourceKind::primitive:
      return "primitive";
    case ResourceKind::group:
      return "group";
    case ResourceKind::clone:
      return resource.legacy_master ? "master" : "clone";
    case ResourceKind::bundle:
      return "bundle";
    case ResourceKind::template_:
      return "template";
  }
  return "";
}

}  // namespace fencepost::cib
