// Faults that overlap: each ends only itself.
#include <catch2/catch.hpp>

#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

struct Story {
  Story() { world.form(); }
  TinyWorld world{3};
  Network& network = world.world.network();
  Way way(const char* from, const char* to) {
    return {endpoint(world.id(from)), endpoint(world.id(to)), NetworkId{std::size_t{0}}};
  }
  bool reaches(const char* from, const char* to) { return network.passes(way(from, to)); }
  void pass(Duration duration) { world.run(duration); }
  void inject(Fault fault) { world.inject(std::move(fault)); }
};

}  // namespace

TEST_CASE("overlaps: a port that is down twice is up when both are over, or when somebody plugs it in",
          "[overlaps]") {
  Story story;
  story.inject(fault::LinkDown{.node = "n1", .network = {}, .lasts = 60s});
  story.pass(10s);
  story.inject(fault::LinkDown{.node = "n1", .network = {}, .lasts = 10s});
  story.pass(20s);
  CHECK_FALSE(story.reaches("n1", "n2"));
  story.pass(40s);
  CHECK(story.reaches("n1", "n2"));

  story.inject(fault::LinkDown{.node = "n1", .network = {}, .lasts = 60s});
  story.pass(10s);
  story.inject(fault::LinkUp{.node = "n1", .network = {}});
  CHECK(story.reaches("n1", "n2"));
  story.inject(fault::LinkDown{.node = "n1", .network = {}, .lasts = {}});
  story.pass(60s);  // the end of the first is none of the last one's business
  CHECK_FALSE(story.reaches("n1", "n2"));
}

TEST_CASE("overlaps: of two partitions both hold, each until it is healed", "[overlaps]") {
  Story story;
  story.inject(fault::Partition{.groups = {{"n1"}, {"n2", "n3"}}, .heal_after = 60s, .network = {}});
  story.pass(10s);
  story.inject(fault::Partition{.groups = {{"n1", "n2"}, {"n3"}}, .heal_after = 20s, .network = {}});
  CHECK_FALSE(story.reaches("n1", "n2"));
  CHECK_FALSE(story.reaches("n2", "n3"));
  story.pass(25s);
  CHECK_FALSE(story.reaches("n1", "n2"));
  CHECK(story.reaches("n2", "n3"));
  story.pass(30s);
  CHECK(story.reaches("n1", "n2"));
}

TEST_CASE("overlaps: a partition without an end takes the place of the last one, and heal ends all",
          "[overlaps]") {
  Story story;
  story.inject(fault::Partition{.groups = {{"n1"}, {"n2", "n3"}}, .heal_after = {}, .network = {}});
  story.inject(fault::Partition{.groups = {{"n1", "n2"}, {"n3"}}, .heal_after = {}, .network = {}});
  CHECK(story.reaches("n1", "n2"));
  CHECK_FALSE(story.reaches("n2", "n3"));
  story.inject(fault::Heal{.network = {}});
  CHECK(story.reaches("n2", "n3"));
}

TEST_CASE("overlaps: what one end loses goes on when the other end loses nothing any more", "[overlaps]") {
  Story story;
  story.inject(fault::Loss{.node = "n1", .share = 0.1, .network = {}, .lasts = 60s});
  story.inject(fault::Loss{.node = "n2", .share = 0.3, .network = {}, .lasts = 10s});
  CHECK(story.network.loss(story.way("n1", "n2")) == 0.3);
  story.pass(20s);
  CHECK(story.network.loss(story.way("n1", "n2")) == 0.1);
  CHECK(story.network.loss(story.way("n2", "n3")) == 0);
  story.pass(60s);
  CHECK(story.network.loss(story.way("n1", "n2")) == 0);

  story.inject(fault::Delay{.node = "n1", .delay = 50ms, .network = {}, .lasts = {}});
  CHECK(story.network.delay(story.way("n3", "n1")) == 50ms);
  story.inject(fault::Delay{.node = "n1", .delay = 0ms, .network = {}, .lasts = {}});
  CHECK(story.network.delay(story.way("n3", "n1")) == 0ms);
}

TEST_CASE("overlaps: a node that was paused twice goes on after the longer pause", "[overlaps]") {
  Story story;
  story.inject(fault::Pause{.node = "n1", .lasts = 1s});
  story.inject(fault::Pause{.node = "n1", .lasts = 500ms});
  story.pass(700ms);
  CHECK(story.world.machine("n1").frozen());
  story.pass(400ms);
  CHECK_FALSE(story.world.machine("n1").frozen());
}

TEST_CASE("overlaps: the mains are back when no power loss is left", "[overlaps]") {
  Story story;
  story.inject(fault::PowerLoss{.node = "n1", .lasts = 60s});
  story.inject(fault::PowerLoss{.node = "n1", .lasts = 10s});
  story.pass(40s);
  CHECK_FALSE(story.world.machine("n1").up());
  story.pass(60s);
  CHECK(story.world.machine("n1").up());
}

TEST_CASE("overlaps: what tc and ip did is gone with the machine's power, and nothing else", "[overlaps]") {
  Story story;
  story.inject(fault::Loss{.node = "n2", .share = 0.1, .network = {}, .lasts = {}});
  story.inject(fault::Exec{.node = "n1", .text = "tc qdisc add dev eth0 root netem loss 40% delay 20ms"});
  story.pass(1s);
  CHECK(story.network.loss(story.way("n1", "n2")) == 0.4);
  CHECK(story.network.delay(story.way("n1", "n2")) == 20ms);
  story.inject(fault::Exec{.node = "n1", .text = "ip link set eth0 down"});
  story.pass(1s);
  CHECK_FALSE(story.reaches("n1", "n2"));
  story.inject(fault::Crash{.node = "n1", .back_after = 5s});
  story.pass(60s);
  CHECK(story.reaches("n1", "n2"));
  CHECK(story.network.loss(story.way("n1", "n2")) == 0.1);
  CHECK(story.network.delay(story.way("n1", "n2")) == 0ms);
}
