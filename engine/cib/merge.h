// Blocks of name/value pairs made into one table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/cib/evaluate.h"
#include "engine/cib/nvpair.h"

namespace fencepost::cib {

// Names and values, sorted by name. The views point into the blocks they came from.
class NvTable : public Lookup {
 public:
  struct Entry {
    std::string_view name;
    const std::string* value;
  };

  const std::string* find(std::string_view name) const override;
  void set(std::string_view name, const std::string* value);            // replaces
  bool set_if_absent(std::string_view name, const std::string* value);  // keeps
  void erase(std::string_view name);
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

// keep: a name already set keeps its value (the usual way). overwrite: what comes later replaces (transient
// node attributes, meta_attributes inside <op>).
enum class Merge { keep, overwrite };

// Adds the blocks whose rules hold: highest score first, of equal scores the later in the document first. The
// value "#default" takes a name out. A block with id `first` comes before all others.
void merge(NvTable& table, std::span<const NvpairBlock> blocks, const RuleContext& context,
           Merge mode = Merge::keep, std::string_view first = {});

}  // namespace fencepost::cib
