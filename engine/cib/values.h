// How the texts in a CIB become values, exactly as Pacemaker 2.1.5 reads them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/score.h"

namespace fencepost::cib {

using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;

// In rank order. "unknown" as a next role means "not decided".
enum class Role { unknown, stopped, started, unpromoted, promoted };

const char* to_string(Role role);                       // "Promoted"
std::optional<Role> parse_role(std::string_view text);  // legacy "Master" and "Slave" too, in any case

// true/on/yes/y/1 and false/off/no/n/0 in any case. Most consumers treat what is neither as false.
std::optional<bool> parse_boolean(std::string_view text);
inline bool is_true(std::string_view text) { return parse_boolean(text).value_or(false); }

// What red, yellow and green are worth as scores; all 0 while the node health strategy is "none".
struct HealthScores {
  Score red;
  Score yellow;
  Score green;
};

// As Pacemaker takes it: infinities by their exact names, else the leading whole number; no number is 0.
Score parse_score(std::string_view text, const HealthScores& health = {});
// Whether a person meant a score by it.
bool is_score(std::string_view text);

// A whole number with whatever follows ignored, as for integer options. Nothing if there are no digits.
std::optional<std::int64_t> parse_integer(std::string_view text);

// "20", "20s", "1min", "500ms", "PT1M" … Nothing if it is no time or is negative. Intervals understand ISO
// 8601 durations (with Pacemaker's off-by-one) and stop at 4294967295 ms; timeouts understand no durations.
std::optional<Milliseconds> parse_interval(std::string_view text);
std::optional<Milliseconds> parse_timeout(std::string_view text);

// Node names in the order Pacemaker sorts them: runs of digits as numbers, letters in any case. Negative, 0
// or positive.
int compare_node_names(std::string_view a, std::string_view b);

struct NodeNameLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return compare_node_names(a, b) < 0; }
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace fencepost::cib
