// votequorum(5), flag by flag.
#include <catch2/catch.hpp>

#include "models/network/quorum.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

std::vector<CorosyncNode> nodes(std::size_t count) {
  std::vector<CorosyncNode> list;
  for (std::size_t i = 0; i < count; ++i) {
    list.push_back({.name = "n" + std::to_string(i + 1), .id = static_cast<std::uint32_t>(i + 1)});
  }
  return list;
}

std::vector<node::NodeId> members(std::initializer_list<std::size_t> numbers) {
  std::vector<node::NodeId> list;
  for (const std::size_t number : numbers) list.push_back(node::NodeId{number - 1});
  return list;
}

Quorum started(const QuorumOptions& options, std::size_t count) {
  Quorum quorum(options, nodes(count));
  for (std::size_t i = 0; i < count; ++i) quorum.started(node::NodeId{i});
  return quorum;
}

}  // namespace

TEST_CASE("quorum: more than half of the votes", "[quorum]") {
  Quorum quorum = started({}, 5);
  CHECK(quorum.decide(members({1, 2, 3}), false));
  CHECK_FALSE(quorum.decide(members({4, 5}), false));
  Quorum even = started({}, 4);
  CHECK_FALSE(even.decide(members({1, 2}), false));
}

TEST_CASE("quorum: votes are counted, not nodes", "[quorum]") {
  auto list = nodes(3);
  list[0].votes = 3;
  Quorum quorum(QuorumOptions{}, list);
  CHECK(quorum.decide(members({1}), false));
  CHECK_FALSE(quorum.decide(members({2, 3}), false));
}

TEST_CASE("quorum: two_node needs one vote, but both the first time", "[quorum]") {
  Quorum quorum = started({.two_node = true}, 2);
  CHECK_FALSE(quorum.decide(members({1}), false));
  CHECK(quorum.decide(members({1, 2}), false));
  CHECK(quorum.decide(members({1}), false));

  Quorum without = started({.two_node = true, .wait_for_all = false}, 2);
  CHECK(without.decide(members({1}), false));
}

TEST_CASE("quorum: a restarted node waits for all again, unless it meets one that does not wait",
          "[quorum]") {
  Quorum quorum = started({.wait_for_all = true}, 3);
  CHECK(quorum.decide(members({1, 2, 3}), false));
  quorum.started(node::NodeId{2});
  CHECK_FALSE(quorum.decide(members({3}), false));
  CHECK(quorum.decide(members({2, 3}), false));
}

TEST_CASE("quorum: auto_tie_breaker keeps the half with the lowest node, or the chosen one", "[quorum]") {
  Quorum lowest = started({.auto_tie_breaker = true}, 4);
  CHECK(lowest.decide(members({1, 2}), false));
  CHECK_FALSE(lowest.decide(members({3, 4}), false));
  Quorum highest = started({.auto_tie_breaker = true, .auto_tie_breaker_node = "highest"}, 4);
  CHECK_FALSE(highest.decide(members({1, 2}), false));
  CHECK(highest.decide(members({3, 4}), false));
  Quorum chosen = started({.auto_tie_breaker = true, .auto_tie_breaker_node = "2 3"}, 4);
  CHECK(chosen.decide(members({2, 4}), false));
  CHECK_FALSE(chosen.decide(members({1, 3}), false));
}

TEST_CASE("quorum: a tie breaker that was down before the split leaves it to the next of the list",
          "[quorum]") {
  Quorum quorum = started({.auto_tie_breaker = true, .auto_tie_breaker_node = "2 3"}, 4);
  CHECK(quorum.decide(members({1, 3, 4}), false));  // node 2 is down
  CHECK(quorum.decide(members({1, 3}), false));
  CHECK_FALSE(quorum.decide(members({1, 4}), false));
}

TEST_CASE("quorum: a tie breaker or last_man_standing disables the device", "[quorum]") {
  for (const QuorumOptions& options :
       {QuorumOptions{.auto_tie_breaker = true}, QuorumOptions{.last_man_standing = true}}) {
    QuorumOptions with_device = options;
    with_device.qdevice = QdeviceOptions{.host = "q"};
    Quorum quorum = started(with_device, 4);
    CHECK_FALSE(quorum.options().qdevice);
    CHECK_FALSE(quorum.decide(members({3, 4}), true));
    CHECK(quorum.decide(members({2, 3, 4}), false));  // four votes are expected, not five
  }
}

TEST_CASE("quorum: last_man_standing counts anew after each stable loss, down to two", "[quorum]") {
  Quorum quorum = started({.last_man_standing = true}, 5);
  CHECK(quorum.decide(members({1, 2, 3, 4, 5}), false));
  CHECK(quorum.shrink(members({1, 2, 3}), false));
  CHECK(quorum.decide(members({1, 2}), false));
  CHECK(quorum.shrink(members({1, 2}), false));
  CHECK_FALSE(quorum.decide(members({1}), false));
}

TEST_CASE("quorum: without the window, the loss of too many at once is the loss of quorum", "[quorum]") {
  Quorum quorum = started({.last_man_standing = true}, 5);
  CHECK_FALSE(quorum.shrink(members({1, 2}), false));
  CHECK_FALSE(quorum.decide(members({1, 2}), false));
}

TEST_CASE("quorum: the device's vote makes half a cluster a majority", "[quorum]") {
  Quorum quorum = started({.qdevice = QdeviceOptions{.host = "q"}}, 4);
  CHECK(quorum.decide(members({1, 2}), true));
  CHECK_FALSE(quorum.decide(members({1, 2}), false));
}
