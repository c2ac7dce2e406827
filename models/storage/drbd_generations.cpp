#include "models/storage/drbd_generations.h"

#include <algorithm>

namespace fencepost::models {
namespace {

constexpr std::size_t kHistorySlots = 32;  // drbd.h: HISTORY_UUIDS

using Kind = DrbdVerdict::Kind;

// Everything that a side remembers besides its current generation.
std::vector<Generation> past(const DrbdSide& side) {
  std::vector<Generation> all = side.uuids.history;
  all.push_back(side.uuids.bitmap[side.peer]);
  std::erase_if(all, [](Generation g) { return !g.valid(); });
  return all;
}

bool in_common(const DrbdSide& first, const DrbdSide& second) {
  const auto theirs = past(second);
  const auto mine = past(first);
  return std::any_of(mine.begin(), mine.end(), [&](Generation g) {
    return std::find(theirs.begin(), theirs.end(), g) != theirs.end();
  });
}

}  // namespace

void DrbdUuids::remember(Generation generation) {
  if (!generation.valid() || remembers(generation)) return;
  history.insert(history.begin(), generation);
  if (history.size() > kHistorySlots) history.pop_back();
}

bool DrbdUuids::remembers(Generation generation) const {
  return std::find(history.begin(), history.end(), generation) != history.end();
}

// The rules in the order in which they are tried.
DrbdVerdict compare(const DrbdSide& first, const DrbdSide& second) {
  const Generation mine = first.uuids.current;
  const Generation theirs = second.uuids.current;
  const Generation my_bitmap = first.uuids.bitmap[first.peer];
  const Generation their_bitmap = second.uuids.bitmap[second.peer];

  // Metadata that was just created has no generation.
  if (mine.valid() != theirs.valid()) return {Kind::full, mine.valid()};
  if (mine == theirs) {
    if (first.crashed_primary != second.crashed_primary) return {Kind::activity_log, first.crashed_primary};
    return {Kind::in_sync};
  }
  if (my_bitmap == theirs) return {Kind::bitmap, true};
  if (their_bitmap == mine) return {Kind::bitmap, false};
  if (first.uuids.remembers(theirs)) return {Kind::full, true};
  if (second.uuids.remembers(mine)) return {Kind::full, false};
  if (my_bitmap.valid() && my_bitmap == their_bitmap) return {Kind::split_brain};
  if (in_common(first, second)) return {Kind::split_brain_unrelated};
  return {Kind::unrelated};
}

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::in_sync:
      return "in sync";
    case Kind::activity_log:
      return "activity log";
    case Kind::bitmap:
      return "bitmap";
    case Kind::full:
      return "full";
    case Kind::split_brain:
      return "split brain";
    case Kind::split_brain_unrelated:
      return "split brain, unrelated ancestors";
    case Kind::unrelated:
      return "unrelated data";
  }
  return "";
}

}  // namespace fencepost::models
