// The scheduler corpus as material: every CIB in it must come through reading and writing unharmed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/cib/read.h"
#include "engine/cib/write.h"

using namespace fencepost;
using namespace fencepost::cib;

namespace {

// Beside the repository, where it is kept; empty if it is not there.
std::vector<std::string> corpus_files() {
  const std::filesystem::path folder =
      std::filesystem::path(FENCEPOST_SOURCE_DIR) / "../shared/corpus/scheduler/xml";
  std::vector<std::string> files;
  if (!std::filesystem::is_directory(folder)) {
    WARN("skipped: there is no corpus at " << folder.string());
    return files;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("corpus: what was read, written and read again is the same", "[cib][corpus]") {
  for (const std::string& file : corpus_files()) {
    INFO(file);
    const auto first = read_file(file);
    REQUIRE(first);
    const std::string text = write(first->cib);
    const auto again = read(text, file);
    REQUIRE(again);
    CHECK(again->cib == first->cib);
    CHECK(write(again->cib) == text);
  }
}
