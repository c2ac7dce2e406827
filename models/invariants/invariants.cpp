#include "models/invariants/invariants.h"

#include <utility>

#include "models/os/drbd_modules.h"
#include "models/os/iscsi.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {

Invariants::Invariants(World& world)
    : world_(world), report_(world, nullptr, rings<&Invariants::report>(this)) {}

void Invariants::watch(InvariantOptions options) {
  set_options(std::move(options));
  if (!std::exchange(watching_, true)) world_.add_observer(*this);
}

void Invariants::finish() {
  judge_liveness(world_.now());
  report();
}

bool Invariants::is_shared_disk(std::string_view device) const {
  return world_.part<IscsiTargets>().is_disk(device);
}

bool Invariants::may_be_primary_twice(const std::string& name) const {
  const DrbdResource* resource = world_.part<DrbdModules>().find(name);
  return resource && !resource->state().config().connections.empty() &&
         resource->state().config().connections.front().net.allow_two_primaries;
}

// Both sides began to write on their own: neither copy can become the other without losing something.
void Invariants::check_divergence(const std::string& name) {
  const DrbdResource* resource = world_.part<DrbdModules>().find(name);
  if (!resource) return;
  const Drbd& drbd = resource->state();
  for (int v = 0; v < drbd.volumes(); ++v) {
    for (int a = 0; a < drbd.hosts(); ++a) {
      for (int b = 0; b < a; ++b) {
        const Version mine = drbd.version(a, v), theirs = drbd.version(b, v);
        if (!mine.generation.valid() || !theirs.generation.valid()) continue;
        const DataHistory& data = drbd.data(v);
        if (data.holds(mine, data.start(theirs.generation)) ||
            data.holds(theirs, data.start(mine.generation)))
          continue;
        const auto& hosts = drbd.config().hosts;
        breaks("split_brain", name,
               "the data of DRBD " + name + " went different ways on " +
                   hosts[static_cast<std::size_t>(b)].name + " and " +
                   hosts[static_cast<std::size_t>(a)].name);
      }
    }
  }
}

Hindrance Invariants::hindrance(const std::string& resource, const FailedFences& failed) const {
  return find_hindrance(world_, resource, failed);
}

RecoveryBound Invariants::bound(const std::string& resource) const {
  return recovery_bound(configuration(), world_.config(), world_.part<StorageWorld>().config(), resource);
}

// Written down after what is being observed now: other observers must see both in their order.
void Invariants::found() {
  if (!report_.armed()) report_.arm_in(Duration::zero());
}

void Invariants::report() {
  report_.disarm();
  for (backend::InvariantBroken& broken : take_found()) world_.observe(std::move(broken));
}

}  // namespace fencepost::models
