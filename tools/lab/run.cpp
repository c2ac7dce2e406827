#include "tools/lab/run.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "engine/base/assert.h"
#include "engine/live/clock.h"
#include "engine/live/event_loop.h"
#include "models/invariants/invariant_rules.h"
#include "scenarios/cluster_watch.h"
#include "scenarios/judge.h"
#include "scenarios/run_parts.h"
#include "scenarios/witness.h"
#include "tools/lab/faults.h"
#include "tools/lab/lab.h"

namespace fencepost::lab {
namespace {

using scenarios::Scenario;
using scenarios::Verdict;

constexpr Duration kTurn = 10ms;     // between two looks at the machines
constexpr Duration kLate = 400ms;    // a node may be so late with its tape; observers see records in order
constexpr Duration kLastLook = 30s;  // of the databases' clients, at the end
constexpr Duration kPatience = 60s;  // for what needs no time in a simulated world: boots, forks

// What keeps a cluster from being at rest.
bool is_news(const backend::Record& record) {
  const auto* entry = std::get_if<node::JournalEntry>(&record.what);
  if (entry == nullptr) return true;
  if (const auto* started = std::get_if<node::ActionStarted>(entry)) return !started->repeat;
  if (const auto* finished = std::get_if<node::ActionFinished>(entry))
    return !finished->repeat || finished->news;
  return !std::holds_alternative<node::LogLine>(*entry) &&
         !std::holds_alternative<node::AttributeWritten>(*entry);
}

// Records of several nodes, in the order of their times, on a clock that begins with the run.
class Sorter {
 public:
  explicit Sorter(SimTime origin) : origin_(origin) {}

  void add_observer(backend::Observer* observer) { observers_.push_back(observer); }
  SimTime since_origin(SimTime at) const { return SimTime{at - origin_}; }

  void put(backend::Record record) {
    record.time = since_origin(record.time);
    if (auto* entry = std::get_if<node::JournalEntry>(&record.what))
      if (auto* finished = std::get_if<node::ActionFinished>(entry))
        finished->started = since_origin(finished->started);
    waiting_.emplace(record.time, std::move(record));
  }
  // Who was later than that finds its records at the end of what was told.
  void tell_until(SimTime time, models::InvariantRules& invariants) {
    while (!waiting_.empty() && waiting_.begin()->first <= time) {
      backend::Record record = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      tell(std::move(record));
      for (backend::InvariantBroken& broken : invariants.take_found())
        tell({0, last_, {}, std::move(broken)});
    }
  }
  void tell(backend::Record record) {
    record.time = last_ = std::max(last_, record.time);
    record.sequence = told_++;
    for (backend::Observer* each : observers_) each->observe(record);
  }
  std::uint64_t told() const { return told_; }

 private:
  SimTime origin_, last_{};
  std::multimap<SimTime, backend::Record> waiting_;
  std::vector<backend::Observer*> observers_;
  std::uint64_t told_ = 0;
};

class Run {
 public:
  Run(const Place& place, const Scenario& scenario, const Support& support, const LabOptions& options,
      const std::vector<scenarios::Spectator>& spectators)
      : scenario_(scenario),
        options_(options),
        spectators_(spectators),
        origin_(live::monotonic_now()),
        sorter_(origin_),
        cluster_(scenario.nodes),
        lab_(loop_, place, scenario, support, options.run.seed.value_or(scenario.world.seed),
             [this](backend::Record record) { take(std::move(record)); }),
        faults_(lab_, scenario, cluster_, options.run.seed.value_or(scenario.world.seed)) {
    loop_.on_signals({SIGINT, SIGTERM}, [this](int) { interrupted_ = true; });
    invariants_.set_options(scenarios::invariant_options(scenario));
    sorter_.add_observer(&outages_);
    sorter_.add_observer(&witness_);
    for (const scenarios::Spectator& each : spectators) sorter_.add_observer(each.observer);
    sorter_.add_observer(&invariants_);
    result_.outcome.seed = options.run.seed.value_or(scenario.world.seed);
    if (!scenario.expect.sql.empty()) {
      auto recorder = reporters::Recorder::in_memory(scenarios::run_info(scenario, options.run));
      HA_ASSERT(recorder.has_value());
      recording_ = std::move(*recorder);
      sorter_.add_observer(recording_.get());
    }
  }

  LabRun play() {
    if (build() && form() && load()) follow();
    return conclude();
  }

 private:
  // Heard now, told in order later.
  void take(backend::Record record) {
    if (awaited_ && std::holds_alternative<node::JournalEntry>(record.what)) await(record);
    cluster_.observe(record);
    faults_.observe(record);
    if (!is_news(record)) {
      const auto* entry = std::get_if<node::JournalEntry>(&record.what);
      const bool repeat = entry != nullptr && (std::holds_alternative<node::ActionStarted>(*entry) ||
                                               std::holds_alternative<node::ActionFinished>(*entry));
      if (repeat) return;  // as in the simulator, runs of monitors that made no news are nobody's business
    } else {
      quiet_since_ = std::max(quiet_since_, record.time);
      faults_.disturbed(record.time);
    }
    sorter_.put(std::move(record));
  }

