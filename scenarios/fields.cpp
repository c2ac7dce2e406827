#include "scenarios/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace fencepost::scenarios {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longest names first, so that "ms" is not taken for "m".
constexpr std::array<Unit, 9> kUnits{{{"min", 60'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1},
                                      {"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"", 1'000'000'000}}};

// Ten thousand years of anything is a slip of the fingers.
constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / 2;

// digits[.digits] times the unit, in whole nanoseconds; nothing is lost that a nanosecond could hold.
std::optional<std::int64_t> scaled(std::string_view digits, std::string_view fraction, std::int64_t unit) {
  std::int64_t whole = 0;
  if (!digits.empty()) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  }
  if (whole > kLongest / unit) return std::nullopt;
  std::int64_t total = whole * unit;
  std::int64_t place = unit;
  for (const char digit : fraction) {
    place /= 10;
    total += place * (digit - '0');
  }
  return total;
}

std::size_t count_digits(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, [](char c) { return c >= '0' && c <= '9'; });
  return static_cast<std::size_t>(end - text.begin());
}

// Levenshtein's distance: how many letters to change, add or drop.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

bool expect_text(const Value& value, const char* what, Problems& problems) {
  if (value.is_text()) return true;
  problems.add(value, std::string("expected ") + what + ", not " + kind_name(value.kind));
  return false;
}

template <class Number>
void read_number(const Value& value, Number& into, Problems& problems) {
  if (!expect_text(value, "a whole number", problems)) return;
  const std::string& text = value.text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc{} || end != text.data() + text.size())
    problems.add(value, "'" + text + "' is no " +
                            (std::is_unsigned_v<Number> ? "whole number from 0 up" : "whole number"));
}

void read_distribution_map(const Value& value, sim::Distribution& into, Problems& problems) {
  Fields fields(value, "a distribution", problems);
  std::vector<Duration> ends;
  Duration mean{}, median{}, p99{};
  double sigma = 0;
  std::vector<Duration> samples;
  const bool has_median = fields.read("median", median);
  const bool has_p99 = fields.read("p99", p99);
  const bool has_sigma = fields.read("sigma", sigma);
  if (fields.read("uniform", ends)) {
    if (ends.size() != 2 || ends[0] > ends[1])
      problems.add(value, "uniform needs its two ends, the smaller first: {uniform: [1s, 3s]}");
    else
      into = sim::Uniform{ends[0], ends[1]};
  } else if (fields.read("exponential", mean)) {
    into = sim::Exponential{mean};
  } else if (fields.read("samples", samples)) {
    if (samples.empty())
      problems.add(value, "samples needs at least one duration");
    else
      into = sim::Empirical{samples};
  } else if (has_median && has_p99) {
    if (median <= Duration{} || p99 < median)
      problems.add(value, "a log-normal needs a median above 0 and a p99 not below it");
    else
      into = sim::log_normal(median, p99);
  } else if (has_median && has_sigma) {
    into = sim::LogNormal{median, sigma};
  } else {
    problems.add(value,
                 "a distribution is a duration, or {uniform: [1s, 3s]}, {exponential: 2s}, "
                 "{median: 1s, p99: 4s}, {median: 1s, sigma: 0.4} or {samples: [1s, 2s]}");
  }
  fields.finish();
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  bool had_unit = false;
  while (!text.empty()) {
    const std::size_t whole = count_digits(text);
    const std::string_view digits = text.substr(0, whole);
    text.remove_prefix(whole);
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      fraction = text.substr(0, count_digits(text));
      text.remove_prefix(fraction.size());
    }
    if (digits.empty() && fraction.empty()) return std::nullopt;
    const auto unit = std::ranges::find_if(kUnits, [&](const Unit& u) { return text.starts_with(u.name); });
    // A bare number is seconds, but only alone: "1h30" says nothing about the 30.
    if (unit->name.empty() && (had_unit || !text.empty())) return std::nullopt;
    text.remove_prefix(unit->name.size());
    const auto part = scaled(digits, fraction, unit->nanoseconds);
    if (!part || *part > kLongest - total) return std::nullopt;
    total += *part;
    had_unit = true;
  }
  return Duration{total};
}

