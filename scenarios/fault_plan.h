// When the faults of a scenario happen: at a time, or when something else does.
#pragma once

#include <list>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "models/world.h"
#include "reporters/pacemaker_log.h"
#include "scenarios/scenario.h"

namespace fencepost::scenarios {

class FaultPlan : public backend::Observer, public models::AgentWatcher {
 public:
  FaultPlan(models::World& world, const std::vector<TimedFault>& faults);

  void begin(SimTime t0);
  // A trigger that has not fired: something may still come.
  bool waiting() const { return !waiting_.empty(); }
  // Faults whose trigger has not come: "story.yaml:7: crash".
  std::vector<std::string> never_came() const;
  // Faults that could not be done, and why.
  const std::vector<std::string>& refused() const { return refused_; }

  void observe(const backend::Record& record) override;
  void agent_began(const models::Machine& machine, const models::AgentRun& run) override;
  void agent_ended(const models::Machine& machine, const models::AgentRun& run,
                   const models::ExitStatus& status) override;

 private:
  struct Waiting {
    const TimedFault* fault;
    std::regex log;
  };

  struct Repeated {
    sim::Stream luck;
    int done = 0;
  };

  bool about(const Trigger& trigger, Trigger::Kind kind, const models::Machine& machine,
             const models::AgentRun& run) const;
  void fire_agent(Trigger::Kind kind, const models::Machine& machine, const models::AgentRun& run);
  template <class Fits>
  void fire_if(Fits fits);
  void inject(const TimedFault& fault);
  void plan_next(const TimedFault& fault);
  void inject_when_stable(const TimedFault& fault);

  models::World& world_;
  const std::vector<TimedFault>& faults_;
  std::vector<std::string> node_names_;
  reporters::PacemakerLog log_{{}};
  std::list<Waiting> waiting_;
  SimTime t0_ = kNever;
  std::map<int, Repeated> repeated_;  // by the place of the fault in the scenario
  std::vector<std::string> refused_;
};

}  // namespace fencepost::scenarios
