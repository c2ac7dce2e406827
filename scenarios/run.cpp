#include "scenarios/run.h"

#include <algorithm>

#include "engine/cib/cib.h"
#include "engine/node/profile.h"
#include "models/invariants/invariants.h"
#include "models/os/storage_world.h"
#include "models/world.h"
#include "scenarios/cluster_watch.h"
#include "scenarios/fault_plan.h"
#include "scenarios/run_parts.h"
#include "scenarios/witness.h"

namespace fencepost::scenarios {
namespace {

models::WorldConfig world_config(const Scenario& scenario, const RunOptions& options) {
  models::WorldConfig config = scenario.world;
  if (options.seed) config.seed = *options.seed;
  config.stored_cib = first_cib();
  config.profile = std::make_shared<const node::Profile>(
      scenario.profile == "fencepost" ? node::fencepost_profile() : node::pacemaker_profile());
  return config;
}

// Which agents are at work, and when the last run of one operation ended.
class AgentsAtWork : public models::AgentWatcher {
 public:
  explicit AgentsAtWork(const models::World& world) : world_(world) {}

  void await(const TimeZero& what) {
    awaited_ = &what;
    ended_ = kNever;
  }
  SimTime ended() const { return ended_; }
  // When the last of those that keep the run going will count as hanging; kSimStart if none is at work.
  SimTime busy_until() const {
    SimTime until = kSimStart;
    for (const Running& run : running_)
      if (run.since + kAtWork > world_.now()) until = std::max(until, run.since + kAtWork);
    return until;
  }

  void agent_began(const models::Machine& machine, const models::AgentRun& run) override {
    running_.push_back({machine.id(), run.call(), run.began()});
  }
  void agent_ended(const models::Machine& machine, const models::AgentRun& run,
                   const models::ExitStatus&) override {
    std::erase_if(running_,
                  [&](const Running& one) { return one.machine == machine.id() && one.call == run.call(); });
    if (awaited_ == nullptr || ended_ != kNever || run.is_probe()) return;
    if (run.resource() == awaited_->resource && run.action() == awaited_->operation &&
        (awaited_->node.empty() || awaited_->node == machine.name()))
      ended_ = world_.now();
  }

 private:
  struct Running {
    node::NodeId machine;
    node::CallId call;
    SimTime since;
  };

  const models::World& world_;
  std::vector<Running> running_;
  const TimeZero* awaited_ = nullptr;
  SimTime ended_ = kNever;
};

class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options, const std::vector<Spectator>& spectators)
      : scenario_(scenario),
        spectators_(spectators),
        world_(world_config(scenario, options), models::real_engines()),
        cluster_(scenario.nodes),
        agents_(world_),
        faults_(world_, scenario.faults) {
    world_.add_observer(cluster_);
    world_.add_observer(outages_);
    world_.add_observer(witness_);
    world_.add_observer(faults_);
    world_.add_agent_watcher(agents_);
    world_.add_agent_watcher(faults_);
    for (const Spectator& spectator : spectators) world_.add_observer(*spectator.observer);
    if (!scenario.expect.sql.empty()) record(options);
    outcome_.seed = world_.config().seed;
  }

  Outcome play() {
    if (build() && form() && load()) follow();
    return conclude();
  }

 private:
  // Checks in SQL ask a recording, and this one belongs to nobody else.
  void record(const RunOptions& options) {
    auto recorder = reporters::Recorder::in_memory(run_info(scenario_, options));
    HA_ASSERT(recorder.has_value());
    recording_ = std::move(*recorder);
    world_.add_observer(*recording_);
  }

  // --- Before t=0 ---

  bool build() {
    const Result<void> built = models::build_storage(world_, scenario_.storage);
    world_.part<models::Invariants>().watch(invariant_options(scenario_));
    return built.has_value() || give_up(to_string(built.error()));
  }

  // The empty cluster: the chosen DC first, then the others join it.
  bool form() {
    models::Machine& first = *world_.find_machine(scenario_.dc);
    first.power_on("the lab is set up");
    if (!wait([&] { return cluster_.dcs() > 0; }, formation_limit())) return give_up("no node became DC");
    for (const auto& machine : world_.machines())
      if (machine.get() != &first) machine->power_on("the lab is set up");
    const auto all_run = [&] {
      return std::ranges::all_of(world_.machines(),
                                 [&](const auto& machine) { return cluster_.has_state(machine->id()); });
    };
    return settle([&] { return all_run() && cluster_.transitions_completed() > 0; }, 1s, formation_limit()) ||
           give_up("the cluster did not form");
  }

  Duration formation_limit() const {
    Duration boot{};
    for (const auto& [node, hardware] : scenario_.world.hardware)
      if (const auto* constant = std::get_if<sim::Constant>(&hardware.boot))
        boot = std::max(boot, constant->value);
    return scenario_.form + boot;
  }

