// Scenarios by the folder: what there is, in groups, with one sentence about each.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::scenarios {

// Files as given; of directories all scenarios below them, by folder and name. *.base.yaml is what others lie
// over.
Result<std::vector<std::string>> scenario_files(const std::vector<std::string>& paths);

struct StoryLine {
  std::string path, name;
  std::string idea;  // the first sentence of its `about`
};
struct StoryGroup {
  std::string folder;  // "ha-database"
  std::string about;   // of the folder's cluster.base.yaml
  std::vector<StoryLine> stories;
};
// By folder, in the order of the files. Reads `name` and `about`, and nothing else of a scenario.
Result<std::vector<StoryGroup>> catalogue(const std::vector<std::string>& files);

// As tables of scenarios/README.md; links are relative to `root`.
std::string index_markdown(const std::vector<StoryGroup>& groups, const std::string& root);

}  // namespace fencepost::scenarios
