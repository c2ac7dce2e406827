#include "scenarios/catalogue.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>

#include "scenarios/inputs.h"

using namespace fencepost;
using namespace fencepost::scenarios;

namespace {

const std::string kFolder = std::string(FENCEPOST_SOURCE_DIR) + "/scenarios";
const std::string kBegin = "<!-- index: begin -->\n", kEnd = "<!-- index: end -->\n";

std::vector<StoryGroup> all() {
  const auto files = scenario_files({kFolder});
  REQUIRE(files);
  const auto groups = catalogue(*files);
  REQUIRE(groups);
  return *groups;
}

}  // namespace

TEST_CASE(
    "catalogue: the README's index is what `fencepost list --markdown` says (UPDATE_GOLDEN=1 makes it so)",
    "[scenarios]") {
  const auto readme = read_text_file(kFolder + "/README.md");
  REQUIRE(readme);
  const std::size_t begin = readme->find(kBegin), end = readme->find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::string index = index_markdown(all(), kFolder);
  const std::size_t from = begin + kBegin.size();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kFolder + "/README.md") << readme->substr(0, from) << index << readme->substr(end);
    return;
  }
  CHECK(readme->substr(from, end - from) == index);
}

TEST_CASE("catalogue: every folder and story has its sentence, and no two have the same", "[scenarios]") {
  std::set<std::string> names, ideas;
  for (const StoryGroup& group : all()) {
    INFO(group.folder);
    CHECK_FALSE(group.about.empty());
    for (const StoryLine& line : group.stories) {
      INFO(line.path);
      CHECK(line.idea.size() >= 15);
      CHECK(names.insert(line.name).second);
      CHECK(ideas.insert(line.idea).second);
    }
  }
}

TEST_CASE("catalogue: the cluster below others is no story, and a folder without stories is an error",
          "[scenarios]") {
  const auto files = scenario_files({kFolder + "/ha-database"});
  REQUIRE(files);
  for (const std::string& file : *files) CHECK(file.find(".base.") == std::string::npos);
  CHECK_FALSE(scenario_files({std::string(FENCEPOST_SOURCE_DIR) + "/docs"}));
}
