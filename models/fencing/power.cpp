#include "models/fencing/power.h"

#include <algorithm>
#include <utility>

#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {

struct Power::Pending {
  Pending(Power& of, Order what)
      : power(of), order(std::move(what)), due(of.world_, nullptr, rings<&Pending::ring>(this)) {}

  void ring() {
    const Order what = std::move(order);
    Power& of = power;
    std::erase_if(of.pending_, [this](const auto& pending) { return pending.get() == this; });
    of.carry_out(what);
  }

  Power& power;
  Order order;
  Alarm due;
};

Power::Power(World& world) : world_(world) {}
Power::~Power() = default;

namespace {

bool fits(const fault::FenceMode& mode, const Power::Call& call) {
  return (mode.device == "*" || mode.device == call.device || mode.device == call.resource) &&
         (mode.target.empty() || mode.target == call.target) &&
         (mode.requester.empty() || mode.requester == call.requester);
}

}  // namespace

void Power::add_mode(fault::FenceMode mode) { modes_.insert(modes_.begin(), std::move(mode)); }

fault::FenceMode Power::mode_for(const Call& call) {
  for (fault::FenceMode& mode : modes_) {
    if (mode.mode == fault::FenceMode::Mode::fail_monitor || !fits(mode, call)) continue;
    if (mode.count && *mode.count <= 0) continue;
    if (mode.count) --*mode.count;
    return mode;
  }
  return {};
}

bool Power::monitor_fails(const Call& call) const {
  return std::ranges::any_of(modes_, [&](const fault::FenceMode& mode) {
    return (mode.mode == fault::FenceMode::Mode::fail_monitor ||
            mode.mode == fault::FenceMode::Mode::unreachable) &&
           fits(mode, call);
  });
}

void Power::order(Order order, Duration delay) {
  pending_.push_back(std::make_unique<Pending>(*this, std::move(order)));
  pending_.back()->due.arm_in(delay);
}

void Power::carry_out(const Order& order) {
  Machine* machine = world_.find_machine(order.target);
  HA_ASSERT(machine);  // whoever gave the order has looked
  const std::string why = "fenced by " + order.requester;
  static constexpr std::string_view kNames[] = {"off", "on", "reboot"};
  world_.observe(
      backend::FenceDeviceActed{.device = order.device,
                                .target = order.target,
                                .action = std::string(kNames[static_cast<std::size_t>(order.action)]),
                                .success = true});
  if (order.action == Action::on) {
    machine->set_supply(order.supply, true, why);
    return order.up_at_once ? machine->up_at_once(why) : machine->power_on(why);
  }
  if (order.supply.empty()) {
    machine->power_off(why);
  } else {
    machine->set_supply(order.supply, false, why);
  }
  if (order.action == Action::reboot) {
    machine->set_supply(order.supply, true, why);
    machine->boot_after_off(why);
  }
}

}  // namespace fencepost::models
