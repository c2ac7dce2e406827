// Whether a text is XML at all. The reader is lenient, as crm_simulate is; a person is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/cib/source.h"

namespace fencepost::cib {

// The first place that breaks a rule of XML 1.0: a bare &, a character that may not be, two roots.
std::optional<Problem> find_malformed_xml(std::string_view xml, const std::string& file_name);

}  // namespace fencepost::cib
