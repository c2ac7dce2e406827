// The story of a run as lines on a terminal: when, who, what.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "reporters/describe.h"
#include "reporters/outage.h"

namespace fencepost::reporters {

struct TimelineOptions {
  bool colour = false;
  Weight least = Weight::normal;  // what weighs less is left out
};

class Timeline : public backend::Observer {
 public:
  Timeline(std::ostream& out, std::vector<std::string> node_names, TimelineOptions options);

  // What happens before this is not told. Times count from `t0`.
  void begin(SimTime t0);
  void observe(const backend::Record& record) override;
  // The run is over: a plan that was held back is told.
  void end();

 private:
  void tell(const std::string& line);

  std::ostream& out_;
  std::vector<std::string> node_names_;
  TimelineOptions options_;
  SimTime t0_{};
  bool begun_ = false;
  std::string last_line_;
  // A decision that a newer one replaces before anything came of it is not told, unless all detail is.
  std::string held_plan_, planner_;
};

// "  1m03.250s" as seconds with three digits: "63.250".
std::string clock_text(SimTime at, SimTime t0);

// A table: an outage a line, and what it went into.
void print_outages(std::ostream& out, const std::vector<Outage>& outages, SimTime t0);

}  // namespace fencepost::reporters
