#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "engine/live/tape.h"
#include "engine/node/profile.h"

using namespace fencepost;
using namespace fencepost::live;

namespace {

struct Scratch {
  std::string path =
      (std::filesystem::temp_directory_path() / ("fencepost-tape-" + std::to_string(std::random_device{}())))
          .string();
  ~Scratch() { std::filesystem::remove(path); }
  std::string content() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

node::NodeOptions one_node() {
  node::NodeOptions options;
  options.self = node::NodeId{0};
  options.nodelist = std::make_shared<const node::Nodelist>(node::Nodelist{{"n1", 1}, {"n2", 2}});
  options.profile = std::make_shared<const node::Profile>(node::fencepost_profile());
  options.seed = 7;
  return options;
}

// Boots an engine, lets it see a membership and fires its timers; everything goes on the tape.
int record_a_life(const std::string& path) {
  const auto tape = TapeWriter::create(path, one_node());
  REQUIRE(tape);
  node::Node engine(one_node());
  int steps = 0;
  SimTime now{1h};
  const auto tell = [&](const node::Event& event) {
    (*tape)->event({now, {1'700'000'000}}, event);
    const node::Effects effects = engine.step({now, {1'700'000'000}}, event);
    (*tape)->effects(effects);
    ++steps;
    return effects;
  };
  tell(node::Booted{nullptr});
  tell(node::MembershipFormed{4, {node::NodeId{0}}, true});
  node::Effects effects = tell(node::GroupChanged{{node::NodeId{0}}});
  for (int i = 0; i < 20; ++i) {
    const node::Effects before = effects;
    for (const node::Effect& each : before) {
      if (const auto* timer = std::get_if<node::ArmTimer>(&each)) {
        now = std::max(now, timer->at);
        effects = tell(node::TimerFired{timer->timer});
      } else if (const auto* message = std::get_if<node::SendMessage>(&each)) {
        effects = tell(node::MessageDelivered{node::NodeId{0}, message->message});
      }
    }
  }
  return steps;
}

}  // namespace

TEST_CASE("tape: played back, an engine wants at each step what it wanted", "[live]") {
  const Scratch scratch;
  const int steps = record_a_life(scratch.path);
  REQUIRE(steps > 5);
  TapePlayer player;
  const std::string content = scratch.content();
  // As somebody reads it who is never in step with the writer.
  for (std::size_t at = 0; at < content.size(); at += 7) {
    player.feed(std::string_view(content).substr(at, 7));
    for (;;) {
      const auto step = player.next();
      REQUIRE(step);
      if (!*step) break;
      CHECK((*step)->same);
    }
  }
  CHECK(player.steps() == static_cast<std::uint64_t>(steps));
  CHECK(player.different() == 0);
}

TEST_CASE("tape: an engine that is not the same is found out", "[live]") {
  const Scratch scratch;
  record_a_life(scratch.path);
  std::string content = scratch.content();
  const std::size_t cpus = content.find("\"cpus\":2");
  REQUIRE(cpus != std::string::npos);
  content[cpus + 7] = '8';
  TapePlayer player;
  player.feed(content);
  for (auto step = player.next(); step && *step; step = player.next()) continue;
  CHECK(player.different() > 0);
}

TEST_CASE("tape: what is cut off is played as far as it goes; what is none is refused", "[live]") {
  const Scratch scratch;
  record_a_life(scratch.path);
  const std::string content = scratch.content();
  TapePlayer player;
  player.feed(std::string_view(content).substr(0, content.size() - 1));
  for (auto step = player.next(); step && *step; step = player.next()) continue;
  CHECK(player.different() == 0);
  CHECK(player.steps() > 0);

  TapePlayer stranger;
  stranger.feed(std::string("\x05\0\0\0hello", 9));
  CHECK_FALSE(stranger.next());
  CHECK_FALSE(TapeWriter::create(scratch.path, one_node()));  // a tape that is there is not written over
}
