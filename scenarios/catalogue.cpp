#include "scenarios/catalogue.h"

#include <algorithm>
#include <filesystem>

#include "scenarios/document.h"
#include "scenarios/inputs.h"

namespace fencepost::scenarios {
namespace {

namespace fs = std::filesystem;

bool is_scenario(const fs::path& path) {
  if (path.stem().extension() == ".base") return false;
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.filename() == "script.json";
}

Result<std::vector<std::string>> below(const std::string& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (is_scenario(entry->path()) && entry->is_regular_file(error)) files.push_back(entry->path());
  if (error) return failure({folder}, "cannot list this directory: " + error.message());
  if (files.empty()) return failure({folder}, "there is no scenario (*.yaml, script.json) in this directory");
  std::ranges::sort(files);
  return std::vector<std::string>(files.begin(), files.end());
}

// On one line, up to the first full stop that ends a sentence.
std::string first_sentence(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  const std::size_t paragraph = text.find("  ");
  const std::size_t end = std::min(text.find(". "), paragraph);
  if (end != std::string::npos) text.resize(end);
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

std::string text_of(const Value& map, const char* key) {
  const Value* value = map.find(key);
  return value == nullptr ? "" : value->text;
}

// A folder without a base has nothing to say about itself.
Result<std::string> about_folder(const fs::path& folder) {
  const std::string base = (folder / "cluster.base.yaml").string();
  if (!fs::exists(base)) return std::string{};
  const auto text = read_text_file(base);
  if (!text) return failure({base}, to_string(text.error()));
  const auto document = read_document(*text, base);
  if (!document) return tl::unexpected<Error>(document.error());
  return first_sentence(text_of(*document, "about"));
}

Result<StoryLine> story(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text) return failure({file}, to_string(text.error()));
  const auto document = read_document(*text, file);
  if (!document) return tl::unexpected<Error>(document.error());
  std::string name = text_of(*document, "name");
  const fs::path path(file);
  if (name.empty())
    name = path.stem() == "script" ? path.parent_path().filename().string() : path.stem().string();
  return StoryLine{file, name, first_sentence(text_of(*document, "about"))};
}

}  // namespace

Result<std::vector<std::string>> scenario_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    auto found = below(path);
    if (!found) return found;
    files.insert(files.end(), found->begin(), found->end());
  }
  return files;
}

Result<std::vector<StoryGroup>> catalogue(const std::vector<std::string>& files) {
  std::vector<StoryGroup> groups;
  fs::path last;
  for (const std::string& file : files) {
    const fs::path folder = fs::path(file).parent_path();
    if (groups.empty() || folder != last) {
      auto about = about_folder(folder);
      if (!about) return tl::unexpected<Error>(about.error());
      groups.push_back({folder.filename().string(), *std::move(about), {}});
    }
    last = folder;
    auto line = story(file);
    if (!line) return tl::unexpected<Error>(line.error());
    groups.back().stories.push_back(*std::move(line));
  }
  return groups;
}

std::string index_markdown(const std::vector<StoryGroup>& groups, const std::string& root) {
  std::string text;
  for (const StoryGroup& group : groups) {
    text += "## " + group.folder + "\n\n" + group.about + ".\n\n| story | its idea |\n|---|---|\n";
    for (const StoryLine& line : group.stories)
      text += "| [" + line.name + "](" + fs::path(line.path).lexically_relative(root).generic_string() +
              ") | " + line.idea + " |\n";
    text += "\n";
  }
  return text;
}

}  // namespace fencepost::scenarios
