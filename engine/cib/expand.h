// Resources with their templates worked in.
#pragma once

#include "engine/base/result.h"
#include "engine/cib/configuration.h"

namespace fencepost::cib {

// The resource as Pacemaker sees it: the template's content first, then its own; operations merged by name
// and role. A resource without a template comes back as it is. An unknown template is an error: the resource
// is dropped.
Result<Resource> expand_template(const Configuration& configuration, const Resource& resource);

}  // namespace fencepost::cib
