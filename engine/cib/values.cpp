#include "engine/cib/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "engine/cib/date.h"

namespace fencepost::cib {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string_view skip_spaces(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// Intervals stop here: Pacemaker keeps them in 32 bits.
constexpr std::int64_t kIntervalMax = std::numeric_limits<std::uint32_t>::max();

}  // namespace

const char* to_string(Role role) {
  switch (role) {
    case Role::unknown:
      return "Unknown";
    case Role::stopped:
      return "Stopped";
    case Role::started:
      return "Started";
    case Role::unpromoted:
      return "Unpromoted";
    case Role::promoted:
      return "Promoted";
  }
  return "";
}

std::optional<Role> parse_role(std::string_view text) {
  struct Name {
    std::string_view name;
    Role role;
  };
  static constexpr std::array<Name, 7> kNames = {{{"Started", Role::started},
                                                  {"Stopped", Role::stopped},
                                                  {"Promoted", Role::promoted},
                                                  {"Unpromoted", Role::unpromoted},
                                                  {"Master", Role::promoted},
                                                  {"Slave", Role::unpromoted},
                                                  {"Unknown", Role::unknown}}};
  for (const Name& name : kNames) {
    if (equal_ignoring_case(text, name.name)) return name.role;
  }
  return std::nullopt;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<bool> parse_boolean(std::string_view text) {
  for (const std::string_view yes : {"true", "on", "yes", "y", "1"}) {
    if (equal_ignoring_case(text, yes)) return true;
  }
  for (const std::string_view no : {"false", "off", "no", "n", "0"}) {
    if (equal_ignoring_case(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = skip_spaces(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  static_cast<void>(end);  // What follows the digits is ignored.
  if (error != std::errc()) return std::nullopt;
  return value;
}

Score parse_score(std::string_view text, const HealthScores& health) {
  if (text == "INFINITY" || text == "+INFINITY") return Score::infinity();
  if (text == "-INFINITY") return Score::minus_infinity();
  if (equal_ignoring_case(text, "red")) return health.red;
  if (equal_ignoring_case(text, "yellow")) return health.yellow;
  if (equal_ignoring_case(text, "green")) return health.green;
  return Score{parse_integer(text).value_or(0)};
}

bool is_score(std::string_view text) {
  for (const std::string_view name : {"INFINITY", "+INFINITY", "-INFINITY"}) {
    if (text == name) return true;
  }
  for (const std::string_view colour : {"red", "yellow", "green"}) {
    if (equal_ignoring_case(text, colour)) return true;
  }
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

namespace {

// "20", "20s", "1min", "500 ms". Only whole numbers count: the 5 of 1.5s is skipped.
std::optional<Milliseconds> parse_number_and_unit(std::string_view text) {
  text = skip_spaces(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (!text.empty() && (is_digit(text.front()) || text.front() == '.')) text.remove_prefix(1);
  text = skip_spaces(text);

  const auto times = [number](std::int64_t factor) {
    return Milliseconds{number > std::numeric_limits<std::int64_t>::max() / factor
                            ? std::numeric_limits<std::int64_t>::max()
                            : number * factor};
  };
  if (starts_with_ignoring_case(text, "ms")) return times(1);
  if (starts_with_ignoring_case(text, "us")) return Milliseconds{number / 1000};
  if (text.empty() || lower(text.front()) == 's') return times(1'000);
  if (lower(text.front()) == 'm') return times(60'000);
  if (lower(text.front()) == 'h') return times(3'600'000);
  return std::nullopt;
}

}  // namespace

std::optional<Milliseconds> parse_interval(std::string_view text) {
  const auto duration =
      !text.empty() && text.front() == 'P' ? parse_iso_duration(text) : parse_number_and_unit(text);
  if (!duration) return std::nullopt;
  return std::min(*duration, Milliseconds{kIntervalMax});
}

std::optional<Milliseconds> parse_timeout(std::string_view text) { return parse_number_and_unit(text); }

namespace {

// A run of digits taken off the front of a name.
std::string_view take_digits(std::string_view& name) {
  const auto end = std::find_if_not(name.begin(), name.end(), is_digit);
  const std::string_view digits = name.substr(0, static_cast<std::size_t>(end - name.begin()));
  name.remove_prefix(digits.size());
  return digits;
}

int compare_digits(std::string_view a, std::string_view b) {
  const std::string_view full_a = a;
  const std::string_view full_b = b;
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  if (const int order = a.compare(b); order != 0) return order;
  if (full_a.size() == full_b.size()) return 0;
  return full_a.size() < full_b.size() ? -1 : 1;
}

}  // namespace

int compare_node_names(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      if (const int order = compare_digits(take_digits(a), take_digits(b)); order != 0) return order;
      continue;
    }
    const auto x = static_cast<unsigned char>(lower(a.front()));
    const auto y = static_cast<unsigned char>(lower(b.front()));
    if (x != y) return x < y ? -1 : 1;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace fencepost::cib
