#include <algorithm>
#include <utility>
#include <variant>

#include "models/agent.h"
#include "models/core/stack.h"
#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {
AgentRun::AgentRun(Machine& machine)
    : machine_(machine),
      overdue_(machine.world(), &machine, rings<&AgentRun::overdue>(this)),
      report_(machine.world(), &machine, rings<&AgentRun::report>(this)) {}

AgentRun::~AgentRun() = default;

void AgentRun::reset(node::CallId call, node::AgentCommandPtr command, std::string target) {
  call_ = call;
  command_ = std::move(command);
  target_ = std::move(target);
  started_ = machine_.world().now();
  leader_ = nullptr;
  agent_ = nullptr;
  fault_.reset();
  exit_ = {};
  was_overdue_ = false;
}

std::string_view AgentRun::resource() const {
  const std::string_view instance = command_->resource;
  return instance.substr(0, instance.find(':'));
}

bool AgentRun::is_probe() const {
  return command_->action == "monitor" && command_->interval == Duration::zero();
}

std::string_view AgentRun::parameter(std::string_view name, std::string_view otherwise) const {
  return command_->parameters.find(name).value_or(otherwise);
}

std::string_view AgentRun::meta(std::string_view name, std::string_view otherwise) const {
  return command_->meta.find(name).value_or(otherwise);
}

Duration AgentRun::left() const {
  const Duration spent = machine_.world().now() - started_;
  return std::max(Duration::zero(), command_->timeout - spent);
}

// A run that ends in time, as nearly all do, never costs an alarm.
void AgentRun::waits_until(SimTime at) {
  if (was_overdue_ || overdue_.armed() || command_->timeout <= Duration::zero()) return;
  const SimTime deadline = started_ + command_->timeout;
  if (at > deadline) overdue_.arm(deadline);
}

void AgentRun::overdue() {
  if (!leader_) return;
  was_overdue_ = true;
  machine_.stack().deliver(node::AgentOverdue{.call = call_});
}

void AgentRun::report() {
  node::Event event{std::in_place_type<node::AgentExited>};
  node::AgentExited& exited = std::get<node::AgentExited>(event);
  exited.call = call_;
  exited.exit = std::move(exit_);
  Machine& machine = machine_;
  machine.forget(*this);
  machine.stack().deliver(event);
}

// --- Registry ---

std::string to_string(const AgentName& name) {
  static constexpr std::string_view kClasses[] = {"ocf", "systemd", "lsb", "service", "stonith"};
  std::string text{kClasses[static_cast<std::size_t>(name.standard)]};
  if (!name.provider.empty()) text += ":" + name.provider;
  return text + ":" + name.type;
}

void AgentRegistry::add(AgentName name, std::unique_ptr<Agent> agent) {
  std::vector<Named>& namesakes = by_type_[name.type];
  const auto known = std::ranges::find(namesakes, name, &Named::name);
  if (known == namesakes.end()) {
    namesakes.push_back({std::move(name), std::move(agent)});
  } else {
    known->agent = std::move(agent);
  }
}

void AgentRegistry::add_fallback(node::AgentClass standard, std::unique_ptr<Agent> agent) {
  fallbacks_[standard] = std::move(agent);
}

Agent* AgentRegistry::find(const AgentName& name) const {
  const auto namesakes = by_type_.find(name.type);
  if (namesakes == by_type_.end()) return nullptr;
  const auto found = std::ranges::find(namesakes->second, name, &Named::name);
  return found == namesakes->second.end() ? nullptr : found->agent.get();
}

Agent& AgentRegistry::find_or_generic(const node::AgentCommand& command) const {
  if (const auto namesakes = by_type_.find(command.type); namesakes != by_type_.end()) {
    for (const auto& [name, agent] : namesakes->second) {
      if (name.provider == command.provider && name.standard == command.standard) return *agent;
    }
  }
  const auto fallback = fallbacks_.find(command.standard);
  HA_ASSERT(fallback != fallbacks_.end());
  return *fallback->second;
}

const sim::Distribution* AgentDurations::find(const std::string& node, std::string_view resource,
                                              std::string_view action) const {
  const auto look = [&](const Resources& resources) -> const sim::Distribution* {
    const auto actions = resources.find(std::string(resource));
    if (actions == resources.end()) return nullptr;
    const auto duration = actions->second.find(std::string(action));
    return duration == actions->second.end() ? nullptr : &duration->second;
  };
  if (const auto own = on_node.find(node); own != on_node.end()) {
    if (const auto* duration = look(own->second)) return duration;
  }
  return look(everywhere);
}

}  // namespace fencepost::models
