// Long expected outputs are files: after a change of behaviour run with UPDATE_GOLDEN=1 and read the
// difference.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

inline std::string golden_path(const std::string& name) {
  return std::string(FENCEPOST_SOURCE_DIR) + "/tests/cib/golden/" + name;
}

inline void check_golden(const std::string& name, const std::string& text) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden_path(name)) << text;
    return;
  }
  std::ostringstream expected;
  expected << std::ifstream(golden_path(name)).rdbuf();
  CHECK(text == expected.str());
}
