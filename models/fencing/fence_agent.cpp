#include "models/fencing/fence_agent.h"

#include <utility>

#include "models/world.h"

namespace fencepost::models {
namespace {

using Mode = fault::FenceMode::Mode;

struct Hanging final : MachinePart {
  explicit Hanging(Machine&) {}
  WaitQueue never;
};

}  // namespace

Script FenceAgent::run(Process& self, AgentRun& run) {
  Machine& machine = self.machine();
  World& world = machine.world();
  Power& power = world.part<Power>();
  const std::string& action = run.action();
  if (action == "metadata" || action == "meta-data" || action == "validate-all") co_return kOk;

  if (action == "start" || action == "stop") co_return kOk;
  const auto call_of = [&]() -> Power::Call {
    return {.device = run.parameter("device", "fence"),
            .resource = run.command().resource,
            .target = target_of(run),
            .requester = machine.name()};
  };
  if (action == "monitor" || action == "list" || action == "list-status") {
    if (!co_await reach(self, run)) co_return kFailed;
    if (action == "monitor") {
      const bool fails = power.has_modes() && power.monitor_fails(call_of());
      co_return fails ? fail(run, "the device does not answer") : kOk;
    }
    std::string known;
    for (const auto& node : world.machines()) known += node->name() + ",\n";
    run.print(std::move(known));
    co_return kOk;
  }

  const Power::Call call = call_of();
  Machine* target = world.find_machine(call.target);
  if (!target) co_return fail(run, "no such node: " + std::string(call.target));
  if (action == "status") {
    if (!co_await reach(self, run)) co_return kFailed;
    co_return target->power() == Machine::Power::off ? kIsOff : kOk;
  }

  const fault::FenceMode mode = power.mode_for(call);
  switch (mode.mode) {
    case Mode::hang: {
      auto& never = machine.part<Hanging>().never;
      while (true) co_await self.wait(never, {"recvfrom", "fence device that does not answer", true});
    }
    case Mode::unreachable:
      co_await self.sleep(mode.seconds > Duration::zero() ? mode.seconds
                                                          : world.config().power.unreachable_after);
      co_return refused(self, run, "Unable to connect/login to fencing device");
    case Mode::fail: {
      Duration takes = mode.seconds;  // drawn here, see fence_agents.cpp
      if (takes <= Duration::zero()) takes = machine.sample(world.config().power.off);
      co_await self.sleep(takes);
      co_return refused(self, run, "the device reports a failure");
    }
    case Mode::slow:
      if (!slows_switch()) co_await self.sleep(mode.seconds);
      break;
    case Mode::ok:
    case Mode::lie:
    case Mode::fail_monitor:
      break;
  }
  co_return co_await act(self, run, *target, mode);
}

Power::Action FenceAgent::asked(const AgentRun& run) {
  if (run.action() == "on") return Power::Action::on;
  return run.action() == "off" ? Power::Action::off : Power::Action::reboot;
}

std::string_view FenceAgent::target_of(const AgentRun& run) {
  if (!run.fence_target().empty()) return run.fence_target();
  for (const std::string_view name : {"plug", "port"}) {
    if (const std::string_view target = run.parameter(name); !target.empty()) return target;
  }
  return run.parameter("nodename");
}

int FenceAgent::fail(AgentRun& run, std::string why) {
  run.exit_reason(std::move(why));
  return kFailed;
}

int FenceAgent::refused(Process& self, AgentRun& run, std::string why) {
  self.world().observe(backend::FenceDeviceActed{.device = device_of(run),
                                                 .target = std::string(target_of(run)),
                                                 .action = run.action(),
                                                 .success = false});
  return fail(run, std::move(why));
}

}  // namespace fencepost::models
