// Does the faults of a scenario to a lab, at their time or when something has happened.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "scenarios/cluster_watch.h"
#include "scenarios/scenario.h"
#include "tools/lab/lab.h"

namespace fencepost::lab {

class Faults {
 public:
  Faults(Lab& lab, const scenarios::Scenario& scenario, const scenarios::ClusterWatch& cluster,
         std::uint64_t seed)
      : lab_(lab), scenario_(scenario), cluster_(cluster), luck_(sim::Stream(seed).fork("faults")) {}

  void begin(SimTime t0);  // the monotonic clock's
  // Something happened that random faults wait out.
  void disturbed(SimTime at) { disturbed_ = std::max(disturbed_, at); }
  void observe(const backend::Record& record);
  // One that is to come for certain.
  bool scheduled() const { return scheduled_ > 0; }
  bool waiting() const { return !waiting_.empty(); }
  const std::vector<std::string>& refused() const { return refused_; }

  // By hand: for the fault's own end there is no plan needed.
  Result<void> inject(const models::ScenarioFault& fault);

 private:
  class Hand;
  struct Waiting {
    const scenarios::TimedFault* fault;
    std::regex log;
  };

  void at(SimTime when, std::function<void()> what);
  void fire(const scenarios::TimedFault& fault);
  void plan_next(const scenarios::TimedFault& fault);
  void fire_when_stable(const scenarios::TimedFault& fault);
  bool fits(const Waiting& waiting, const backend::Record& record) const;
  Result<std::size_t> resolve(const std::string& node);
  Result<std::optional<std::size_t>> one_or_all(const std::string& node);

  Lab& lab_;
  const scenarios::Scenario& scenario_;
  const scenarios::ClusterWatch& cluster_;
  struct Repeated {
    sim::Stream luck;
    int done = 0;
  };

  sim::Stream luck_;
  std::map<int, Repeated> repeated_;  // by the fault's place in the scenario
  SimTime t0_{}, disturbed_{};
  int scheduled_ = 0;
  std::vector<Waiting> waiting_;
  std::vector<std::string> refused_;
};

}  // namespace fencepost::lab
