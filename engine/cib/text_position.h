// Offsets in a text as lines and columns. Private to engine/cib.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::cib {

class TextPosition {
 public:
  explicit TextPosition(std::string_view text) {
    for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
      line_ends_.push_back(static_cast<std::uint32_t>(at));
    }
  }

  int line(std::ptrdiff_t offset) {
    if (offset < 0) return 0;
    const auto at = static_cast<std::uint32_t>(offset);
    // Questions mostly come in document order: look a little ahead before searching.
    while (near_ < line_ends_.size() && line_ends_[near_] < at) ++near_;
    if (near_ > 0 && line_ends_[near_ - 1] >= at) {
      near_ = static_cast<std::size_t>(std::lower_bound(line_ends_.begin(), line_ends_.end(), at) -
                                       line_ends_.begin());
    }
    return static_cast<int>(near_) + 1;
  }

  Where where(const std::string& file, std::ptrdiff_t offset) {
    if (offset < 0) return {file, 0, 0};
    const int line_number = line(offset);
    const std::size_t start = near_ == 0 ? 0 : line_ends_[near_ - 1] + std::size_t{1};
    return {file, line_number, static_cast<int>(static_cast<std::size_t>(offset) - start) + 1};
  }

 private:
  std::vector<std::uint32_t> line_ends_;
  std::size_t near_ = 0;  // how many line ends come before the last offset asked for
};

}  // namespace fencepost::cib
