// A short name for everything that happened: two runs with the same fingerprint fed it the same fields in the
// same order. XXH3, 64 bits; xxHash stays behind fingerprint.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/time.h"

namespace fencepost::sim {

class Fingerprint {
 public:
  Fingerprint();
  Fingerprint(const Fingerprint&);
  Fingerprint(Fingerprint&&) noexcept;
  Fingerprint& operator=(const Fingerprint&);
  Fingerprint& operator=(Fingerprint&&) noexcept;
  ~Fingerprint();

  // Every field goes in with its kind and length, so that {"ab", "c"} and {"a", "bc"} differ.
  Fingerprint& add(std::string_view text);
  Fingerprint& add(const char* text) { return add(std::string_view(text)); }
  Fingerprint& add(std::uint64_t number);
  Fingerprint& add(std::int64_t number);
  Fingerprint& add(std::uint32_t number) { return add(std::uint64_t{number}); }
  Fingerprint& add(std::int32_t number) { return add(std::int64_t{number}); }
  Fingerprint& add(bool flag);
  Fingerprint& add(Duration duration) { return add(static_cast<std::int64_t>(duration.count())); }
  Fingerprint& add(SimTime time) { return add(time.time_since_epoch()); }

  std::uint64_t value() const;  // of all fields so far; more may follow
  std::string hex() const;      // 16 lower-case digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hex(std::uint64_t fingerprint);

// The same hash for a single text. Stable for ever: names of random streams go through it.
std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0);

}  // namespace fencepost::sim
