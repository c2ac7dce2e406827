#include "engine/live/fragments.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "engine/live/codec.h"

using namespace fencepost;
using namespace fencepost::live;

namespace {

constexpr Sender kFirst{1, 100}, kSecond{2, 200};

}  // namespace

TEST_CASE("fragments: two senders' pieces, mixed, become their messages", "[live]") {
  CHECK(rc::check([] {
    const std::size_t piece_max = *rc::gen::inRange<std::size_t>(kPieceHeader + 1, 40);
    const auto text = rc::gen::nonEmpty<std::string>();
    const std::string messages[] = {*text, *text};
    const std::vector<std::string> pieces[] = {split(messages[0], piece_max), split(messages[1], piece_max)};
    std::size_t next[] = {0, 0};
    std::string got[2];
    Reassembly reassembly;
    while (next[0] < pieces[0].size() || next[1] < pieces[1].size()) {
      std::size_t who = *rc::gen::inRange<std::size_t>(0, 2);
      if (next[who] == pieces[who].size()) who = 1 - who;
      RC_ASSERT(pieces[who][next[who]].size() <= piece_max);
      const auto whole = reassembly.add(who == 0 ? kFirst : kSecond, pieces[who][next[who]++]);
      RC_ASSERT(whole.has_value());
      RC_ASSERT(whole->has_value() == (next[who] == pieces[who].size()));
      if (*whole) got[who] = **whole;
    }
    RC_ASSERT(got[0] == messages[0]);
    RC_ASSERT(got[1] == messages[1]);
  }));
}

TEST_CASE("fragments: the rest of a message that began before we came is dropped", "[live]") {
  const auto old = split("a message that began long ago", 24);
  const auto fresh = split("news", 24);
  Reassembly reassembly;
  REQUIRE(old.size() > 2);
  CHECK(reassembly.add(kFirst, old[1]).value() == std::optional<std::string>{});
  CHECK(reassembly.add(kFirst, old[2]).value() == std::optional<std::string>{});
  CHECK(reassembly.add(kFirst, fresh[0]).value() == std::optional<std::string>{"news"});
}

TEST_CASE("fragments: a sender that died in the middle leaves nothing behind", "[live]") {
  const auto pieces = split("a message that is never sent whole", 24);
  Reassembly reassembly;
  REQUIRE(reassembly.add(kFirst, pieces[0]).has_value());
  reassembly.forget(kFirst);
  CHECK(reassembly.add(kFirst, pieces[1]).value() == std::optional<std::string>{});
}

TEST_CASE("fragments: what is no piece is refused", "[live]") {
  Reassembly reassembly;
  CHECK_FALSE(reassembly.add(kFirst, "").has_value());
  CHECK_FALSE(reassembly.add(kFirst, "something else entirely").has_value());
  std::string piece = split("a message", 100)[0];
  piece[11] = '\x7f';  // says that it is 2 GB long
  CHECK_FALSE(reassembly.add(kFirst, piece).has_value());
  CHECK_FALSE(reassembly.add(kFirst, split("ab", 100)[0] + "more than announced").has_value());
}

TEST_CASE("fragments: a piece with any byte changed, or cut anywhere, is nobody's", "[live]") {
  const std::string piece = split("a message", 100)[0];
  REQUIRE(is_piece(piece));
  for (std::size_t at = 0; at < piece.size(); ++at) {
    std::string other = piece;
    other[at] = static_cast<char>(other[at] ^ 0x55);
    CHECK_FALSE(is_piece(other));
    CHECK_FALSE(is_piece(piece.substr(0, at)));
  }
}

TEST_CASE("fragments: pieces of the first layout, which had no checksum, and of later ones are somebody's",
          "[live]") {
  CHECK(is_piece("FPG\x01 a message of the first layout"));
  CHECK_FALSE(is_piece("FPG\x03 and no checksum where one belongs"));
}
