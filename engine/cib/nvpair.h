// Name/value pairs and the blocks they come in: instance_attributes, meta_attributes, utilization and
// cluster_property_set.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/score.h"
#include "engine/cib/rule.h"

namespace fencepost::cib {

struct Nvpair {
  std::string id;
  std::string id_ref;        // set: the name or value it lacked came from the nvpair it names
  bool value_is_own = true;  // false: it came from the nvpair that id_ref names
  std::string name;
  std::optional<std::string> value;  // an empty value is a real value; a missing one sets nothing
  Extras extras;
  Line line;
  bool operator==(const Nvpair&) const = default;
};

struct NvpairBlock {
  std::string id;
  std::string id_ref;  // set: everything else was copied from the block it names
  std::string score_text;
  Score score;
  std::vector<Rule> rules;  // the schema allows one; a block with none always applies
  std::vector<Nvpair> pairs;
  Extras extras;
  Line line;
  bool operator==(const NvpairBlock&) const = default;

  const std::string* find(std::string_view name) const;  // first pair of that name that has a value
};

// In document order. Merge them with engine/cib/merge.h.
using NvpairBlocks = std::vector<NvpairBlock>;

}  // namespace fencepost::cib
