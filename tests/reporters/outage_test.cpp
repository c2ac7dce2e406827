#include <catch2/catch.hpp>

#include "reporters/outage.h"

using namespace fencepost;
using namespace fencepost::reporters;

namespace {

// Feeds records to an analyser as a run would.
struct Story {
  OutageAnalyser analyser;
  std::uint64_t sequence = 0;

  void at(Duration when, node::JournalEntry entry) {
    analyser.observe({sequence++, kSimStart + when, node::NodeId{0}, std::move(entry)});
  }
  void world(Duration when, backend::Observation seen) {
    analyser.observe({sequence++, kSimStart + when, {}, std::move(seen)});
  }
  void starts(Duration when, std::string what, std::string node) {
    at(when, node::ActionStarted{.name = {node, "db", what, {}}});
  }
  void ends(Duration when, std::string what, std::string node, int rc = 0) {
    at(when, node::ActionFinished{.name = {node, "db", what, {}}, .rc = rc});
  }
};

Duration spent(const Outage& outage, OutageCause cause) {
  return outage.by_cause[static_cast<std::size_t>(cause)];
}

}  // namespace

TEST_CASE("outage: a crashed node's service goes through detection, fencing, start and the clients",
          "[reporters]") {
  Story story;
  story.world(1s, backend::ServiceChanged{"db", true, "n1"});

  story.world(10s, backend::ServiceChanged{"db", false, "n1"});
  story.at(13s, node::PeerChanged{"n1", node::PeerChanged::State::lost});
  story.at(14s, node::FenceRequested{"n1", "reboot", "lost", 3});
  story.at(20s, node::FenceFinished{"n1", "reboot", "n2", "ipmi", true, ""});
  story.starts(20s, "start", "n2");
  story.ends(25s, "start", "n2");
  story.world(26s, backend::ServiceChanged{"db", true, "n2"});

  const auto outages = story.analyser.outages(kSimStart + 60s);
  REQUIRE(outages.size() == 1);
  CHECK(outages[0].length() == 16s);
  CHECK(spent(outages[0], OutageCause::detect) == 3s);
  CHECK(spent(outages[0], OutageCause::decide) == 1s);
  CHECK(spent(outages[0], OutageCause::fence) == 6s);
  CHECK(spent(outages[0], OutageCause::start) == 5s);
  CHECK(spent(outages[0], OutageCause::client) == 1s);
}

TEST_CASE("outage: a stop that its node's death cut off does not run for ever", "[reporters]") {
  Story story;
  story.world(0s, backend::ServiceChanged{"db", true, "n1"});
  story.starts(9s, "stop", "n1");
  story.world(10s, backend::ServiceChanged{"db", false, "n1"});
  story.world(15s, backend::StackChanged{"n1", false, "power off"});
  story.starts(15s, "start", "n2");
  story.ends(18s, "start", "n2");
  story.world(18s, backend::ServiceChanged{"db", true, "n2"});

  const auto outages = story.analyser.outages(kSimStart + 60s);
  REQUIRE(outages.size() == 1);
  CHECK(spent(outages[0], OutageCause::stop) == 5s);
  CHECK(spent(outages[0], OutageCause::start) == 3s);
}

TEST_CASE("outage: without a word from clients, roles tell, and promoted counts where it ever was",
          "[reporters]") {
  Story story;
  story.world(0s, backend::RoleChanged{"n1", "drbd", "Promoted"});
  story.world(0s, backend::RoleChanged{"n2", "drbd", "Unpromoted"});
  story.world(5s, backend::RoleChanged{"n1", "drbd", "Stopped"});

  const auto outages = story.analyser.outages(kSimStart + 8s);
  REQUIRE(outages.size() == 1);
  CHECK(outages[0].open);
  CHECK(outages[0].length() == 3s);
}
