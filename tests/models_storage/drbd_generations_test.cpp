// The rules by which two DRBD nodes that meet find the newer data, each derived by hand from a story, with
// the generations as the User's Guide draws them: current | bitmap | history.
#include <catch2/catch.hpp>
#include <ostream>

#include "models/storage/drbd_generations.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

constexpr Generation kNone{};
constexpr Generation A{std::size_t{0}}, B{std::size_t{1}}, C{std::size_t{2}}, D{std::size_t{3}};

struct Row {
  const char* story;
  DrbdUuids alice, bob;
  DrbdVerdict::Kind kind;
  bool from_alice = false;
  bool alice_crashed = false;
  bool bob_crashed = false;
};

// Two hosts: alice's bitmap slot 1 is bob's, bob's slot 0 is alice's.
DrbdUuids alice(Generation current, Generation bitmap, std::vector<Generation> history = {}) {
  return {.current = current, .bitmap = {kNone, bitmap}, .history = std::move(history)};
}
DrbdUuids bob(Generation current, Generation bitmap, std::vector<Generation> history = {}) {
  return {.current = current, .bitmap = {bitmap, kNone}, .history = std::move(history)};
}

using Kind = DrbdVerdict::Kind;

const Row kRows[] = {
    {"nothing happened", alice(A, kNone), bob(A, kNone), Kind::in_sync},
    {"the link was cut while nobody wrote", alice(A, kNone), bob(A, kNone), Kind::in_sync},
    {"alice went on writing alone", alice(B, A), bob(A, kNone), Kind::bitmap, true},
    {"bob took over and wrote while alice was off", alice(A, kNone), bob(B, A), Kind::bitmap, false},
    {"alice, Primary, crashed and came back", alice(A, kNone), bob(A, kNone), Kind::activity_log, true, true},
    {"bob, Primary, crashed and came back", alice(A, kNone), bob(A, kNone), Kind::activity_log, false, false,
     true},
    {"alice crashed as Primary, bob took over and wrote", alice(A, kNone), bob(B, A), Kind::bitmap, false,
     true},
    {"both wrote alone", alice(B, A), bob(C, A), Kind::split_brain},
    {"alice is two generations ahead and has forgotten the bitmap", alice(C, kNone, {B, A}), bob(A, kNone),
     Kind::full, true},
    {"bob is two generations ahead", alice(A, kNone), bob(C, kNone, {B, A}), Kind::full, false},
    {"both went on from different ends of one history", alice(C, B, {A}), bob(D, A),
     Kind::split_brain_unrelated},
    {"disks that never met", alice(A, kNone), bob(B, kNone), Kind::unrelated},
    {"bob has a new disk", alice(B, A), bob(kNone, kNone), Kind::full, true},
    {"both have new disks", alice(kNone, kNone), bob(kNone, kNone), Kind::in_sync},
};

}  // namespace

TEST_CASE("DRBD generations: each story ends with the right data", "[drbd][generations]") {
  for (const Row& row : kRows) {
    INFO(row.story);
    const DrbdVerdict verdict = compare({row.alice, 1, row.alice_crashed}, {row.bob, 0, row.bob_crashed});
    CHECK(std::string(to_string(verdict.kind)) == to_string(row.kind));
    CHECK(verdict.from_first == row.from_alice);
  }
}

TEST_CASE("DRBD generations: it does not matter who asks", "[drbd][generations]") {
  for (const Row& row : kRows) {
    INFO(row.story);
    const DrbdVerdict verdict = compare({row.bob, 0, row.bob_crashed}, {row.alice, 1, row.alice_crashed});
    const bool copies = row.kind == Kind::bitmap || row.kind == Kind::full || row.kind == Kind::activity_log;
    CHECK(std::string(to_string(verdict.kind)) == to_string(row.kind));
    CHECK(verdict.from_first == (copies && !row.from_alice));
  }
}

TEST_CASE("Data history: a copy holds what its line of descent wrote before it branched off",
          "[drbd][data]") {
  DataHistory data;
  const Generation first = data.begin();
  const Generation left = data.fork({first, 100});
  const Generation right = data.fork({first, 80});

  CHECK(data.holds({left, 130}, {first, 100}));
  CHECK_FALSE(data.holds({right, 130}, {first, 100}));
  CHECK_FALSE(data.holds({left, 130}, {right, 90}));
}

TEST_CASE("Data history: acknowledged writes that a copy lacks are counted, wherever they were made",
          "[drbd][data]") {
  DataHistory data;
  const Generation first = data.begin();
  data.acknowledge({first, 100});
  const Generation left = data.fork({first, 100});
  const Generation right = data.fork({first, 100});
  data.acknowledge({left, 130});
  data.acknowledge({right, 105});

  CHECK(data.missing({left, 130}) == 5);
  CHECK(data.missing({right, 105}) == 30);
  CHECK(data.missing({first, 90}) == 10 + 30 + 5);
}

TEST_CASE("Data history: words on a device are those of the version that is read", "[drbd][data]") {
  DataHistory data;
  const Generation first = data.begin();
  const Version mounted = data.say({first, 0}, "ext4", "mounted");
  const Version unmounted = data.say({first, 10}, "ext4", "clean");
  const Generation copy = data.fork(mounted);

  CHECK(data.read({first, 0}, "ext4") == "");
  CHECK(data.read(unmounted, "ext4") == "clean");
  CHECK(data.read({copy, 50}, "ext4") == "mounted");
}
