// From a document to typed values. What is wrong is collected, each with its place and what is allowed, so
// that a person sees all of it at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/time.h"
#include "engine/sim/random.h"
#include "scenarios/document.h"

namespace fencepost::scenarios {

class Problems {
 public:
  void add(const Value& at, std::string message) { errors_.push_back({at.where(), std::move(message)}); }
  void add(Error error) { errors_.push_back(std::move(error)); }

  bool empty() const { return errors_.empty(); }
  const std::vector<Error>& errors() const { return errors_; }

 private:
  std::vector<Error> errors_;
};

// "60s", "500ms", "10m", "10min", "1h30m", "0.5" (seconds). Never negative.
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);  // the shortest of these: "1h30m", "60s" becomes "1m"

// The nearest of the words, if one is near enough to be a slip of the fingers: ", did you mean 'verb'?", or
// "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& allowed);
// "a, b or c"
std::string one_of(const std::vector<std::string>& allowed);

void read(const Value& value, std::string& into, Problems& problems);
void read(const Value& value, bool& into, Problems& problems);
void read(const Value& value, int& into, Problems& problems);
void read(const Value& value, std::int64_t& into, Problems& problems);
void read(const Value& value, std::uint64_t& into, Problems& problems);
void read(const Value& value, double& into, Problems& problems);
void read(const Value& value, Duration& into, Problems& problems);
// 300ms, {uniform: [1s, 3s]}, {exponential: 2s}, {median: 1s, p99: 4s}, {median: 1s, sigma: 0.4},
// {samples: [1s, 1.2s, 4s]}
void read(const Value& value, sim::Distribution& into, Problems& problems);

template <class T>
void read(const Value& value, std::optional<T>& into, Problems& problems) {
  if (value.kind == Value::Kind::nothing) return;
  read(value, into.emplace(), problems);
}

// A list; a single value counts as a list of one.
template <class T>
void read(const Value& value, std::vector<T>& into, Problems& problems) {
  into.clear();
  if (!value.is_list()) {
    if (value.kind != Value::Kind::nothing) read(value, into.emplace_back(), problems);
    return;
  }
  for (const Value& item : value.items) read(item, into.emplace_back(), problems);
}

template <class T, class Less>
void read(const Value& value, std::map<std::string, T, Less>& into, Problems& problems) {
  if (value.kind == Value::Kind::nothing) return;
  if (!value.is_map())
    return problems.add(value,
                        std::string("expected a map of names to values, not ") + kind_name(value.kind));
  for (const Entry& entry : value.entries) read(entry.value, into[entry.key.text], problems);
}

// The keys of one map. What nobody took is unknown, and finish() says so.
class Fields {
 public:
  // what: "a fault", for messages.
  Fields(const Value& map, std::string what, Problems& problems);

  const Value* take(std::string_view key);
  template <class T>
  bool read(std::string_view key, T& into) {
    const Value* value = take(key);
    if (value != nullptr) scenarios::read(*value, into, problems_);
    return value != nullptr;
  }
  // A word out of a fixed list; its index goes to into.
  bool choose(std::string_view key, const std::vector<std::string>& allowed, std::size_t& into);
  bool require(std::string_view key);  // complains if it is missing
  void finish();

  const Value& map() const { return map_; }
  Problems& problems() { return problems_; }

 private:
  const Value& map_;
  std::string what_;
  Problems& problems_;
  std::vector<std::string> known_;
};

}  // namespace fencepost::scenarios
