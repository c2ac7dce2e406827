// Changes to the configuration. Each gives a new Configuration; the old one stays as it was.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/cib/cib.h"

namespace fencepost::cib {

using SharedConfiguration = std::shared_ptr<const Configuration>;

// No value: the thing is taken out.
using NewValue = std::optional<std::string>;

SharedConfiguration with_property(const Configuration&, std::string_view name, const NewValue& value);
SharedConfiguration with_node(const Configuration&, std::string_view id, std::string_view uname);
SharedConfiguration with_constraint(const Configuration&,
                                    Constraint constraint);  // replaces one of the same id
SharedConfiguration without_constraint(const Configuration&, std::string_view id);
Result<SharedConfiguration> with_node_attribute(const Configuration&, std::string_view uname,
                                                std::string_view name, const NewValue& value);
Result<SharedConfiguration> with_resource_meta(const Configuration&, std::string_view resource,
                                               std::string_view name, const NewValue& value);

// A change of configuration counts the epoch up and starts num_updates again; one of status counts
// num_updates up.
void set_configuration(Cib& cib, SharedConfiguration configuration);
void status_changed(Cib& cib);

// What cibadmin does with XML text.
struct Edit {
  enum class Verb { create, modify, replace, erase };
  Verb verb = Verb::modify;
  std::string scope;  // "", configuration, resources, constraints, status, …
  std::string xpath;  // instead of scope: what to replace, modify or erase
  std::string xml;    // may be empty for an erase by xpath
  bool allow_create = false;
  // Refused if the configuration has changed since then (admin_epoch and epoch): whoever sends the whole of
  // it must not undo what he has never seen.
  std::optional<Version> only_if;
};
Result<Cib> apply(const Cib& cib, const Edit& edit);

}  // namespace fencepost::cib
