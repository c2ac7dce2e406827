// Agents that keep a state and take a given time: the lab's, the Dummies, and everything that has no model.
//
// As the lab's agents do: start, promote and the migrations take effect at the end of their duration, stop
// and demote at its beginning; a monitor looks at its end.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "models/agent.h"
#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

constexpr std::string_view kMetaData = "<?xml version=\"1.0\"?>\n<resource-agent name=\"generic\"/>\n";

class GenericAgent : public Agent {
 public:
  explicit GenericAgent(bool modelled) : modelled_(modelled) {}

  Duration head_start(Machine& machine, const AgentRun& run) override {
    if (acts_first(run.action())) return Duration::zero();
    return usual_duration(machine, run);
  }

  Duration usual_duration(Machine& machine, const AgentRun& run) override {
    // The lab's agents take the time that they are given, from their first line on, + 0.1-0.4 ms.
    static const sim::Distribution kReading = sim::Uniform{.min = 100us, .max = 400us};
    const AgentDurations& durations = machine.world().config().agents;
    const sim::Distribution* given = nullptr;
    if (run.is_probe()) given = durations.find(machine.name(), run.resource(), "probe");
    if (!given) given = durations.find(machine.name(), run.resource(), run.action());
    if (!given && run.command().provider != "lab") return Agent::head_start(machine, run);
    const Duration reading = machine.sample(kReading);
    return given ? reading + machine.sample(*given) : reading;
  }

  Script run(Process& self, AgentRun& run) override {
    if (!modelled_) note_once(self.machine(), run);
    const std::string& action = run.action();
    if (action == "meta-data" || action == "metadata") {
      run.print(std::string(kMetaData));
      co_return ocf::kSuccess;
    }
    const SimTime begun = self.world().now();
    const int rc = co_await act(self, run);
    if (acts_first(action)) {
      const Duration spent = self.world().now() - begun;
      co_await self.sleep(usual_duration(self.machine(), run) - spent);
    }
    co_return rc;
  }

 protected:
  virtual Script act(Process& self, AgentRun& run) {
    Machine& machine = self.machine();
    const std::string& action = run.action();
    const bool runs = machine.role(run.resource()) != kStopped;
    if (action == "monitor" || action == "status") co_return runs ? ocf::kSuccess : ocf::kNotRunning;
    if (action == "migrate_to" && !runs) co_return ocf::kNotRunning;
    if (action == "start" || action == "migrate_from") {
      machine.set_role(run.resource(), kStarted);
      co_return ocf::kSuccess;
    }
    if (action == "stop" || action == "migrate_to") {
      machine.set_role(run.resource(), kStopped);
      co_return ocf::kSuccess;
    }
    const bool harmless = action == "validate-all" || action == "notify" || action.starts_with("reload");
    co_return harmless ? ocf::kSuccess : ocf::kUnimplemented;
  }

 private:
  static bool acts_first(const std::string& action) { return action == "stop" || action == "demote"; }

  // An agent that is not modelled runs all the same, and the run says so.
  static void note_once(Machine& machine, const AgentRun& run) {
    struct Noted final : WorldPart {
      explicit Noted(World&) {}
      std::map<std::string, bool> agents;
    };
    const node::AgentCommand& command = run.command();
    const std::string name = to_string({command.standard, command.provider, command.type});
    bool& noted = machine.world().part<Noted>().agents[name];
    if (noted) return;
    noted = true;
    machine.world().observe(
        backend::Noted{"agent " + name +
                       " is not modelled: a generic one runs in its place, with the durations "
                       "that the scenario gives under 'agents'"});
  }

  bool modelled_;
};

// Keeps a state like the generic one, and has durations of its own: services of which nothing matters here
// but that they start and stop. The figures are assumed.
struct UsualTimes {
  Duration start, stop, monitor;
};

class SimpleAgent : public GenericAgent {
 public:
  explicit SimpleAgent(UsualTimes times) : GenericAgent(true), times_(times) {}

  Duration usual_duration(Machine& machine, const AgentRun& run) override {
    const std::string& action = run.action();
    const AgentDurations& durations = machine.world().config().agents;
    if (durations.find(machine.name(), run.resource(), run.is_probe() ? "probe" : action))
      return GenericAgent::usual_duration(machine, run);
    const Duration median = action == "start"  ? times_.start
                            : action == "stop" ? times_.stop
                                               : times_.monitor;
    return machine.sample(sim::LogNormal{.median = median, .sigma = 0.3});
  }

