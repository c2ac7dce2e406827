// UTF-8, as XML needs it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace fencepost::cib {

// Where the first byte is that cannot be part of UTF-8.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace fencepost::cib
