// Scores as Pacemaker adds them: whole numbers clipped to ±INFINITY, which is 1,000,000.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>

namespace fencepost {

class Score {
 public:
  static constexpr std::int32_t kInfinity = 1'000'000;

  constexpr Score() = default;
  constexpr explicit Score(std::int64_t value)
      : value_(static_cast<std::int32_t>(std::clamp<std::int64_t>(value, -kInfinity, kInfinity))) {}
  static constexpr Score infinity() { return Score{kInfinity}; }
  static constexpr Score minus_infinity() { return Score{-kInfinity}; }

  constexpr std::int32_t value() const { return value_; }
  constexpr bool is_infinite() const { return value_ == kInfinity; }
  constexpr bool is_minus_infinite() const { return value_ == -kInfinity; }
  constexpr auto operator<=>(const Score&) const = default;

  // -INFINITY wins over everything, then +INFINITY; finite sums are clipped.
  friend constexpr Score operator+(Score a, Score b) {
    if (a.is_minus_infinite() || b.is_minus_infinite()) return minus_infinity();
    if (a.is_infinite() || b.is_infinite()) return infinity();
    return Score{std::int64_t{a.value_} + b.value_};
  }
  constexpr Score& operator+=(Score other) { return *this = *this + other; }
  constexpr Score operator-() const { return Score{-std::int64_t{value_}}; }

 private:
  std::int32_t value_ = 0;
};

inline std::string to_string(Score score) {
  if (score.is_infinite()) return "INFINITY";
  if (score.is_minus_infinite()) return "-INFINITY";
  return std::to_string(score.value());
}

}  // namespace fencepost
