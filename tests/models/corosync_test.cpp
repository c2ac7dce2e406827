// Membership by arithmetic: token, consensus, links and merges. Bounds follow from the options
// (corosync.conf(5), votequorum(5)).
#include <catch2/catch.hpp>

#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

node::MessagePtr message(int number) {
  // Opaque to the world: a number behind the pointer is all that a test needs.
  return {std::make_shared<int>(number),
          reinterpret_cast<const node::Message*>(static_cast<std::uintptr_t>(number) * 8)};
}

std::string received(TinyWorld& world, std::string_view node) {
  std::string text;
  for (const Heard& one : world.heard) {
    if (one.node != world.id(node)) continue;
    if (const auto* delivered = std::get_if<node::MessageDelivered>(&one.event)) {
      text += std::to_string(reinterpret_cast<std::uintptr_t>(delivered->message.get()) / 8) + " ";
    } else if (const auto* formed = std::get_if<node::MembershipFormed>(&one.event)) {
      text += "[" + std::to_string(formed->members.size()) + "] ";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("corosync: a dead node is lost after the token timeout, and gone a consensus later", "[corosync]") {
  // token 1000 ms, 2 nodes: consensus 1.2 s. The idle token was seen last up to 0.8 x 238 - 10 = 180 ms
  // before.
  TinyWorld world;
  world.form();
  const SimTime crash = world.world.now();
  world.inject(fault::Crash{.node = "n2"});
  world.run(5s);

  const auto lost = world.seen<backend::TokenLost>(crash);
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].first >= 1000ms - 181ms);
  CHECK(lost[0].first <= 1000ms);
  const auto seen = world.seen<backend::MembershipSeen>(crash);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].first - lost[0].first >= 1200ms);
  CHECK(seen[0].first - lost[0].first <= 1220ms);
  CHECK(seen[0].second.members == std::vector<std::string>{"n1"});
  CHECK(seen[0].second.quorate);  // two_node
}

TEST_CASE("corosync: with three nodes the effective token is 650 ms longer", "[corosync]") {
  // 1650 ms, consensus 1980 ms, hold 304 ms.
  TinyWorld world(3);
  world.form();
  const SimTime crash = world.world.now();
  world.inject(fault::Crash{.node = "n3"});
  world.run(10s);

  const auto seen = world.seen<backend::MembershipSeen>(crash);
  REQUIRE(seen.size() == 2);
  for (const auto& [at, membership] : seen) {
    CHECK(at >= 1650ms - 305ms + 1980ms);
    CHECK(at <= 1650ms + 2000ms);
    CHECK(membership.members == std::vector<std::string>{"n1", "n2"});
    CHECK(membership.quorate);
  }
}

TEST_CASE("corosync: a split shows both sides at about the same time, each alone; healed, they are one",
          "[corosync]") {
  TinyWorld world;
  world.form();
  const SimTime cut = world.world.now();
  world.inject(fault::Partition{.groups = {{"n1"}, {"n2"}}});
  world.run(10s);
  const auto seen = world.seen<backend::MembershipSeen>(cut);
  REQUIRE(seen.size() == 2);
  CHECK(std::chrono::abs(seen[0].first - seen[1].first) <= 25ms);
  CHECK(world.members("n1") == "n1");
  CHECK(world.members("n2") == "n2");

  // Healed -> one membership: three pings of 250 ms and some, and the merge probe: measured 1.2-1.75 s.
  const SimTime heal = world.world.now();
  world.inject(fault::Heal{});
  world.run(5s);
  const auto merged = world.seen<backend::MembershipSeen>(heal);
  REQUIRE(merged.size() == 2);
  CHECK(merged[0].first >= 1150ms);
  CHECK(merged[0].first <= 1750ms);
  CHECK(world.members("n1") == "n1 n2");
}

TEST_CASE("corosync: of three nodes the minority is without quorum", "[corosync]") {
  TinyWorld world(3);
  world.form();
  world.inject(fault::Partition{.groups = {{"n1"}, {"n2", "n3"}}});
  world.run(10s);
  CHECK_FALSE(world.world.corosync().quorate(world.id("n1")));
  CHECK(world.world.corosync().quorate(world.id("n2")));
  CHECK(world.members("n2") == "n2 n3");
  CHECK(world.members("n3") == "n2 n3");
}

