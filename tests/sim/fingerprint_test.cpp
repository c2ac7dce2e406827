#include "engine/sim/fingerprint.h"

#include <catch2/catch.hpp>

using namespace fencepost;
using sim::Fingerprint;

TEST_CASE("fingerprint: the same fields give the same name, for ever", "[sim]") {
  Fingerprint fingerprint;
  fingerprint.add("db1").add(std::uint64_t{7}).add(-3).add(true).add(20s).add(kSimStart + 1ms);

  // Recorded once. If this changes, every fingerprint that people have kept changes with it.
  CHECK(fingerprint.hex() == "024dd328a3267897");
  CHECK(sim::hash64("node:db1") == 0x726cb9994da55c27);
}

TEST_CASE("fingerprint: where one field ends and the next begins matters, and so does its type", "[sim]") {
  CHECK(Fingerprint{}.add("ab").add("c").hex() != Fingerprint{}.add("a").add("bc").hex());
  CHECK(Fingerprint{}.add(std::uint64_t{1}).hex() != Fingerprint{}.add(std::int64_t{1}).hex());
  CHECK(Fingerprint{}.add(true).hex() != Fingerprint{}.add(1).hex());
  CHECK(Fingerprint{}.add("").hex() != Fingerprint{}.hex());
}

TEST_CASE("fingerprint: may be read on the way, and copied", "[sim]") {
  Fingerprint whole;
  whole.add("one");
  const std::string halfway = whole.hex();
  Fingerprint copy = whole;
  whole.add("two");

  CHECK(copy.hex() == halfway);
  CHECK(copy.add("two").hex() == whole.hex());
  CHECK(whole.hex() != halfway);
}

TEST_CASE("fingerprint: always sixteen digits", "[sim]") {
  CHECK(sim::hex(0xab) == "00000000000000ab");
  CHECK(sim::hex(~std::uint64_t{0}) == "ffffffffffffffff");
}
