#include "engine/cib/source.h"

#include <algorithm>

namespace fencepost::cib {

const std::string* Extras::attribute(std::string_view name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

std::string as_xml_id(std::string text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
  };
  std::ranges::replace_if(
      text, [fits](char c) { return !fits(c); }, '.');
  return text;
}

std::string to_string(const Problem& problem) {
  const std::string place = to_string(problem.where);
  const std::string kind = problem.severity == Severity::error ? "error: " : "warning: ";
  return (place.empty() ? "" : place + ": ") + kind + problem.message;
}

}  // namespace fencepost::cib