TEST_CASE(
    "corosync: a link down for half a token loses the token all the same, and the same nodes form again",
    "[corosync]") {
  TinyWorld world;
  world.form();
  const SimTime cut = world.world.now();
  world.inject(fault::LinkDown{.node = "n2", .lasts = 500ms});
  world.run(5s);
  CHECK(world.seen<backend::TokenLost>(cut).size() == 2);
  const auto seen = world.seen<backend::MembershipSeen>(cut);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].second.members == std::vector<std::string>{"n1", "n2"});
  // Measured 1.70-1.90 s after the cut.
  CHECK(seen[0].first >= 1600ms);
  CHECK(seen[0].first <= 2300ms);
}

TEST_CASE("corosync: a blip shorter than the pings notice changes nothing", "[corosync]") {
  TinyWorld world;
  world.form();
  world.inject(fault::LinkDown{.node = "n2", .lasts = 100ms});
  world.run(10s);
  CHECK(world.seen<backend::TokenLost>().empty());
  CHECK(world.seen<backend::MembershipSeen>().empty());
}

TEST_CASE(
    "corosync: a pause shorter than the token costs it all the same, unless the link has just come back",
    "[corosync]") {
  TinyWorld world;
  world.form();
  world.run(10s);
  const SimTime pause = world.world.now();
  world.inject(fault::Pause{.node = "n1", .lasts = 600ms});
  world.run(5s);
  CHECK_FALSE(world.seen<backend::TokenLost>(pause).empty());
  REQUIRE(world.seen<backend::MembershipSeen>(pause).size() == 2);  // both see the same members again
  CHECK(world.members("n1") == "n1 n2");

  const SimTime again = world.world.now();
  world.inject(fault::Pause{.node = "n1", .lasts = 600ms});
  world.run(5s);
  CHECK(world.seen<backend::TokenLost>(again).empty());
}

TEST_CASE("corosync: a pause longer than the token costs the membership", "[corosync]") {
  TinyWorld world;
  world.form();
  const SimTime pause = world.world.now();
  world.inject(fault::Pause{.node = "n1", .lasts = 6s});
  world.run(5900ms);
  CHECK(world.members("n2") == "n2");
  CHECK(world.members("n1") == "n1 n2");  // as far as it knows: it stands still
  const SimTime thaw = pause + 6s;
  world.run(5s);
  CHECK(world.members("n1") == "n1 n2");
  CHECK(world.members("n2") == "n1 n2");
  // It heard of no membership without it, only of the new one.
  const auto views = world.heard_by<node::MembershipFormed>("n1", pause);
  REQUIRE(views.size() == 1);
  CHECK(pause + views[0].first > thaw);
}

TEST_CASE("corosync: messages come to all members in one order, to their senders too", "[corosync]") {
  TinyWorld world(3);
  world.form();
  for (int i = 1; i <= 6; ++i) {
    world.machine("n" + std::to_string(i % 3 + 1)).stack().send(message(i));
    world.run(200us);
  }
  world.run(1s);
  CHECK(received(world, "n1") == "1 2 3 4 5 6 ");
  CHECK(received(world, "n2") == received(world, "n1"));
  CHECK(received(world, "n3") == received(world, "n1"));
}

TEST_CASE("corosync: nothing moves between the loss of the token and the new membership", "[corosync]") {
  TinyWorld world(3);
  world.form();
  const SimTime crash = world.world.now();
  world.inject(fault::Crash{.node = "n3"});
  world.run(100ms);
  world.machine("n1").stack().send(message(1));
  world.run(2s);
  world.machine("n2").stack().send(message(2));
  CHECK(received(world, "n1").empty());
  world.run(5s);
  CHECK(received(world, "n1") == "[2] 1 2 ");
  CHECK(received(world, "n2") == "[2] 1 2 ");
  CHECK(world.heard_by<node::MessageDelivered>("n1", crash)[0].first >= 3s);
}

TEST_CASE("corosync: what a dead node had not got through is lost with it", "[corosync]") {
  TinyWorld world;
  world.form();
  world.machine("n1").stack().send(message(1));
  world.run(1s);
  world.machine("n2").freeze();
  world.machine("n1").stack().send(message(2));
  world.run(10ms);
  world.machine("n1").power_off("test");
  world.machine("n2").thaw();
  world.run(5s);
  CHECK(received(world, "n2") == "1 [1] ");
}

TEST_CASE("corosync: the process group follows joins, leaves and memberships", "[corosync]") {
  TinyWorld world(3);
  world.form();
  const auto group = [&](std::string_view node) {
    const auto told = world.heard_by<node::GroupChanged>(node);
    return told.empty() ? 0 : told.back().second.members.size();
  };
  world.machine("n3").stack().leave();
  world.run(1s);
  CHECK(group("n1") == 2);
  world.machine("n3").stack().join();
  world.run(1s);
  CHECK(group("n1") == 3);
  CHECK(group("n3") == 3);
  world.inject(fault::Crash{.node = "n2"});
  world.run(10s);
  CHECK(group("n1") == 2);
}

