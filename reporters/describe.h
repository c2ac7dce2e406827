// A record in words: the same sentence in the timeline, in the record table and in the difference that replay
// shows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/record.h"

namespace fencepost::reporters {

// How much a reader wants to see it. The timeline shows `normal` and `headline`, with more asked for, all.
enum class Weight : std::uint8_t { noise, detail, normal, headline };

struct Description {
  std::string_view kind;  // "action-started", "fault" …: one word a record type, stable
  std::string subject;    // the node or thing it is about; empty: the cluster
  std::string text;
  Weight weight = Weight::normal;
};

Description describe(const backend::Record& record, const std::vector<std::string>& node_names);

// "20s", "1.5s", "250ms", "0": as people write durations.
std::string duration_text(Duration duration);
// "fs monitor (20s)", "db start"
std::string action_text(const node::ActionName& name);

}  // namespace fencepost::reporters
