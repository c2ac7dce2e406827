// Data generation identifiers: how two DRBD nodes that meet find out whose data is newer.
// (User's Guide 9, "Generation identifiers"; docs/models.md.)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/storage/data_history.h"

namespace fencepost::models {

// What one node's metadata says about one volume. A generation stands for its UUID; one that is not valid for
// UUID 0.
struct DrbdUuids {
  Generation current;
  std::vector<Generation> bitmap;   // by peer: the generation that peer had when it was lost
  std::vector<Generation> history;  // newest first

  void remember(Generation generation);  // into the history, once
  bool remembers(Generation generation) const;
};

// What the two find out when they compare.
struct DrbdVerdict {
  enum class Kind : std::uint8_t {
    in_sync,                // the same generation
    activity_log,           // the same, but one was Primary when it crashed: its hot area is copied again
    bitmap,                 // one has only gone on from where the other stopped: what changed is copied
    full,                   // one is newer, but nobody knows any more what changed: everything is copied
    split_brain,            // both went on from the same generation: the after-sb policies decide
    split_brain_unrelated,  // both went on, from different generations: only a person can decide
    unrelated,              // they never had anything in common
  };
  Kind kind = Kind::in_sync;
  bool from_first = false;  // for activity_log, bitmap and full: the first of the two is the source
};
struct DrbdSide {
  const DrbdUuids& uuids;
  std::size_t peer = 0;  // the other one's index in this side's bitmaps
  bool crashed_primary = false;
};
DrbdVerdict compare(const DrbdSide& first, const DrbdSide& second);

const char* to_string(DrbdVerdict::Kind kind);

}  // namespace fencepost::models
