// What a resource needs before it can run: the primitives that must be up first, by groups, mandatory orders
// and colocations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/configuration.h"

namespace fencepost::models {

// In the order in which they start, the resource itself last.
std::vector<const cib::Resource*> recovery_path(const cib::Configuration& configuration,
                                                std::string_view resource);

// A meta-attribute of a resource: its own, its template's or its parents', or the default of all; null if
// nobody says it.
const std::string* find_meta(const cib::Configuration& configuration, std::string_view resource,
                             std::string_view name);

}  // namespace fencepost::models
