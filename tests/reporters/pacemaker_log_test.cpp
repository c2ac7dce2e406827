#include "reporters/pacemaker_log.h"

#include <catch2/catch.hpp>
#include <regex>
#include <string>
#include <vector>

using namespace fencepost;
using reporters::PacemakerLog;

namespace {

bool says(PacemakerLog& log, node::JournalEntry entry, const std::string& pattern) {
  backend::Record record;
  record.node = node::NodeId{0};
  record.what = std::move(entry);
  const std::vector<std::string> lines = log.lines(record);
  for (const std::string& line : lines) {
    if (std::regex_search(line, std::regex(pattern))) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("pacemaker.log: patterns made for the real log find the same events here", "[log]") {
  PacemakerLog log{{"n1", "n2"}};
  const node::ActionName start{"n1", "db", "start", {}};
  CHECK(says(log, node::ActionFinished{.name = start, .rc = 0},
             "pacemaker-controld .*Result of start operation for db on n1: ok"));
  CHECK(says(log, node::ActionFinished{.name = start, .status = node::OpStatus::timeout},
             "error: Result of start operation for db on n1: Timed Out"));
  CHECK(says(log, node::FenceRequested{"n2", "reboot", "lost", 1},
             "Requesting fencing \\(reboot\\) of node n2"));
  CHECK(says(log, node::FenceFinished{"n2", "reboot", "n1", "power", true, "", "n1"},
             "Operation 'reboot' targeting n2 by n1 for .*: OK"));
  CHECK(says(log, node::QuorumSeen{false}, "warning: Quorum lost"));
}

TEST_CASE("pacemaker.log: a change of state names the state before", "[log]") {
  PacemakerLog log{{"n1", "n2"}};
  CHECK_FALSE(says(log, node::ControllerState{"policy-engine", ""}, "State transition"));
  CHECK(says(log, node::ControllerState{"transition-engine", ""},
             "State transition S_POLICY_ENGINE -> S_TRANSITION_ENGINE"));
}

TEST_CASE("pacemaker.log: later runs of a monitor that are no news leave no line", "[log]") {
  PacemakerLog log{{"n1", "n2"}};
  CHECK_FALSE(says(
      log, node::ActionFinished{.name = {"n1", "db", "monitor", 5s}, .rc = 0, .repeat = true, .news = false},
      "."));
}
