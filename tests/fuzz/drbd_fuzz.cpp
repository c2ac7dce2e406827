// Whatever a DRBD configuration holds, reading it ends in statements or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "models/storage/drbd_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto statements =
      fencepost::models::parse_drbd_statements({reinterpret_cast<const char*>(data), size}, "fuzz.res");
  return statements ? 0 : 0;  // an error is as good an answer
}
