// Files that are there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace fencepost::live {

// "No space left on device", of errno.
std::string system_text(int code);

// Takes the place of what was there only when it has reached the disk. After an error, what was there is
// still there. Readable by its owner and group.
Result<void> write_whole(const std::string& folder, const std::string& name, std::string_view content);

}  // namespace fencepost::live
