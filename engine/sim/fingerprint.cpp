#include "engine/sim/fingerprint.h"

#include <xxhash.h>

#include <array>

#include "engine/base/assert.h"

namespace fencepost::sim {
namespace {

enum Kind : unsigned char { kText = 't', kUnsigned = 'u', kSigned = 'i', kFlag = 'b' };

// The kind, then eight bytes, lowest first on every machine.
std::array<unsigned char, 9> encode(Kind kind, std::uint64_t number) {
  std::array<unsigned char, 9> bytes{kind};
  for (std::size_t i = 1; i < bytes.size(); ++i, number >>= 8) bytes[i] = static_cast<unsigned char>(number);
  return bytes;
}

void feed(XXH3_state_t* state, const void* bytes, std::size_t count) {
  HA_ASSERT(XXH3_64bits_update(state, bytes, count) == XXH_OK);
}

void feed(XXH3_state_t* state, Kind kind, std::uint64_t number) {
  const auto bytes = encode(kind, number);
  feed(state, bytes.data(), bytes.size());
}

}  // namespace

struct Fingerprint::State {
  State() { HA_ASSERT(xxh != nullptr && XXH3_64bits_reset(xxh) == XXH_OK); }
  State(const State& other) : State() { XXH3_copyState(xxh, other.xxh); }
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh); }

  XXH3_state_t* xxh = XXH3_createState();
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) {}
Fingerprint::Fingerprint(const Fingerprint& other) : state_(std::make_unique<State>(*other.state_)) {}
Fingerprint::Fingerprint(Fingerprint&&) noexcept = default;
Fingerprint& Fingerprint::operator=(const Fingerprint& other) { return *this = Fingerprint(other); }
Fingerprint& Fingerprint::operator=(Fingerprint&&) noexcept = default;
Fingerprint::~Fingerprint() = default;

Fingerprint& Fingerprint::add(std::string_view text) {
  feed(state_->xxh, kText, text.size());
  feed(state_->xxh, text.data(), text.size());
  return *this;
}

Fingerprint& Fingerprint::add(std::uint64_t number) {
  feed(state_->xxh, kUnsigned, number);
  return *this;
}

Fingerprint& Fingerprint::add(std::int64_t number) {
  feed(state_->xxh, kSigned, static_cast<std::uint64_t>(number));
  return *this;
}

Fingerprint& Fingerprint::add(bool flag) {
  feed(state_->xxh, kFlag, flag ? 1 : 0);
  return *this;
}

std::uint64_t Fingerprint::value() const { return XXH3_64bits_digest(state_->xxh); }

std::string Fingerprint::hex() const { return sim::hex(value()); }

std::string hex(std::uint64_t fingerprint) {
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, fingerprint >>= 4) {
    *digit = "0123456789abcdef"[fingerprint & 15];
  }
  return digits;
}

std::uint64_t hash64(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace fencepost::sim