  bool load() {
    if (scenario_.t0.rule == TimeZero::Rule::config) begin(world_.now());
    const int completed = cluster_.transitions_completed();
    world_.command(cluster_.dc(), load_configuration(scenario_));
    if (scenario_.t0.rule == TimeZero::Rule::config) return true;
    if (!settle([&] { return cluster_.transitions_completed() > completed; }, scenario_.settle, kStartLimit))
      return give_up("the resources did not come to rest within 10 minutes of loading the configuration");
    return scenario_.t0.rule == TimeZero::Rule::stable ? (begin(world_.now()), true) : align();
  }

  bool align() {
    agents_.await(scenario_.t0);
    if (!wait([&] { return agents_.ended() != kNever; }, kStartLimit))
      return give_up("no run of " + scenario_.t0.resource + ":" + scenario_.t0.operation +
                     " to align t=0 with");
    world_.run_until(agents_.ended() + scenario_.t0.offset);
    begin(world_.now());
    return true;
  }

  void begin(SimTime t0) {
    begun_ = true;
    outcome_.t0 = t0;
    for (const Spectator& spectator : spectators_)
      if (spectator.begin) spectator.begin(t0);
    if (recording_) recording_->begin(t0);
    faults_.begin(t0);
  }

  bool give_up(std::string why) {
    outcome_.ended = std::move(why);
    return false;
  }

  // --- After it ---
  void follow() {
    const End& end = scenario_.end;
    const SimTime limit = outcome_.t0 + end.duration.value_or(end.max);
    outcome_.ended = end.duration ? "duration" : "max";
    while (world_.now() < limit) {
      const SimTime rest = end.duration ? kNever : rest_at();
      if (rest <= limit && rest < world_.next_event()) {
        world_.run_until(std::max(rest, world_.now()));
        outcome_.ended = "quiescent";
        return;
      }
      if (world_.next_event() > limit)
        world_.run_until(limit);
      else
        world_.step();
    }
  }

  // When the run will be over if nothing happens until then.
  SimTime rest_at() const {
    if (!cluster_.idle() || world_.scheduled() > 0 || faults_.waiting()) return kNever;
    return std::max({outcome_.t0 + scenario_.end.min, world_.quiet_since() + scenario_.end.quiescent,
                     cluster_.last_fault() + fault_shows_within(scenario_), agents_.busy_until()});
  }

  // --- Waiting ---
  template <class Condition>
  bool wait(Condition condition, Duration limit) {
    const SimTime until = world_.now() + limit;
    while (!condition()) {
      if (world_.next_event() > until) return false;
      world_.step();
    }
    return true;
  }

  // The condition holds, one DC idles, and nothing has happened for so long.
  template <class Condition>
  bool settle(Condition condition, Duration quiet, Duration limit) {
    const SimTime until = world_.now() + limit;
    while (world_.now() <= until) {
      const bool ready = condition() && cluster_.idle() && cluster_.dcs() == 1;
      const SimTime rest = ready ? world_.quiet_since() + quiet : kNever;
      if (ready && rest < world_.next_event()) {
        world_.run_until(std::max(rest, world_.now()));
        return true;
      }
      if (!world_.step()) return false;
    }
    return false;
  }

  // --- At the end ---
  Outcome conclude() {
    world_.part<models::Invariants>().finish();
    outcome_.end = world_.now();
    outcome_.events = world_.events();
    outcome_.fingerprint = sim::hex(world_.fingerprint());
    const models::InvariantRules& invariants = world_.part<models::Invariants>();
    scenarios::conclude(
        scenario_,
        {witness_, outages_, invariants, recording_.get(), faults_.refused(), faults_.never_came()}, begun_,
        outcome_);
    return std::move(outcome_);
  }

  const Scenario& scenario_;
  const std::vector<Spectator>& spectators_;
  models::World world_;
  ClusterWatch cluster_;
  AgentsAtWork agents_;
  FaultPlan faults_;
  reporters::OutageAnalyser outages_;
  Witness witness_;
  std::unique_ptr<reporters::Recorder> recording_;
  Outcome outcome_;
  bool begun_ = false;
};

}  // namespace

Outcome run(const Scenario& scenario, const RunOptions& options, const std::vector<Spectator>& spectators) {
  return Run(scenario, options, spectators).play();
}

reporters::RunInfo run_info(const Scenario& scenario, const RunOptions& options) {
  reporters::RunInfo info;
  info.scenario = scenario.name;
  info.path = scenario.path;
  info.about = scenario.about;
  info.seed = options.seed.value_or(scenario.world.seed);
  info.profile = scenario.profile;
  info.nodes = scenario.nodes;
  info.inputs = scenario.inputs;
  return info;
}

reporters::RunResult run_result(const Outcome& outcome) {
  reporters::RunResult result;
  result.end = outcome.end;
  result.verdict = to_string(outcome.verdict);
  result.fingerprint = outcome.fingerprint;
  result.outages = outcome.outages;
  for (const Finding& finding : outcome.findings)
    result.expectations.push_back({finding.expectation, to_string(finding.verdict), finding.why});
  return result;
}

}  // namespace fencepost::scenarios
