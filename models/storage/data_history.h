// Which writes a device holds.
//
// Nobody stores data here. Writes are numbered as they are made; a copy is a *version*: "the first 1200
// writes of generation 3". A generation begins where another was left, so that copies which went different
// ways are branches of a tree, and "does this copy hold every write that was acknowledged?" is a question
// about the tree.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/id.h"

namespace fencepost::models {

using Generation = Id<struct GenerationTag>;

// All writes of the generations before it, as far as they led there, and this one's own up to `position`.
// Positions count on from where the generation began, so they are comparable along a line of descent.
struct Version {
  Generation generation;
  std::int64_t position = 0;
  auto operator<=>(const Version&) const = default;
};

class DataHistory {
 public:
  Generation begin();             // of an empty device
  Generation fork(Version from);  // what is written from here on is not in any other copy of `from`
  Version start(Generation generation) const {
    return {generation, branches_[generation.index()].from.position};
  }

  bool holds(Version whole, Version part) const;  // every write of `part` is in `whole`

  // Clients were told that everything up to here is safe.
  void acknowledge(Version version);
  // How many acknowledged writes this copy lacks.
  std::int64_t missing(Version copy) const;

  // Words on the device that whoever reads this version finds: the last one written under that name, or "".
  // Saying it is a write of its own: returns the version that holds it.
  Version say(Version version, std::string name, std::string text);
  std::string_view read(Version version, std::string_view name) const;

 private:
  struct Word {
    std::int64_t position = 0;
    std::string name, text;
  };
  struct Branch {
    Version from;  // not valid for a device's first generation
    std::int64_t acknowledged = 0;
    std::vector<Word> words;
  };

  std::vector<Branch> branches_;
};

}  // namespace fencepost::models
