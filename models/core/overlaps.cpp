#include "models/core/overlaps.h"

#include <algorithm>
#include <utility>

namespace fencepost::models {

std::function<void()> Overlaps::begin(const Fault& fault, double otherwise, std::function<void(double)> set) {
  const std::uint64_t id = fault.ends ? ++next_ : 0;
  std::vector<Entry>& entries = entries_[fault.what];
  if (!fault.ends) std::erase_if(entries, [](const Entry& entry) { return entry.id == 0; });
  entries.push_back({id, fault.strength});
  set(strongest(fault.what, otherwise));
  return [this, id, what = fault.what, otherwise, set = std::move(set)] {
    std::erase_if(entries_[what], [&](const Entry& entry) { return entry.id == id; });
    set(strongest(what, otherwise));
  };
}

double Overlaps::strongest(const std::string& what, double otherwise) const {
  const std::vector<Entry>& entries = entries_.at(what);
  const auto most = std::ranges::max_element(entries, {}, &Entry::strength);
  return most == entries.end() ? otherwise : most->strength;
}

}  // namespace fencepost::models
