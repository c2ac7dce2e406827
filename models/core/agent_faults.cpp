#include "models/core/agent_faults.h"

#include <algorithm>
#include <utility>

#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// Processes that a fault holds in D state on a machine, and those that hang for ever in a way that SIGKILL
// ends.
struct HeldByFaults final : MachinePart {
  explicit HeldByFaults(Machine&) {}
  WaitQueue stuck;
  WaitQueue hanging;
};

bool takes_effect_first(const std::string& action) { return action == "stop" || action == "demote"; }

}  // namespace

std::uint64_t AgentFaults::add(const fault::AgentFault& fault, std::optional<node::NodeId> node) {
  Rule rule{.number = ++next_, .fault = fault, .node = node, .used = {}};
  // As in the lab: a fault of "monitor" leaves probes alone unless it says otherwise.
  if (fault.action == "monitor" && !fault.probe) rule.fault.probe = false;
  rules_.insert(rules_.begin(), std::move(rule));
  return next_;
}

void AgentFaults::remove(std::uint64_t number) {
  std::erase_if(rules_, [&](const Rule& rule) { return rule.number == number; });
}

void AgentFaults::clear(const fault::AgentClear& which, std::optional<node::NodeId> node) {
  std::erase_if(rules_, [&](const Rule& rule) {
    return (!which.id || rule.fault.id == *which.id) &&
           (!which.resource || rule.fault.resource == *which.resource) &&
           (!which.action || rule.fault.action == *which.action) && (!node || rule.node == node);
  });
  for (const auto& machine : world_.machines()) {
    if (!node || machine->id() == *node) machine->part<HeldByFaults>().stuck.wake_all();
  }
}

std::optional<AgentFaultRule> AgentFaults::match(const Machine& machine, const AgentRun& run) {
  for (Rule& rule : rules_) {
    if (!fits(rule, machine, run)) continue;
    if (rule.fault.count && rule.used[machine.id()]++ >= *rule.fault.count) continue;
    return AgentFaultRule{.mode = rule.fault.mode, .rc = rule.fault.rc, .seconds = rule.fault.seconds};
  }
  return std::nullopt;
}

bool AgentFaults::fits(const Rule& rule, const Machine& machine, const AgentRun& run) {
  static constexpr std::string_view kUntouched[] = {"meta-data", "metadata", "validate-all",
                                                    "notify",    "reload",   "reload-agent"};
  const fault::AgentFault& fault = rule.fault;
  const std::string& action = run.action();
  if (std::ranges::count(kUntouched, action) > 0 && fault.action != action) return false;
  return (!rule.node || *rule.node == machine.id()) &&
         (fault.resource == "*" || fault.resource == run.resource()) &&
         (fault.action == "*" || fault.action == action) &&
         (!fault.probe || action != "monitor" || *fault.probe == run.is_probe()) &&
         (fault.role.empty() || fault.role == machine.role(run.resource()));
}

Script faulty(Process& self, AgentRun& run, Agent& agent, AgentFaultRule fault) {
  using Mode = fault::AgentFault::Mode;
  Machine& machine = self.machine();
  auto& held = machine.part<HeldByFaults>();
  const bool delay_after = fault.mode == Mode::delay && takes_effect_first(run.action());

  if (fault.mode == Mode::rc) {
    co_await self.sleep(agent.usual_duration(machine, run));
    co_return fault.rc;
  }
  if (fault.mode == Mode::hang && fault.seconds == Duration::zero()) {
    while (true) co_await self.wait(held.hanging, {"nanosleep", "injected hang", true});
  }
  if (fault.mode == Mode::stuck) co_await self.wait(held.stuck, {"injected", "injected D state", false});
  if (fault.mode == Mode::hang || (fault.mode == Mode::delay && !delay_after))
    co_await self.sleep(fault.seconds);

  co_await self.sleep(agent.head_start(machine, run));
  const int rc = co_await agent.run(self, run);
  if (delay_after) co_await self.sleep(fault.seconds);
  co_return fault.mode == Mode::apply ? fault.rc : rc;
}

}  // namespace fencepost::models
