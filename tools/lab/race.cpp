#include "tools/lab/race.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/live/clock.h"
#include "scenarios/run_parts.h"
#include "tools/lab/faults.h"

namespace fencepost::lab {
namespace {

constexpr Duration kForms = 120s;  // Pacemaker's dc-deadtime is 20 s
constexpr Duration kTryAgain = 500ms;
constexpr Duration kRests = 12s;  // nothing has happened for so long: it has settled

class Race {
 public:
  Race(const Place& place, const scenarios::Scenario& scenario, const Support& support, Manager manager)
      : scenario_(scenario),
        cluster_(scenario.nodes),
        lab_(
            loop_, place, scenario, support, scenario.world.seed,
            [this](backend::Record record) { see(record); }, manager),
        faults_(lab_, scenario, cluster_, scenario.world.seed) {
    loop_.on_signals({SIGINT, SIGTERM}, [this](int) { interrupted_ = true; });
    // Every service that a client could want; clones stop and start with their nodes.
    const auto clones = scenarios::invariant_options(scenario).clones;
    cib::for_each_resource(
        scenario.cib->configuration->resources, [&](const cib::Resource& each, const cib::Resource*) {
          if (each.kind == cib::ResourceKind::primitive && sign_of(each) && !clones.contains(each.id))
            services_.insert(each.id);
        });
  }

  bool interrupted() const { return interrupted_; }

  Result<Duration> run() {
    if (const auto built = lab_.build(); !built) return tl::unexpected(built.error());
    if (const auto formed = form(); !formed) return tl::unexpected(formed.error());
    Result<void> loaded;
    if (!wait([&] { return (loaded = load()).has_value(); }, kForms, kTryAgain))
      return tl::unexpected(loaded.error());
    if (!wait([&] { return all_served() && rests(kRests); }, kForms))
      return failure({}, "not all of its services came up");
    if (scenario_.t0.rule == scenarios::TimeZero::Rule::align && !align())
      return failure({}, "no monitor to align the faults with");
    broken_at_ = kNever;
    faults_.begin(live::monotonic_now());
    const auto over = [&] {
      return !faults_.scheduled() && broken_at_ != kNever && changed_at_ > broken_at_ && all_served() &&
             rests(kRests / 2);
    };
    if (wait(over, kRecovers)) return changed_at_ - broken_at_;
    if (!faults_.refused().empty()) return failure({}, faults_.refused().front());
    if (faults_.scheduled() || broken_at_ == kNever) return failure({}, "not all of its faults came");
    return kRecovers;
  }

 private:
  void see(const backend::Record& record) {
    cluster_.observe(record);
    const auto* seen = std::get_if<backend::Observation>(&record.what);
    if (seen == nullptr) return;
    if (std::holds_alternative<backend::FaultInjected>(*seen)) broken_at_ = record.time;
    const auto* role = std::get_if<backend::RoleChanged>(seen);
    if (role != nullptr && services_.contains(role->resource)) changed_at_ = record.time;
  }

  // The scenario's DC first, and all of them before anything runs: a service that starts while a node is
  // still on its way starts where the scenario does not break it.
  Result<void> form() {
    Lab::Names online;
    const auto join = [&](std::size_t machine) {
      lab_.boot(machine, "the lab is set up", true);
      online.insert(scenario_.nodes[machine]);
    };
    const auto joined = [&] { return lab_.online(first()) == online; };
    join(first());
    if (!wait(joined, kForms, kTryAgain)) return failure({}, scenario_.dc + " did not come up");
    for (std::size_t machine = 0; machine < lab_.machines().size(); ++machine)
      if (machine != first()) join(machine);
    if (!wait(joined, kForms, kTryAgain)) return failure({}, "the cluster did not form");
    return {};
  }
  std::size_t first() const { return *lab_.machines().find(scenario_.dc); }
  Result<void> load() { return lab_.ask(first(), scenarios::load_configuration(scenario_)); }

  bool all_served() const {
    return std::ranges::all_of(services_, [&](const std::string& service) {
      return std::ranges::any_of(scenario_.nodes, [&](const std::string& node) {
        const std::string role = lab_.truth().role(service, node);
        return role == "Started" || role == "Promoted";
      });
    });
  }
  bool rests(Duration so_long) const { return live::monotonic_now() - changed_at_ >= so_long; }

  // After the end of a run of a monitor, as the agents' wrapper writes it down.
  bool align() {
    const auto ends = [&] {
      int count = 0;
      for (const std::string& node : scenario_.nodes) {
        std::ifstream file(lab_.directory() + "/ctl/" + node + "/ends");
        std::string up, resource, action, code;
        while (file >> up >> resource >> action >> code)
          count += resource == scenario_.t0.resource && action == scenario_.t0.operation ? 1 : 0;
      }
      return count;
    };
    const int before = ends();
    if (!wait([&] { return ends() > before; }, kForms)) return false;
    const SimTime at = live::monotonic_now() + scenario_.t0.offset;
    return wait([&] { return live::monotonic_now() >= at; }, kForms);
  }

  template <class Condition>
  bool wait(Condition condition, Duration limit, Duration between = 10ms) {
    const SimTime until = live::monotonic_now() + limit;
    while (!condition()) {
      for (const SimTime next = live::monotonic_now() + between; live::monotonic_now() < next;) {
        lab_.tick();
        loop_.turn(10ms);
      }
      if (interrupted_ || live::monotonic_now() >= until) return false;
    }
    return true;
  }

  const scenarios::Scenario& scenario_;
  live::EventLoop loop_;
  scenarios::ClusterWatch cluster_;
  Lab lab_;
  Faults faults_;
  std::set<std::string> services_;
  SimTime changed_at_{}, broken_at_ = kNever;
  bool interrupted_ = false;
};

}  // namespace

Result<std::optional<Duration>> time_recovery(const Place& place, const scenarios::Scenario& scenario,
                                              const Support& support, Manager manager) {
  Race race(place, scenario, support, manager);
  auto took = race.run();
  if (race.interrupted()) return std::optional<Duration>{};
  if (!took) return tl::unexpected(took.error());
  return std::optional(*took);
}

}  // namespace fencepost::lab
