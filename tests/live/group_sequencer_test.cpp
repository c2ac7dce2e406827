#include "engine/live/group_sequencer.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/live/codec.h"

using namespace fencepost;
using namespace fencepost::live;

namespace {

const node::Nodelist kNodes = {{"n1", 1}, {"n2", 2}, {"n3", 3}};
constexpr RingId kFirstRing{5, 1}, kSecondRing{9, 1};
constexpr Sender kOne{1, 100}, kTwo{2, 200}, kStranger{2, 201}, kBabbler{2, 202};

// What the engine is told, in short.
struct Told {
  std::string story;
  std::vector<std::string> complaints, gave_up;
  GroupSequencer group{kNodes, [this](node::Event event) { tell(event); },
                       [this](const std::string& text) { complaints.push_back(text); },
                       [this](const std::string& why) { gave_up.push_back(why); }};

  void tell(const node::Event& event) {
    if (const auto* e = std::get_if<node::MembershipFormed>(&event))
      story +=
          "ring" + std::to_string(e->ring) + names(e->members) + (e->quorate ? "quorate " : "inquorate ");
    if (const auto* e = std::get_if<node::GroupChanged>(&event)) story += "group" + names(e->members);
    if (const auto* e = std::get_if<node::QuorumChanged>(&event)) story += e->quorate ? "regained " : "lost ";
    if (const auto* e = std::get_if<node::MessageDelivered>(&event))
      story += "message of " + kNodes[e->from.index()].name + " ";
  }
  static std::string names(const std::vector<node::NodeId>& nodes) {
    std::string text = " ";
    for (const node::NodeId each : nodes) text += kNodes[each.index()].name + " ";
    return text;
  }
  void message(Sender from) {
    group.message(from, split(encode({node::JoinAnnounce{}}, kNodes), 1000).front());
  }
  // n1 alone, with quorum.
  void alone() {
    group.ring(kFirstRing, {1});
    group.quorum(kFirstRing, true);
    group.processes({kOne});
    group.deliver();
    story.clear();
  }
};

}  // namespace

TEST_CASE("group: a membership is told with its verdict, and what happened in it after it", "[live]") {
  Told told;
  told.group.processes({kOne});  // Corosync tells of processes first
  told.group.ring(kFirstRing, {1});
  told.message(kOne);
  told.group.deliver();
  CHECK(told.story.empty());
  told.group.quorum(kFirstRing, true);
  told.group.deliver();
  CHECK(told.story == "ring5 n1 quorate group n1 message of n1 ");
}

TEST_CASE("group: a process on a node that joins comes after the node", "[live]") {
  Told told;
  told.alone();
  told.group.processes({kOne, kTwo});
  told.group.deliver();
  CHECK(told.story.empty());
  told.group.ring(kSecondRing, {1, 2});
  told.group.quorum(kSecondRing, true);
  told.group.deliver();
  CHECK(told.story == "ring9 n1 n2 quorate group n1 n2 ");
}

TEST_CASE("group: a membership that was over before its verdict came had no quorum", "[live]") {
  Told told;
  told.group.ring(kFirstRing, {1});
  told.group.ring(kSecondRing, {1, 2});
  told.group.quorum(kSecondRing, true);
  told.group.deliver();
  CHECK(told.story == "ring5 n1 inquorate ring9 n1 n2 quorate ");
}

TEST_CASE("group: votequorum may change its mind", "[live]") {
  Told told;
  told.alone();
  told.group.quorum(kFirstRing, false);
  told.group.deliver();
  told.group.quorum(kFirstRing, false);
  told.group.deliver();
  told.group.quorum(kFirstRing, true);
  told.group.deliver();
  CHECK(told.story == "lost regained ");
}

TEST_CASE("group: who is no member is not heard", "[live]") {
  Told told;
  told.alone();
  told.message(kStranger);
  told.group.deliver();
  CHECK(told.story.empty());
  CHECK(told.gave_up.empty());
  REQUIRE(told.complaints.size() == 1);
  CHECK_THAT(told.complaints[0], Catch::Contains("no member of the group"));
}

TEST_CASE("group: who misses a message of one of the group leaves it, rather than know another cluster",
          "[live]") {
  Told told;
  told.alone();
  told.message(kOne);
  told.group.message(kOne, "something that is no message");
  told.group.deliver();
  CHECK(told.story == "message of n1 ");
  REQUIRE(told.gave_up.size() == 1);
}

TEST_CASE("group: a newcomer that nobody understands drives nobody out; one who was there first does",
          "[live]") {
  Told told;
  told.alone();
  told.message(kOne);
  told.group.ring(kSecondRing, {1, 2});
  told.group.quorum(kSecondRing, true);
  told.group.processes({kOne, kTwo});
  told.group.message(kTwo, split("hello in another version", 1000)[0]);
  told.group.deliver();
  CHECK(told.gave_up.empty());
  CHECK(told.complaints.size() == 1);

  Told newcomer;
  newcomer.group.ring(kFirstRing, {1, 2});
  newcomer.group.quorum(kFirstRing, true);
  newcomer.group.processes({kOne, kTwo});
  newcomer.group.message(kTwo, split("hello in another version", 1000)[0]);
  newcomer.group.deliver();
  CHECK(newcomer.gave_up.size() == 1);
}

TEST_CASE("group: a newcomer does not mind a program that babbles, and hears those who make sense",
          "[live]") {
  Told newcomer;
  newcomer.group.ring(kFirstRing, {1, 2});
  newcomer.group.quorum(kFirstRing, true);
  newcomer.group.processes({kOne, kTwo, kBabbler});
  newcomer.group.message(kBabbler, "nonsense");
  newcomer.message(kTwo);
  newcomer.group.message(kBabbler, "more of it");
  newcomer.group.deliver();
  CHECK(newcomer.gave_up.empty());
  CHECK(newcomer.complaints.size() == 2);
  CHECK_THAT(newcomer.story, Catch::EndsWith("message of n2 "));
}

TEST_CASE("group: a node that the nodelist does not know is told of once and left out", "[live]") {
  Told told;
  told.group.ring(kFirstRing, {1, 77});
  told.group.quorum(kFirstRing, true);
  told.group.deliver();
  CHECK(told.story == "ring5 n1 quorate ");
  REQUIRE(told.complaints.size() == 1);
  CHECK_THAT(told.complaints[0], Catch::Contains("Node 77"));
}
