#include "engine/live/control/frame.h"

#include "engine/base/assert.h"

namespace fencepost::live {
namespace {

constexpr std::size_t kLengthBytes = 4;

std::size_t length_in(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

}  // namespace

std::string frame(std::string_view payload) {
  HA_ASSERT(payload.size() <= UINT32_MAX);
  std::string bytes;
  bytes.reserve(kLengthBytes + payload.size());
  for (std::size_t i = kLengthBytes; i-- > 0;) bytes += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  bytes += payload;
  return bytes;
}

Result<std::optional<std::string>> FrameReader::next() {
  if (buffer_.size() < kLengthBytes) return std::nullopt;
  const std::size_t length = length_in(buffer_);
  if (length == 0 || length > limit_)
    return failure({}, "a request of " + std::to_string(length) + " bytes: 1 to " + std::to_string(limit_) +
                           " are taken");
  if (buffer_.size() < kLengthBytes + length) return std::nullopt;
  std::string payload = buffer_.substr(kLengthBytes, length);
  buffer_.erase(0, kLengthBytes + length);
  return payload;
}

}  // namespace fencepost::live
