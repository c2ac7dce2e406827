#include "engine/sim/fingerprint.h"

#include <xxhash.h>

#include <array>
#include <cstring>

#include "engine/base/assert.h"

namespace fencepost::sim {
namespace {

enum Kind : unsigned char { kText = 't', kUnsigned = 'u', kSigned = 'i', kFlag = 'b' };

}  // namespace

// Fields are small and many: they are gathered here, and hashed when there is a block of them.
struct Fingerprint::State {
  State() { HA_ASSERT(xxh != nullptr && XXH3_64bits_reset(xxh) == XXH_OK); }
  State(const State& other) : State() {
    XXH3_copyState(xxh, other.xxh);
    std::memcpy(gathered.data(), other.gathered.data(), other.used);
    used = other.used;
  }
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh); }

  // The kind, then eight bytes, lowest first on every machine.
  void add(Kind kind, std::uint64_t number) {
    if (used + 9 > gathered.size()) hash_gathered();
    unsigned char* to = gathered.data() + used;
    *to++ = kind;
    for (int i = 0; i < 8; ++i, number >>= 8) *to++ = static_cast<unsigned char>(number);
    used += 9;
  }

  void add_bytes(std::string_view bytes) {
    if (used + bytes.size() > gathered.size()) hash_gathered();
    if (bytes.size() > gathered.size()) return hash(bytes.data(), bytes.size());
    if (!bytes.empty()) std::memcpy(gathered.data() + used, bytes.data(), bytes.size());
    used += bytes.size();
  }

  void hash_gathered() {
    hash(gathered.data(), used);
    used = 0;
  }

  void hash(const void* bytes, std::size_t count) {
    HA_ASSERT(XXH3_64bits_update(xxh, bytes, count) == XXH_OK);
  }

  XXH3_state_t* xxh = XXH3_createState();
  std::array<unsigned char, 1024> gathered{};
  std::size_t used = 0;
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) {}
Fingerprint::Fingerprint(const Fingerprint& other) : state_(std::make_unique<State>(*other.state_)) {}
Fingerprint::Fingerprint(Fingerprint&&) noexcept = default;
Fingerprint& Fingerprint::operator=(const Fingerprint& other) { return *this = Fingerprint(other); }
Fingerprint& Fingerprint::operator=(Fingerprint&&) noexcept = default;
Fingerprint::~Fingerprint() = default;

Fingerprint& Fingerprint::add(std::string_view text) {
  state_->add(kText, text.size());
  state_->add_bytes(text);
  return *this;
}

Fingerprint& Fingerprint::add(std::uint64_t number) {
  state_->add(kUnsigned, number);
  return *this;
}

Fingerprint& Fingerprint::add(std::int64_t number) {
  state_->add(kSigned, static_cast<std::uint64_t>(number));
  return *this;
}

Fingerprint& Fingerprint::add(bool flag) {
  state_->add(kFlag, flag ? 1 : 0);
  return *this;
}

std::uint64_t Fingerprint::value() const {
  State all(*state_);
  all.hash_gathered();
  return XXH3_64bits_digest(all.xxh);
}

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
