#include "engine/cib/source.h"

namespace fencepost::cib {

const std::string* Extras::attribute(std::string_view name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

std::string to_string(const Problem& problem) {
  const std::string place = to_string(problem.where);
  const std::string kind = problem.severity == Severity::error ? "error: " : "warning: ";
  return (place.empty() ? "" : place + ": ") + kind + problem.message;
}

}  // namespace fencepost::cib