TEST_CASE("corosync: an engine that gives up leaves the group, and its Corosync stays a member",
          "[corosync]") {
  TinyWorld world;
  world.form();
  world.machine("n2").stack().stop_stack(node::StopStack::How::failed, "test");
  world.run(5s);
  CHECK(world.members("n1") == "n1 n2");
  const auto told = world.heard_by<node::GroupChanged>("n1");
  REQUIRE_FALSE(told.empty());
  CHECK(told.back().second.members == std::vector{world.id("n1")});
}

TEST_CASE("corosync: killed, it is a crash to the others", "[corosync]") {
  TinyWorld world;
  world.form();
  const SimTime kill = world.world.now();
  world.inject(fault::KillDaemon{.node = "n2", .daemon = "corosync"});
  world.run(5s);
  CHECK(world.seen<backend::TokenLost>(kill).size() == 1);
  CHECK(world.members("n1") == "n1");
  CHECK(world.machine("n2").up());
  CHECK_FALSE(world.machine("n2").stack().up());
}

TEST_CASE("corosync: where two of three do not hear each other, it gathers again and again", "[corosync]") {
  TinyWorld world(3);
  world.form();
  const SimTime cut = world.world.now();
  for (const auto& [from, to] : {std::pair{"n1", "n2"}, std::pair{"n2", "n1"}}) {
    world.inject(fault::OneWay{.from = from, .to = to});
  }
  world.run(60s);
  CHECK(world.seen<backend::MembershipSeen>(cut).size() > 20);
}

TEST_CASE("corosync: a link lost in one direction is lost in both to the pings", "[corosync]") {
  TinyWorld world;
  world.form();
  world.inject(fault::OneWay{.from = "n1", .to = "n2"});
  world.run(30s);
  CHECK(world.members("n1") == "n1");
  CHECK(world.members("n2") == "n2");
}

TEST_CASE("corosync: a second ring carries on when the first is cut", "[corosync]") {
  WorldConfig config = tiny_config(2);
  config.networks = {"ring0", "ring1"};
  config.rings = 2;
  TinyWorld world(config);
  world.form();
  world.inject(fault::LinkDown{.node = "n2", .network = "ring0"});
  world.run(10s);
  CHECK(world.seen<backend::TokenLost>().empty());
  world.inject(fault::LinkDown{.node = "n2", .network = "ring1"});
  world.run(10s);
  CHECK(world.members("n1") == "n1");
}

TEST_CASE("corosync: a late starter is alone first, and is merged after its links are up", "[corosync]") {
  TinyWorld world;
  world.form();
  world.inject(fault::Crash{.node = "n2"});
  world.run(10s);
  const SimTime start = world.world.now();
  world.inject(fault::PowerOn{.node = "n2"});
  world.run(5s);
  const auto seen = world.seen<backend::MembershipSeen>(start);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].second.members == std::vector<std::string>{"n2"});
  CHECK_FALSE(seen[0].second.quorate);  // wait_for_all
  // Its own membership -> merged: measured 0.92-1.43 s at token 1000 (n = 31), and a late pong may cost 0.25
  // s.
  CHECK(seen[1].first - seen[0].first >= 800ms);
  CHECK(seen[1].first - seen[0].first <= 1650ms);
  CHECK(seen[1].second.members == std::vector<std::string>{"n1", "n2"});
  CHECK(seen[1].second.quorate);
}

TEST_CASE("corosync: the quorum device decides an even split, and losing it later costs quorum",
          "[corosync]") {
  WorldConfig config = tiny_config(4);
  config.corosync.quorum.qdevice = QdeviceOptions{.host = "qnetd"};
  TinyWorld world(config);
  world.form();
  const SimTime cut = world.world.now();
  world.inject(fault::Partition{.groups = {{"n1", "n2"}, {"n3", "n4"}}});
  world.run(20s);
  CHECK(world.world.corosync().quorate(world.id("n1")));
  CHECK_FALSE(world.world.corosync().quorate(world.id("n3")));

  world.inject(fault::LinkDown{.node = "qnetd"});
  world.run(20s);
  CHECK_FALSE(world.world.corosync().quorate(world.id("n1")));
  CHECK(world.heard_by<node::QuorumChanged>("n1", cut).size() == 1);
}