 private:
  UsualTimes times_;
};

// Asked over D-Bus: nothing is forked.
class SystemdUnit final : public SimpleAgent {
 public:
  using SimpleAgent::SimpleAgent;
  Duration cpu_to_first_line() const override { return {}; }
};

// Promotable. Promotion scores 5 and 10, as ocf:pacemaker:Stateful gives them; start, promote and probes wait
// for crm_attribute at their end, stop and demote call it while their time runs.
class GenericStateful final : public GenericAgent {
 public:
  GenericStateful() : GenericAgent(true) {}

 protected:
  Script act(Process& self, AgentRun& run) override {
    Machine& machine = self.machine();
    const std::string& action = run.action();
    const std::string role = machine.role(run.resource());
    if (action == "monitor") {
      if (run.is_probe() && role != kStopped)
        co_await set_promotion_score(self, run, role == kPromoted ? "10" : "5");
      co_return role == kStopped ? ocf::kNotRunning
      : role == kPromoted        ? ocf::kRunningPromoted
                                 : ocf::kSuccess;
    }
    if (action == "start") {
      if (role == kPromoted) co_return ocf::kRunningPromoted;
      machine.set_role(run.resource(), kUnpromoted);
      co_await set_promotion_score(self, run, "5");
      co_return ocf::kSuccess;
    }
    if (action == "stop") {
      co_await set_promotion_score(self, run, std::nullopt);
      if (role == kPromoted) co_return ocf::kRunningPromoted;
      machine.set_role(run.resource(), kStopped);
      co_return ocf::kSuccess;
    }
    if (action == "promote" || action == "demote") {
      if (role == kStopped) co_return ocf::kNotRunning;
      const bool up = action == "promote";
      machine.set_role(run.resource(), up ? kPromoted : kUnpromoted);
      co_await set_promotion_score(self, run, up ? "10" : "5");
      co_return ocf::kSuccess;
    }
    if (action == "migrate_to" || action == "migrate_from") co_return ocf::kUnimplemented;
    co_return co_await GenericAgent::act(self, run);
  }
};

}  // namespace

Duration Agent::head_start(Machine& machine, const AgentRun&) {
  return machine.sample(machine.world().config().latencies.agent_overhead);
}

Task<bool> set_promotion_score(Process& self, const AgentRun& run, std::optional<std::string> score) {
  Machine& machine = self.machine();
  machine.set_attribute({"master-" + run.command().resource, std::move(score), {}});
  co_await self.sleep(machine.sample(machine.world().config().latencies.attribute_tool));
  co_return true;
}

void add_generic_agents(AgentRegistry& registry) {
  using node::AgentClass;
  const auto simple = [&](std::string provider, std::string type) {
    registry.add({AgentClass::ocf, std::move(provider), std::move(type)},
                 std::make_unique<GenericAgent>(true));
  };
  simple("lab", "Sim");
  simple("pacemaker", "Dummy");
  simple("heartbeat", "Dummy");
  registry.add({AgentClass::ocf, "lab", "Stateful"}, std::make_unique<GenericStateful>());
  registry.add({AgentClass::ocf, "pacemaker", "Stateful"}, std::make_unique<GenericStateful>());
  static constexpr std::pair<const char*, UsualTimes> kSimple[] = {
      {"iSCSITarget", {500ms, 300ms, 60ms}},
      {"iSCSILogicalUnit", {200ms, 200ms, 60ms}},
  };
  for (const auto& [type, times] : kSimple)
    registry.add({AgentClass::ocf, "heartbeat", type}, std::make_unique<SimpleAgent>(times));
  registry.add_fallback(AgentClass::systemd, std::make_unique<SystemdUnit>(UsualTimes{500ms, 500ms, 5ms}));
  for (const AgentClass standard : {AgentClass::ocf, AgentClass::lsb, AgentClass::service}) {
    registry.add_fallback(standard, std::make_unique<GenericAgent>(false));
  }
}

}  // namespace fencepost::models