std::string format_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  if (rest < 0) return "-" + format_duration(-duration);
  std::string out;
  for (const Unit unit :
       {Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}}) {
    if (rest < unit.nanoseconds) continue;
    out += std::to_string(rest / unit.nanoseconds) + std::string(unit.name);
    rest %= unit.nanoseconds;
  }
  if (rest == 0) return out;
  if (rest % 1'000'000'000 != 0 && rest % 1'000'000 == 0 && rest < 1'000'000'000 && out.empty())
    return std::to_string(rest / 1'000'000) + "ms";
  out += std::to_string(rest / 1'000'000'000);
  if (rest % 1'000'000'000 != 0) {
    std::string digits = std::to_string(1'000'000'000 + rest % 1'000'000'000).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    out += "." + digits;
  }
  return out + "s";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& allowed) {
  const std::string* nearest = nullptr;
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : allowed) {
    const std::size_t far = distance(word, candidate);
    if (far < best) {
      best = far;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? "" : ", did you mean '" + *nearest + "'?";
}

std::string one_of(const std::vector<std::string>& allowed) {
  std::string out;
  for (std::size_t i = 0; i < allowed.size(); ++i)
    out += (i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ") + allowed[i];
  return out;
}

void read(const Value& value, std::string& into, Problems& problems) {
  if (expect_text(value, "a text", problems)) into = value.text;
}

void read(const Value& value, bool& into, Problems& problems) {
  if (!expect_text(value, "true or false", problems)) return;
  const std::string& text = value.text;
  into = text == "true" || text == "yes" || text == "on" || text == "1";
  if (!into && text != "false" && text != "no" && text != "off" && text != "0")
    problems.add(value, "'" + text + "' is neither true nor false");
}

void read(const Value& value, int& into, Problems& problems) { read_number(value, into, problems); }
void read(const Value& value, std::int64_t& into, Problems& problems) { read_number(value, into, problems); }
void read(const Value& value, std::uint64_t& into, Problems& problems) { read_number(value, into, problems); }

void read(const Value& value, double& into, Problems& problems) {
  if (!expect_text(value, "a number", problems)) return;
  const std::string& text = value.text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc{} || end != text.data() + text.size())
    problems.add(value, "'" + text + "' is no number");
}

void read(const Value& value, Duration& into, Problems& problems) {
  if (!expect_text(value, "a duration", problems)) return;
  if (value.text.starts_with("-"))
    return problems.add(value,
                        "'" + value.text + "' is negative; a time counts from t=0, a duration from 0 up");
  if (const auto duration = parse_duration(value.text))
    into = *duration;
  else
    problems.add(value,
                 "'" + value.text + "' is no duration: write 60s, 500ms, 10m, 1h30m, or a number of seconds");
}

void read(const Value& value, sim::Distribution& into, Problems& problems) {
  if (value.is_map()) return read_distribution_map(value, into, problems);
  Duration constant{};
  read(value, constant, problems);
  into = sim::Constant{constant};
}

Fields::Fields(const Value& map, std::string what, Problems& problems)
    : map_(map), what_(std::move(what)), problems_(problems) {
  if (!map.is_map() && map.kind != Value::Kind::nothing)
    problems.add(map, what_ + " must be a map of names to values, not " + kind_name(map.kind));
}

const Value* Fields::take(std::string_view key) {
  known_.emplace_back(key);
  return map_.find(key);
}

bool Fields::choose(std::string_view key, const std::vector<std::string>& allowed, std::size_t& into) {
  std::string word;
  const Value* value = take(key);
  if (value == nullptr) return false;
  scenarios::read(*value, word, problems_);
  const auto place = std::ranges::find(allowed, word);
  if (place == allowed.end()) {
    problems_.add(*value, "'" + word + "' cannot be the " + std::string(key) + " of " + what_ + ": use " +
                              one_of(allowed));
    return false;
  }
  into = static_cast<std::size_t>(place - allowed.begin());
  return true;
}

bool Fields::require(std::string_view key) {
  if (map_.find(key) != nullptr) return true;
  problems_.add(map_, what_ + " needs '" + std::string(key) + "'");
  return false;
}

void Fields::finish() {
  std::vector<std::string> allowed = known_;
  std::ranges::sort(allowed);
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  for (const Entry& entry : map_.entries) {
    if (std::ranges::binary_search(allowed, entry.key.text)) continue;
    const std::string near = did_you_mean(entry.key.text, allowed);
    problems_.add(entry.key, "'" + entry.key.text + "' is no key of " + what_ +
                                 (near.empty() ? "; there are " + one_of(allowed) : near));
  }
}

}  // namespace fencepost::scenarios
