#include "scenarios/inputs.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "engine/cib/read.h"
#include "engine/cib/write.h"

namespace fencepost::scenarios {
namespace {

// A compressed pe-input is kept as the XML in it, so that a recording is text throughout.
Result<std::string> read_any(const std::string& path) {
  if (!path.ends_with(".bz2")) return read_text_file(path);
  const auto document = cib::read_file(path);
  if (!document) return tl::unexpected<Error>(document.error());
  return cib::write(document->cib);
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const auto fail = [&] {
    return failure({path}, std::string("cannot read this file: ") + std::strerror(errno));
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return fail();
  std::string text;
  char buffer[1 << 16];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, got);
  if (std::ferror(file.get()) != 0) return fail();
  return text;
}

Result<Inputs> Inputs::from_disk(const std::string& scenario_path) {
  auto text = read_text_file(scenario_path);
  if (!text) return tl::unexpected<Error>(text.error());
  Inputs inputs;
  inputs.scenario_path_ = scenario_path;
  inputs.files_.push_back({"", std::move(*text)});
  return inputs;
}

Inputs Inputs::from_recording(std::string scenario_path, std::vector<InputFile> files) {
  Inputs inputs;
  inputs.scenario_path_ = std::move(scenario_path);
  inputs.files_ = std::move(files);
  std::stable_partition(inputs.files_.begin(), inputs.files_.end(),
                        [](const InputFile& file) { return file.name.empty(); });
  inputs.disk_ = false;
  return inputs;
}

std::string Inputs::path_of(const Value& name) const {
  const std::filesystem::path names = name.file ? *name.file : scenario_path_;
  return (names.parent_path() / name.text).lexically_normal().string();
}

std::string Inputs::name_of(const Value& name) const {
  const std::filesystem::path here = std::filesystem::path(scenario_path_).parent_path();
  return std::filesystem::path(path_of(name)).lexically_proximate(here.lexically_normal()).string();
}

Result<std::string> Inputs::content(const Value& name) {
  const std::string relative = name_of(name);
  const auto known = std::ranges::find(files_, relative, &InputFile::name);
  if (known != files_.end()) return known->content;
  if (!disk_) return failure({}, "the recording does not hold '" + relative + "'");
  auto text = read_any(path_of(name));
  if (!text) return tl::unexpected<Error>(text.error());
  files_.push_back({relative, *text});
  return text;
}

}  // namespace fencepost::scenarios