  // --- Before t=0 ---
  bool build() {
    const auto built = lab_.build();
    return built.has_value() || give_up(to_string(built.error()));
  }

  // The empty cluster: the chosen DC first, then the others join it.
  bool form() {
    const std::size_t first = *lab_.machines().find(scenario_.dc);
    lab_.boot(first, "the lab is set up", true);
    // Without quorum nobody becomes DC of more than itself; with wait_for_all nobody has quorum alone.
    if (!wait([&] { return cluster_.dcs() > 0; }, scenario_.form + kPatience))
      return give_up("no node became DC");
    for (std::size_t machine = 0; machine < lab_.machines().size(); ++machine)
      if (machine != first) lab_.boot(machine, "the lab is set up", true);
    const auto all_run = [&] {
      for (std::size_t machine = 0; machine < lab_.machines().size(); ++machine)
        if (!cluster_.has_state(node::NodeId{machine})) return false;
      return cluster_.transitions_completed() > 0;
    };
    return settle(all_run, 1s, scenario_.form + kPatience) || give_up("the cluster did not form");
  }

  bool load() {
    using Rule = scenarios::TimeZero::Rule;
    if (scenario_.t0.rule == Rule::config) begin();
    const int completed = cluster_.transitions_completed();
    if (const auto asked = lab_.ask(cluster_.dc().index(), scenarios::load_configuration(scenario_)); !asked)
      return give_up("the configuration was not taken: " + asked.error().message);
    if (scenario_.t0.rule == Rule::config) return true;
    if (!settle([&] { return cluster_.transitions_completed() > completed; }, scenario_.settle,
                scenarios::kStartLimit))
      return give_up("the resources did not come to rest within 10 minutes of loading the configuration");
    if (scenario_.t0.rule == Rule::align && !align()) return false;
    if (scenario_.t0.rule == Rule::stable) begin();
    return true;
  }

  bool align() {
    awaited_ = &scenario_.t0;
    if (!wait([&] { return awaited_end_ != kNever; }, scenarios::kStartLimit))
      return give_up("no run of " + scenario_.t0.resource + ":" + scenario_.t0.operation +
                     " to align t=0 with");
    awaited_ = nullptr;
    const SimTime t0 = awaited_end_ + scenario_.t0.offset;
    wait([&] { return live::monotonic_now() >= t0; }, scenario_.t0.offset + kPatience);
    begin();
    return true;
  }
  void await(const backend::Record& record) {
    const auto* finished = std::get_if<node::ActionFinished>(&std::get<node::JournalEntry>(record.what));
    if (finished == nullptr || awaited_end_ != kNever || finished->name.interval == Duration::zero()) return;
    if (finished->name.resource == awaited_->resource && finished->name.operation == awaited_->operation &&
        (awaited_->node.empty() || awaited_->node == finished->name.node))
      awaited_end_ = record.time;
  }

  void begin() {
    begun_ = true;
    t0_ = live::monotonic_now();
    sorter_.tell_until(sorter_.since_origin(t0_), invariants_);
    result_.outcome.t0 = sorter_.since_origin(t0_);
    for (const scenarios::Spectator& each : spectators_)
      if (each.begin) each.begin(result_.outcome.t0);
    if (recording_) recording_->begin(result_.outcome.t0);
    faults_.begin(t0_);
    if (const auto writing = lab_.clients().begin(lab_.machines()); !writing)
      result_.outcome.findings.push_back(
          {"the clients write", Verdict::undecided, to_string(writing.error())});
  }

  bool give_up(std::string why) {
    result_.outcome.ended = interrupted_ ? "interrupted" : std::move(why);
    return false;
  }

  // --- After it ---
  void follow() {
    const scenarios::End& end = scenario_.end;
    const Duration limit = end.duration.value_or(end.max);
    const auto over = [&] { return !end.duration && rest_at() <= live::monotonic_now(); };
    const bool rests = wait(over, t0_ + limit - live::monotonic_now());
    result_.outcome.ended = interrupted_   ? "interrupted"
                            : rests        ? "quiescent"
                            : end.duration ? "duration"
                                           : "max";
  }

  // When the run will be over if nothing happens until then.
  SimTime rest_at() const {
    if (!cluster_.idle() || faults_.scheduled() || faults_.waiting() || lab_at_work()) return kNever;
    SimTime busy = kSimStart;
    if (const auto since = lab_.listener().busy_since(live::monotonic_now(), scenarios::kAtWork))
      busy = *since + scenarios::kAtWork;
    return std::max({t0_ + scenario_.end.min, quiet_since_ + scenario_.end.quiescent,
                     cluster_.last_fault() + scenarios::fault_shows_within(scenario_), busy});
  }
  bool lab_at_work() const { return lab_.power_switch().at_work() || lab_.people_at_work(); }

