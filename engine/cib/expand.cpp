#include "engine/cib/expand.h"

#include <algorithm>

namespace fencepost::cib {
namespace {

// Two operations are one if they have the same name and role, whatever their intervals. No role, Started and
// Unpromoted are the same here.
bool same_operation(const Operation& a, const Operation& b) {
  const auto role = [](const Operation& operation) {
    const std::string* text = operation.setting("role");
    const auto parsed = text ? parse_role(*text) : std::nullopt;
    const bool ordinary = !text || parsed == Role::started || parsed == Role::unpromoted;
    return ordinary ? std::string_view("Started")
           : parsed ? std::string_view(to_string(*parsed))
                    : std::string_view(*text);
  };
  return a.name == b.name && role(a) == role(b);
}

void append_missing(std::vector<Operation>& own, const std::vector<Operation>& from_template) {
  const std::size_t own_count = own.size();
  for (const Operation& operation : from_template) {
    const auto end = own.begin() + static_cast<std::ptrdiff_t>(own_count);
    const bool overridden = std::any_of(
        own.begin(), end, [&operation](const Operation& o) { return same_operation(o, operation); });
    if (!overridden) own.push_back(operation);
  }
}

void prepend(NvpairBlocks& own, const NvpairBlocks& from_template) {
  own.insert(own.begin(), from_template.begin(), from_template.end());
}

}  // namespace

Result<Resource> expand_template(const Configuration& configuration, const Resource& resource) {
  if (resource.template_id.empty()) return resource;
  const Where where{"", resource.line.number, 0};
  const Resource* from = find_template(configuration, resource.template_id);
  if (!from || resource.template_id == resource.id) {
    return failure(where, "resource '" + resource.id + "' follows the template '" + resource.template_id +
                              "', which does not exist: define <template id=\"" + resource.template_id +
                              "\"> or correct the name");
  }
  Resource expanded = resource;
  expanded.agent = from->agent;
  append_missing(expanded.operations, from->operations);
  prepend(expanded.meta, from->meta);
  prepend(expanded.parameters, from->parameters);
  prepend(expanded.utilization, from->utilization);
  return expanded;
}

}  // namespace fencepost::cib
