#include "models/storage/data_history.h"

#include <algorithm>
#include <utility>

#include "engine/base/assert.h"

namespace fencepost::models {

Generation DataHistory::begin() {
  branches_.emplace_back();
  return Generation{branches_.size() - 1};
}

Generation DataHistory::fork(Version from) {
  HA_ASSERT(from.generation.index() < branches_.size());
  Branch branch;
  branch.from = from;
  branch.acknowledged = from.position;
  branches_.push_back(std::move(branch));
  return Generation{branches_.size() - 1};
}

bool DataHistory::holds(Version whole, Version part) const {
  while (whole.generation.valid() && whole.generation != part.generation) {
    whole = branches_[whole.generation.index()].from;
  }
  return whole.generation.valid() && part.position <= whole.position;
}

void DataHistory::acknowledge(Version version) {
  std::int64_t& acknowledged = branches_[version.generation.index()].acknowledged;
  acknowledged = std::max(acknowledged, version.position);
}

std::int64_t DataHistory::missing(Version copy) const {
  std::int64_t missing = 0;
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const Branch& branch = branches_[i];
    const std::int64_t begin = branch.from.position;
    // How far the copy follows this branch; not beyond its beginning if it went another way before.
    std::int64_t held = begin;
    for (Version at = copy; at.generation.valid(); at = branches_[at.generation.index()].from) {
      if (at.generation.index() == i) held = at.position;
    }
    missing += std::max<std::int64_t>(0, branch.acknowledged - held);
  }
  return missing;
}

Version DataHistory::say(Version version, std::string name, std::string text) {
  ++version.position;
  branches_[version.generation.index()].words.push_back({version.position, std::move(name), std::move(text)});
  return version;
}

std::string_view DataHistory::read(Version version, std::string_view name) const {
  for (; version.generation.valid(); version = branches_[version.generation.index()].from) {
    const auto& words = branches_[version.generation.index()].words;
    const auto last = std::find_if(words.rbegin(), words.rend(), [&](const Word& word) {
      return word.name == name && word.position <= version.position;
    });
    if (last != words.rend()) return last->text;
  }
  return {};
}

}  // namespace fencepost::models
