#pragma once

#include <cstdint>

namespace fencepost::models {

// What a read or write of a block device does now. Who waits for one is in D state: not even SIGKILL ends it.
enum class DeviceIo : std::uint8_t { flows, waits, fails };

}  // namespace fencepost::models