  // --- Waiting ---
  void turn() {
    lab_.tick();
    sorter_.tell_until(sorter_.since_origin(live::monotonic_now() - kLate), invariants_);
    loop_.turn(kTurn);
  }
  template <class Condition>
  bool wait(Condition condition, Duration limit) {
    const SimTime until = live::monotonic_now() + limit;
    while (!condition()) {
      if (interrupted_ || live::monotonic_now() >= until) return false;
      turn();
    }
    return true;
  }
  // The condition holds, one DC idles, and nothing has happened for so long.
  template <class Condition>
  bool settle(Condition condition, Duration quiet, Duration limit) {
    return wait(
        [&] {
          return condition() && cluster_.idle() && cluster_.dcs() == 1 &&
                 live::monotonic_now() - quiet_since_ >= quiet;
        },
        limit);
  }

  // --- At the end ---
  LabRun conclude() {
    scenarios::Outcome& outcome = result_.outcome;
    lab_.clients().finish();
    wait([&] { return lab_.clients().finished(); }, kLastLook);
    const SimTime end = live::monotonic_now();
    // What happened until now is heard out; what the end of the lab does is not part of the run.
    for (const SimTime late = end + kLate; live::monotonic_now() < late && !interrupted_;) turn();
    sorter_.tell_until(sorter_.since_origin(end), invariants_);
    outcome.end = sorter_.since_origin(end);
    outcome.events = sorter_.told();
    invariants_.judge_liveness(outcome.end);
    for (backend::InvariantBroken& broken : invariants_.take_found())
      sorter_.tell({0, outcome.end, {}, std::move(broken)});
    scenarios::conclude(scenario_, {witness_, outages_, invariants_, recording_.get(), faults_.refused()},
                        begun_, outcome);
    if (interrupted_)
      outcome.findings.push_back({"the run is not interrupted", Verdict::undecided, "it was"});
    judge_tapes();
    judge_data();
    outcome.verdict = scenarios::verdict_of(outcome.findings);
    result_.interrupted = interrupted_;
    keep_logs();
    return std::move(result_);
  }

  // While it ran, every engine was run a second time beside it.
  void judge_tapes() {
    std::uint64_t steps = 0, different = 0;
    for (const Listener::Tape& tape : lab_.listener().tapes()) {
      steps += tape.steps;
      different += tape.different;
      std::ifstream file(tape.path, std::ios::binary);
      result_.tapes.push_back({tape.node, tape.life, {std::istreambuf_iterator<char>(file), {}}});
    }
    const std::vector<std::string>& troubles = lab_.listener().troubles();
    const bool same = different == 0 && troubles.empty();
    const std::string why =
        !troubles.empty() ? troubles.front()
        : same            ? std::to_string(steps) + " steps of " + std::to_string(result_.tapes.size()) +
                     " lives had the same effects twice"
               : std::to_string(different) + " of " + std::to_string(steps) + " had others";
    result_.outcome.findings.push_back(
        {"the nodes' tapes play to the same effects", same ? Verdict::held : Verdict::broken, why});
  }

  // What was acknowledged before the last fault must be there after it: a loss is data_loss, which has fired
  // by now.
  void judge_data() {
    const std::vector<std::string>& never = scenario_.expect.never;
    const bool asked = std::ranges::find(never, "data_loss") != never.end();
    for (const Clients::Balance& each : lab_.clients().balances()) {
      const bool seen = each.finished && each.acknowledged > 0;
      if (!seen && !asked) continue;
      const std::string why = !each.finished ? "nobody served the client at the end"
                              : !seen        ? "no write was acknowledged"
                                             : std::to_string(each.acknowledged - each.missing) + " of " +
                                            std::to_string(each.acknowledged) + " are there at the end, " +
                                            std::to_string(each.earlier) +
                                            " of them from before the last connection";
      result_.outcome.findings.push_back({"acknowledged writes of " + each.database + " are there",
                                          !seen              ? Verdict::undecided
                                          : each.missing > 0 ? Verdict::broken
                                                             : Verdict::held,
                                          why});
    }
  }

  void keep_logs() const {
    if (options_.keep.empty()) return;
    std::error_code error;  // logs are a help, not the result
    std::filesystem::create_directories(options_.keep, error);
    for (const char* each : {"/log", "/corosync.conf", "/tape", "/ctl", "/clients"})
      std::filesystem::copy(
          lab_.directory() + each, options_.keep + each,
          std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing,
          error);
  }

  const Scenario& scenario_;
  const LabOptions& options_;
  const std::vector<scenarios::Spectator>& spectators_;
  SimTime origin_, t0_{}, quiet_since_{};
  Sorter sorter_;
  live::EventLoop loop_;
  scenarios::ClusterWatch cluster_;
  Lab lab_;
  Faults faults_;
  models::InvariantRules invariants_;
  reporters::OutageAnalyser outages_;
  scenarios::Witness witness_;
  std::unique_ptr<reporters::Recorder> recording_;
  LabRun result_;
  const scenarios::TimeZero* awaited_ = nullptr;
  SimTime awaited_end_ = kNever;
  bool begun_ = false;
  bool interrupted_ = false;
};

}  // namespace

LabRun run_in_lab(const Place& place, const Scenario& scenario, const Support& support,
                  const LabOptions& options, const std::vector<scenarios::Spectator>& spectators) {
  return Run(place, scenario, support, options, spectators).play();
}

}  // namespace fencepost::lab
