#include "models/fencing/sbd.h"

#include <algorithm>
#include <utility>

#include "models/core/stack.h"
#include "models/machine.h"
#include "models/network/corosync.h"
#include "models/world.h"

namespace fencepost::models {

struct Sbd::Guard {
  Guard(Sbd& of, Machine& whose, bool hardware)
      : sbd(of),
        machine(whose),
        watchdog(of.world_, hardware ? nullptr : &whose, rings<&Guard::bite>(this)),
        reader(of.world_, &whose, rings<&Guard::read>(this)) {}

  void bite() { sbd.bite(*this); }
  void read() { sbd.read_slot(*this); }

  Sbd& sbd;
  Machine& machine;
  bool running = false;
  bool seen_healthy = false;   // diskless: the cluster was in order since the daemon started
  std::set<std::string> lost;  // devices that this node does not reach
  Order slot = Order::none;
  std::string slot_device;  // the fence device that left the order
  std::string why;          // it does not feed
  Alarm watchdog;
  Alarm reader;
};

Sbd::Sbd(World& world)
    : world_(world),
      config_(world.config().sbd ? &*world.config().sbd : nullptr),
      chance_(world.stream("sbd")) {
  if (!config_) return;
  for (const auto& machine : world.machines())
    guards_.push_back(std::make_unique<Guard>(*this, *machine, config_->hardware_watchdog));
}

Sbd::~Sbd() = default;

Sbd::Guard& Sbd::guard(const Machine& machine) const { return *guards_[machine.id().index()]; }

// --- The daemon ---

Duration Sbd::start_delay() const {
  return config_ ? config_->delay_start.value_or(Duration::zero()) : Duration::zero();
}

void Sbd::started(Machine& machine) {
  if (!config_ || std::exchange(guard(machine).running, true)) return;
  guard(machine).seen_healthy = false;
  guard(machine).slot = Order::none;  // what it finds there at its start is old, and is cleared
  look(guard(machine));
}

void Sbd::stopped(Machine& machine) {
  if (!config_) return;
  guard(machine).running = false;
  look(guard(machine));
}

void Sbd::machine_down(Machine& machine) {
  if (!config_) return;
  guard(machine).reader.disarm();
  stopped(machine);
}

void Sbd::machine_frozen(Machine& machine) { cluster_changed(machine); }

void Sbd::cluster_changed(Machine& machine) {
  if (config_) look(guard(machine));
}

// --- The watchdog ---

void Sbd::look(Guard& guard) {
  if (guard.running && healthy_cluster(guard.machine)) guard.seen_healthy = true;
  if (trusts(guard)) return guard.watchdog.disarm();
  guard.why = guard.machine.frozen()     ? "sbd stands still"
              : config_->devices.empty() ? "sbd: no quorum, or no cluster"
                                         : "sbd: its devices are lost, and it has no quorum";
  if (guard.watchdog.armed()) return;
  // It was fed last with the loop before.
  const Duration since = sim::sample(sim::Uniform{.min = 0ns, .max = config_->loop}, chance_);
  guard.watchdog.arm_in(std::max(Duration::zero(), config_->watchdog_timeout - since));
}

// With disks, a healthy cluster stands in for lost ones. Without, it is all there is; but a node that has yet
// to find its cluster is left alone.
bool Sbd::trusts(const Guard& guard) const {
  if (!guard.running) return true;
  if (guard.machine.frozen()) return false;
  if (holds_devices(guard) || healthy_cluster(guard.machine)) return true;
  return config_->devices.empty() && !guard.seen_healthy;
}

// One of one, one of two, two of three (sbd(8)).
bool Sbd::holds_devices(const Guard& guard) const {
  const std::size_t all = config_->devices.size();
  if (all == 0) return false;
  const std::size_t left = all - guard.lost.size();
  return all <= 2 ? left >= 1 : left > all / 2;
}

bool Sbd::healthy_cluster(const Machine& machine) const {
  return machine.stack().up() && world_.corosync().last_quorate(machine.id());
}

void Sbd::bite(Guard& guard) {
  world_.observe(backend::FenceDeviceActed{
      .device = "watchdog", .target = guard.machine.name(), .action = "reboot", .success = true});
  const std::string why = "watchdog: " + guard.why;
  guard.machine.power_off(why);
  if (world_.config().power.on_after_fence) guard.machine.boot_after_off(why);
}

// --- Slots ---

// To write, a majority must be there: both of two (sbd(8)).
bool Sbd::reaches_majority(const Machine& machine) const {
  const std::size_t all = config_->devices.size();
  return all > 0 && all - guard(machine).lost.size() > all / 2;
}

bool Sbd::leave_order(const Machine& from, const Machine& target, Order order, std::string device) {
  if (!reaches_majority(from)) return false;
  Guard& there = guard(target);
  there.slot = order;
  there.slot_device = std::move(device);
  if (there.running && target.up())
    there.reader.arm_in(sim::sample(sim::Uniform{.min = 0ns, .max = config_->loop}, chance_));
  return true;
}

void Sbd::read_slot(Guard& guard) {
  if (!guard.running || guard.slot == Order::none || !holds_devices(guard)) return;
  const bool off = std::exchange(guard.slot, Order::none) == Order::off;
  Machine& machine = guard.machine;
  world_.observe(backend::FenceDeviceActed{.device = guard.slot_device,
                                           .target = machine.name(),
                                           .action = off ? "off" : "reboot",
                                           .success = true});
  machine.power_off("sbd: an order in its slot");
  if (!off && world_.config().power.on_after_fence) machine.boot_after_off("sbd: an order in its slot");
}

// --- Faults ---

void Sbd::tell(const Guard& guard, const std::string& device, bool reachable) const {
  world_.observe(backend::StateChanged{.node = guard.machine.name(),
                                       .kind = "sbd-device",
                                       .object = device,
                                       .from = reachable ? "lost" : "reachable",
                                       .to = reachable ? "reachable" : "lost"});
}

bool Sbd::set_reachable(const Machine* machine, std::string_view device, bool reachable) {
  if (!config_) return false;
  const auto& devices = config_->devices;
  if (devices.empty() || (!device.empty() && std::ranges::count(devices, device) == 0)) return false;
  for (const auto& each : guards_) {
    if (machine && &each->machine != machine) continue;
    for (const std::string& one : devices) {
      if (!device.empty() && one != device) continue;
      const bool changed = reachable ? each->lost.erase(one) == 1 : each->lost.insert(one).second;
      if (changed) tell(*each, one, reachable);
    }
    if (reachable && each->slot != Order::none) each->reader.arm_in(config_->loop);
    look(*each);
  }
  return true;
}

}  // namespace fencepost::models
