#include "engine/cib/merge.h"

#include <algorithm>

namespace fencepost::cib {
namespace {

auto position(auto& entries, std::string_view name) {
  return std::ranges::lower_bound(entries, name, {}, &NvTable::Entry::name);
}

void merge_block(NvTable& table, const NvpairBlock& block, const RuleContext& context, Merge mode) {
  if (!any_holds(block.rules, context)) return;
  for (const Nvpair& pair : block.pairs) {
    if (pair.name.empty() || !pair.value) continue;
    if (equal_ignoring_case(*pair.value, "#default")) {
      table.erase(pair.name);
    } else if (mode == Merge::overwrite) {
      table.set(pair.name, &*pair.value);
    } else {
      table.set_if_absent(pair.name, &*pair.value);
    }
  }
}

}  // namespace

const std::string* NvTable::find(std::string_view name) const {
  const auto found = position(entries_, name);
  return found != entries_.end() && found->name == name ? found->value : nullptr;
}

void NvTable::set(std::string_view name, const std::string* value) {
  const auto found = position(entries_, name);
  if (found != entries_.end() && found->name == name) {
    found->value = value;
  } else {
    entries_.insert(found, {name, value});
  }
}

bool NvTable::set_if_absent(std::string_view name, const std::string* value) {
  const auto found = position(entries_, name);
  if (found != entries_.end() && found->name == name) return false;
  entries_.insert(found, {name, value});
  return true;
}

void NvTable::erase(std::string_view name) {
  const auto found = position(entries_, name);
  if (found != entries_.end() && found->name == name) entries_.erase(found);
}

void merge(NvTable& table, std::span<const NvpairBlock> blocks, const RuleContext& context, Merge mode,
           std::string_view first) {
  if (blocks.size() == 1) return merge_block(table, blocks.front(), context, mode);
  std::vector<const NvpairBlock*> order;
  order.reserve(blocks.size());
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) order.push_back(&*block);
  std::ranges::stable_sort(order, [first](const NvpairBlock* a, const NvpairBlock* b) {
    const bool a_first = !first.empty() && a->id == first;
    const bool b_first = !first.empty() && b->id == first;
    return a_first != b_first ? a_first : a->score > b->score;
  });
  for (const NvpairBlock* block : order) merge_block(table, *block, context, mode);
}

}  // namespace fencepost::cib
