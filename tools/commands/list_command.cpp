#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "scenarios/catalogue.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace fencepost::tools {

int list_command(const ListArguments& arguments) {
  const auto files = scenarios::scenario_files(arguments.paths);
  if (!files) return complain(files.error());
  const auto groups = scenarios::catalogue(*files);
  if (!groups) return complain(groups.error());
  if (arguments.markdown) {
    std::cout << scenarios::index_markdown(*groups, arguments.paths.front());
    return kHeld;
  }
  std::size_t stories = 0;
  for (const scenarios::StoryGroup& group : *groups) {
    std::cout << fmt::format("{}: {}\n", group.folder, group.about);
    std::size_t width = 0;
    for (const scenarios::StoryLine& line : group.stories) width = std::max(width, line.name.size());
    for (const scenarios::StoryLine& line : group.stories)
      std::cout << fmt::format("  {:<{}}  {}\n", line.name, width, line.idea);
    std::cout << '\n';
    stories += group.stories.size();
  }
  std::cout << fmt::format("{} stories\n", stories);
  return kHeld;
}

}  // namespace fencepost::tools
