#include "models/core/overlaps.h"

#include <algorithm>
#include <utility>

namespace fencepost::models {

Pressure pressure(std::string what, std::function<void(bool)> set, std::string cause) {
  return {.what = std::move(what),
          .set = [set = std::move(set)](double strength) { set(strength > 0); },
          .cause = std::move(cause)};
}

Overlaps::End Overlaps::begin(Pressure pressure, bool ends_by_itself) {
  const std::uint64_t id = ends_by_itself ? ++next_ : 0;
  Thing& thing = things_[pressure.what];
  if (thing.entries.empty()) thing.felt = thing.otherwise = pressure.otherwise;
  thing.set = std::move(pressure.set);
  if (!ends_by_itself) {
    std::erase_if(thing.entries,
                  [&](const Entry& entry) { return entry.id == 0 && entry.cause == pressure.cause; });
  }
  thing.entries.push_back({id, pressure.strength, std::move(pressure.cause)});
  thing.feel();
  return [&thing, id] {  // things are never taken out of the map
    if (std::erase_if(thing.entries, [&](const Entry& entry) { return entry.id == id; }) > 0) thing.feel();
  };
}

void Overlaps::end_all(const std::string& what, std::string_view cause) {
  const auto known = things_.find(what);
  if (known == things_.end()) return;
  Thing& thing = known->second;
  const auto is_meant = [&](const Entry& entry) { return cause.empty() || entry.cause == cause; };
  if (std::erase_if(thing.entries, is_meant) > 0) thing.feel();
}

void Overlaps::Thing::feel() {
  const auto most = std::ranges::max_element(entries, {}, &Entry::strength);
  const double now = most == entries.end() ? otherwise : most->strength;
  if (std::exchange(felt, now) != now) set(now);
}

}  // namespace fencepost::models
