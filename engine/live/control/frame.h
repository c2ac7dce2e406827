// How requests and answers lie in a stream: four bytes of length, most significant first, then JSON text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace fencepost::live {

// A configuration of some ten thousand resources; more is no request.
inline constexpr std::size_t kFrameMax = std::size_t{16} << 20;

std::string frame(std::string_view payload);

// Takes bytes as they come and gives frames as they are whole.
class FrameReader {
 public:
  explicit FrameReader(std::size_t limit = kFrameMax) : limit_(limit) {}

  void feed(std::string_view bytes) { buffer_ += bytes; }
  // Nothing: not whole yet. An Error is the end of this stream: where the next frame begins is not known.
  Result<std::optional<std::string>> next();
  bool between_frames() const { return buffer_.empty(); }

 private:
  std::size_t limit_;
  std::string buffer_;
};

}  // namespace fencepost::live
