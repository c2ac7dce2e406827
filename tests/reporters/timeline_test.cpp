#include <catch2/catch.hpp>
#include <sstream>

#include "engine/policy/decision.h"
#include "reporters/timeline.h"

using namespace fencepost;
using namespace fencepost::reporters;

TEST_CASE("timeline: seconds since t=0, who, what; the same line from two nodes is told once",
          "[reporters]") {
  std::ostringstream out;
  Timeline timeline{out, {"n1", "n2"}, {}};
  timeline.begin(kSimStart + 100s);
  const backend::Observation blocked = backend::ProcessBlocked{.node = "n1",
                                                               .pid = 812,
                                                               .command = "df",
                                                               .call = "statfs",
                                                               .object = "/home (nfs filer:/home)",
                                                               .killable = false,
                                                               .for_call = {},
                                                               .resource = "fs",
                                                               .operation = "monitor"};
  timeline.observe({0, kSimStart + 160s + 250ms, {}, blocked});
  timeline.observe({1, kSimStart + 160s + 250ms, {}, blocked});

  CHECK(out.str() ==
        "    60.250  * n1         'df' (pid 812) waits in statfs() on /home (nfs filer:/home), in D state "
        "[fs monitor]\n");
}

TEST_CASE("timeline: a plan that the next one replaces at once is told only in full detail", "[reporters]") {
  const auto lines = [](Weight least) {
    auto decision = std::make_shared<policy::Decision>();
    decision->changes.emplace_back();
    std::ostringstream out;
    Timeline timeline{out, {"n1", "n2"}, {.colour = false, .least = least}};
    timeline.begin(kSimStart);
    for (const int id : {5, 6})
      timeline.observe(
          {0, kSimStart + 1s, node::NodeId{0}, node::TransitionCalculated{id, decision, nullptr, "status"}});
    timeline.end();
    return out.str();
  };
  CHECK(lines(Weight::normal).find("plan 5") == std::string::npos);
  CHECK(lines(Weight::normal).find("plan 6") != std::string::npos);
  CHECK(lines(Weight::noise).find("plan 5") != std::string::npos);
}

TEST_CASE("timeline: durations read as people write them", "[reporters]") {
  CHECK(duration_text(20s) == "20s");
  CHECK(duration_text(600s) == "10m");
  CHECK(duration_text(250ms) == "250ms");
  CHECK(duration_text(1500ms) == "1.500s");
}
