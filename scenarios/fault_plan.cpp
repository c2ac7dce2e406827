#include "scenarios/fault_plan.h"

#include <algorithm>
#include <utility>

#include "reporters/describe.h"

namespace fencepost::scenarios {

FaultPlan::FaultPlan(models::World& world, const std::vector<TimedFault>& faults)
    : world_(world), faults_(faults) {
  for (const node::NodelistEntry& node : world.config().nodes) node_names_.push_back(node.name);
  log_ = reporters::PacemakerLog{node_names_};
}

void FaultPlan::begin(SimTime t0) {
  t0_ = t0;
  for (const TimedFault& fault : faults_) {
    if (fault.again) {
      const std::string purpose = "random fault " + std::to_string(fault.what.index);
      repeated_.emplace(fault.what.index, Repeated{world_.stream(purpose)});
      world_.at(t0 + fault.at, [this, &fault] { plan_next(fault); });
    } else if (!fault.when)
      world_.at(t0 + fault.at, [this, &fault] { inject(fault); });
    else
      waiting_.push_back({&fault, std::regex(fault.when->log)});
  }
}

void FaultPlan::inject(const TimedFault& fault) {
  const Result<void> done = models::inject(world_, fault.what);
  if (!done && fault.again) {  // luck chose something that cannot be, such as a node that is off
    world_.observe(backend::Noted{"not done: " + done.error().message});
    return;
  }
  if (!done) refused_.push_back(to_string(Error{fault.where, done.error().message}));
}

std::vector<std::string> FaultPlan::never_came() const {
  std::vector<std::string> all;
  for (const Waiting& waiting : waiting_) {
    const TimedFault& fault = *waiting.fault;
    all.push_back(
        to_string(Error{fault.where, models::verb(fault.what.fault) +
                                         ": what it waits for (`when`) did not happen before the end"}));
  }
  return all;
}

// --- Again and again ---

void FaultPlan::plan_next(const TimedFault& fault) {
  Repeated& repeated = repeated_.at(fault.what.index);
  if (fault.again->times && repeated.done >= *fault.again->times) return;
  const SimTime next = world_.now() + std::max<Duration>(1ms, sim::sample(fault.again->every, repeated.luck));
  if (fault.again->until && next > t0_ + *fault.again->until) return;
  world_.at(next, [this, &fault] { inject_when_stable(fault); });
}

// One blow at a time: what has not healed from the last one would hide what this one does.
void FaultPlan::inject_when_stable(const TimedFault& fault) {
  const SimTime stable = world_.quiet_since() + fault.again->stable;
  if (stable > world_.now()) return world_.at(stable, [this, &fault] { inject_when_stable(fault); });
  ++repeated_.at(fault.what.index).done;
  inject(fault);
  plan_next(fault);
}

// Each trigger fires once. What happens before its `at` does not count.
template <class Fits>
void FaultPlan::fire_if(Fits fits) {
  const SimTime now = world_.now();
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    const TimedFault& fault = *waiting->fault;
    if (now < t0_ + fault.at || !fits(*waiting)) {
      ++waiting;
      continue;
    }
    waiting = waiting_.erase(waiting);
    world_.at(now + fault.delay, [this, &fault] { inject(fault); });
  }
}

bool FaultPlan::about(const Trigger& trigger, Trigger::Kind kind, const models::Machine& machine,
                      const models::AgentRun& run) const {
  const auto fits = [](const std::string& wanted, std::string_view actual) {
    return wanted.empty() || wanted == actual;
  };
  return trigger.kind == kind && fits(trigger.node, machine.name()) &&
         fits(trigger.resource, run.resource()) && fits(trigger.action, run.action()) &&
         fits(trigger.state, machine.role(run.resource())) && trigger.probe == run.is_probe();
}

void FaultPlan::fire_agent(Trigger::Kind kind, const models::Machine& machine, const models::AgentRun& run) {
  if (waiting_.empty()) return;
  fire_if([&](const Waiting& waiting) { return about(*waiting.fault->when, kind, machine, run); });
}

// Nobody but a trigger needs to know the moment of an agent's first line, so it is an event only for one.
void FaultPlan::agent_began(const models::Machine& machine, const models::AgentRun& run) {
  const bool awaited = std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
    return about(*waiting.fault->when, Trigger::Kind::start, machine, run);
  });
  if (!awaited) return;
  world_.at(run.began(), [this, &machine, call = run.call()] {
    for (const auto& alive : machine.agent_runs()) {
      if (alive->call() == call) return fire_agent(Trigger::Kind::start, machine, *alive);
    }
  });
}

void FaultPlan::agent_ended(const models::Machine& machine, const models::AgentRun& run,
                            const models::ExitStatus&) {
  fire_agent(Trigger::Kind::end, machine, run);
}

void FaultPlan::observe(const backend::Record& record) {
  if (waiting_.empty()) return;
  if (const auto* observation = std::get_if<backend::Observation>(&record.what)) {
    const auto* role = std::get_if<backend::RoleChanged>(observation);
    if (role == nullptr) return;
    fire_if([&](const Waiting& waiting) {
      const Trigger& when = *waiting.fault->when;
      return when.kind == Trigger::Kind::state && (when.node.empty() || when.node == role->node) &&
             (when.resource.empty() || when.resource == role->resource) &&
             (when.state.empty() || when.state == role->role);
    });
    return;
  }
  // A pattern may be made for pacemaker.log, or for our own words.
  std::vector<std::string> lines = log_.lines(record);
  lines.push_back(reporters::describe(record, node_names_).text);
  fire_if([&](const Waiting& waiting) {
    const Trigger& when = *waiting.fault->when;
    return when.kind == Trigger::Kind::log &&
           (when.node.empty() || when.node == node_names_[record.node.index()]) &&
           std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return std::regex_search(line, waiting.log); });
  });
}

}  // namespace fencepost::scenarios
