#include "models/services/clients.h"

#include <algorithm>
#include <chrono>

#include "models/core/service_watch.h"
#include "models/database/server.h"
#include "models/machine.h"
#include "models/os/block_device.h"
#include "models/services/addresses.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// How many writes of a rate fit into a time, and the time they take.
struct Counted {
  std::int64_t writes = 0;
  Duration took{};
};

Counted count(Duration elapsed, double per_second) {
  const auto milli = static_cast<std::int64_t>(per_second * 1000);  // writes in 1000 s
  if (milli <= 0 || elapsed <= Duration::zero()) return {};
  const std::int64_t seconds = elapsed / 1s;
  const std::int64_t rest = (elapsed - seconds * 1s).count();
  const std::int64_t writes = (seconds * milli + rest / 1'000'000 * milli / 1000) / 1000;
  const Duration took = writes / milli * 1000s + Duration{writes % milli * 1'000'000'000 / milli * 1000};
  return {writes, std::min(took, elapsed)};
}

}  // namespace

void Clients::add(const DatabaseConfig& config) {
  services_.emplace_back();
  services_.back().config = config;
}

Clients::Service& Clients::find(std::string_view resource) {
  const auto found = std::find_if(services_.begin(), services_.end(),
                                  [&](const Service& s) { return s.config.name == resource; });
  if (found != services_.end()) return *found;
  DatabaseConfig config;
  config.name = resource;
  add(config);
  return services_.back();
}

const DatabaseConfig& Clients::config(std::string_view resource) {
  Service& service = find(resource);
  if (!service.watched) {
    service.watched = true;
    world_.part<ServiceWatch>().leave_to_model(resource);
  }
  return service.config;
}

std::int64_t Clients::acknowledged(std::string_view resource) {
  settle();
  return find(resource).acknowledged;
}

std::int64_t Clients::lost(std::string_view resource) { return find(resource).lost; }

void Clients::runs(std::string_view resource, DatabaseServer& instance) {
  find(resource).instances.push_back(&instance);
  look();
}

void Clients::gone(DatabaseServer& instance) {
  settle();
  for (Service& service : services_) std::erase(service.instances, &instance);
  look();
}

void Clients::machine_frozen(Machine&) {
  settle();
  look();
}

// --- Writes ---

void Clients::settle() {
  for (Service& service : services_) settle(service);
}

void Clients::settle(Service& service) {
  if (!service.serving) return;
  const Counted counted = count(world_.now() - service.since, service.config.writes_per_second);
  if (counted.writes == 0) return;
  service.since += counted.took;
  service.acknowledged += counted.writes;
  service.serving->device().write(counted.writes, true);
}

// --- Who is served ---

// Setting a device busy may lead back here; then it is looked at once more, from the beginning.
void Clients::look() {
  look_again_ = true;
  if (looking_) return;
  looking_ = true;
  while (look_again_) {
    look_again_ = false;
    for (Service& service : services_) look(service);
  }
  looking_ = false;
}

void Clients::look(Service& service) {
  const auto found = std::find_if(service.instances.begin(), service.instances.end(),
                                  [&](const DatabaseServer* i) { return serves(service, *i); });
  DatabaseServer* const now = found == service.instances.end() ? nullptr : *found;
  for (DatabaseServer* instance : std::deque<DatabaseServer*>(service.instances)) {
    const bool writing = service.config.writes_per_second > 0 && instance->state() == ServerState::running;
    if (writing && instance->device().writes() == DeviceIo::waits) instance->block_in_commit();
  }
  if (now == service.serving) return;
  settle(service);
  const bool was = service.serving != nullptr;
  service.serving = now;
  service.since = world_.now();
  world_.observe(backend::ServiceChanged{.resource = service.config.name,
                                         .available = now != nullptr,
                                         .node = now ? now->machine().name() : ""});
  if (now) {
    if (service.config.writes_per_second > 0) now->device().set_busy(true);
    if (!was) check_data(service);
  }
}

// From end to end: packets arrive at this machine, somebody listens, the answer is on disk.
bool Clients::serves(const Service& service, const DatabaseServer& instance) const {
  if (!instance.machine().serves() || !instance.accepts_clients()) return false;
  const Addresses& addresses = world_.part<Addresses>();
  if (!addresses.clients_reach(instance.machine())) return false;
  std::string_view address;
  if (!service.config.address.empty()) {
    address = addresses.find(service.config.address);
    if (address.empty()) return false;  // it was never up
  } else if (addresses.known().size() == 1) {
    address = *addresses.known().begin();
  }
  if (address.empty()) return true;  // clients come to the machine's own address
  return addresses.is_bound(instance.machine(), address) &&
         addresses.owner(address) == instance.machine().name();
}

// Clients read what is there now. Every write they were told is safe must be in it.
void Clients::check_data(Service& service) {
  const std::int64_t missing = service.serving->device().missing_acknowledged();
  if (missing <= service.lost) return;
  world_.observe(backend::InvariantBroken{
      .invariant = "data_loss",
      .text = service.config.name + " serves on " + service.serving->machine().name() +
              " from data that lack " + std::to_string(missing) + " of " +
              std::to_string(service.acknowledged) + " writes that clients were told are safe"});
  service.lost = missing;
}

}  // namespace fencepost::models
