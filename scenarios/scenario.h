// A scenario: a cluster, what happens to it, and what must come of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "models/config.h"
#include "models/faults.h"
#include "models/storage/config.h"
#include "scenarios/expect.h"
#include "scenarios/inputs.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::scenarios {

// Where t=0 is.
struct TimeZero {
  enum class Rule : std::uint8_t {
    stable,  // everything runs and has been idle for settle_s
    config,  // the configuration is loaded into the empty, formed cluster
    align,   // offset after the end of a run of a recurring action
  };
  Rule rule = Rule::stable;
  std::string resource, operation, node;  // align; an empty node is any
  Duration offset = 500ms;
};

// An event that starts a fault: an agent's run that begins or ends, a role that changes, a line of the log.
struct Trigger {
  enum class Kind : std::uint8_t { start, end, state, log };
  Kind kind = Kind::end;
  std::string node, resource, action, state;  // empty: any
  bool probe = false;
  std::string log;  // a regular expression
};

// Again and again: so long after the one before, drawn each time.
struct Repetition {
  sim::Distribution every = sim::Constant{};
  std::optional<Duration> until;  // after t=0: none later
  std::optional<int> times;
  Duration stable{};  // only when nothing has happened for so long; else later
};

struct TimedFault {
  models::ScenarioFault what;
  Duration at{};  // after t=0; with a trigger: not before
  std::optional<Trigger> when;
  Duration delay{};  // after the trigger
  std::optional<Repetition> again;
  Where where;
};

// When the run is over.
struct End {
  std::optional<Duration> duration;  // exactly so long after t=0; else
  Duration quiescent = 4s;           // nothing happened for so long, nothing is to come
  Duration min{};
  Duration max = 90s;
};

struct Scenario {
  std::string name;
  std::string about;
  std::vector<InputFile> inputs;  // the scenario first
  std::string path;

  std::vector<std::string> nodes;
  std::string dc;  // made DC before the others join
  std::string profile = "pacemaker-2.1.5";
  models::WorldConfig world;  // its seed is the scenario's, unless the command line has another
  models::StorageConfig storage;
  std::shared_ptr<const cib::Cib> cib;
  std::string cib_name;  // its file, for messages

  TimeZero t0;
  Duration settle = 2s;
  Duration form = 40s;
  std::vector<TimedFault> faults;
  End end;
  Expectations expect;

  std::vector<std::string> remarks;  // what was read and has no effect, to be told to people
};

using Errors = std::vector<Error>;

tl::expected<Scenario, Errors> read_scenario(const std::string& path);
tl::expected<Scenario, Errors> read_scenario(Inputs inputs);

}  // namespace fencepost::scenarios
