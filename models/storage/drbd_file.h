// The syntax of DRBD's configuration files (drbd.conf-9.0(5), "File format"): words, sections, includes. What
// they mean is drbd_config.cpp's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::models {

// "keyword words… ;" or "keyword words… { body }".
struct DrbdStatement {
  Where where;
  std::vector<std::string> words;  // the keyword first
  bool is_section = false;
  std::vector<DrbdStatement> body;

  const std::string& keyword() const { return words.front(); }
};

Result<std::vector<DrbdStatement>> parse_drbd_statements(std::string_view text, const std::string& file);

// With every `include` replaced by what it names.
Result<std::vector<DrbdStatement>> read_drbd_statements(const std::string& path);

}  // namespace fencepost::models
