#include "models/services/addresses.h"

#include "models/database/replication.h"
#include "models/machine.h"
#include "models/os/nfs_servers.h"
#include "models/os/storage_world.h"
#include "models/services/clients.h"
#include "models/services/look.h"
#include "models/world.h"

namespace fencepost::models {
namespace {
constexpr const char* kStranger = "a host outside the cluster";
}

void Addresses::name(std::string_view resource, std::string_view address) {
  const auto known = by_resource_.find(resource);
  if (known != by_resource_.end() && known->second == address) return;
  by_resource_.insert_or_assign(std::string(resource), std::string(address));
}

std::string_view Addresses::find(std::string_view resource_or_address) const {
  const auto named = by_resource_.find(resource_or_address);
  if (named != by_resource_.end()) return named->second;
  const auto known = known_.find(resource_or_address);
  return known == known_.end() ? std::string_view{} : std::string_view{*known};
}

void Addresses::bind(Machine& machine, std::string_view address) {
  known_.emplace(address);
  world_.part<Clients>().settle();
  if (!bound_[std::string(address)].insert(machine.name()).second) return;
  world_.observe(backend::StateChanged{.node = machine.name(),
                                       .kind = "address",
                                       .object = std::string(address),
                                       .from = "not bound",
                                       .to = "bound"});
  changed(machine);
}

void Addresses::release(Machine& machine, std::string_view address) {
  world_.part<Clients>().settle();
  if (bound_[std::string(address)].erase(machine.name()) == 0) return;
  world_.observe(backend::StateChanged{.node = machine.name(),
                                       .kind = "address",
                                       .object = std::string(address),
                                       .from = "bound",
                                       .to = "not bound"});
  changed(machine);
}

bool Addresses::is_bound(const Machine& machine, std::string_view address) const {
  const auto found = bound_.find(address);
  return found != bound_.end() && found->second.contains(machine.name());
}

std::vector<std::string> Addresses::bound_on(std::string_view address) const {
  const auto found = bound_.find(address);
  if (found == bound_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void Addresses::announce(Machine& machine, std::string_view address) {
  world_.part<Clients>().settle();
  if (clients_reach(machine)) {
    owner_[std::string(address)] = machine.name();
    stale_.erase(std::string(address));
  } else {
    ask_later(std::string(address));
  }
  moved();
}

bool Addresses::clients_reach(const Machine& machine) const {
  const std::string& name = world_.part<StorageWorld>().config().clients.network;
  const auto network = world_.network().find_network(name);
  const auto clients = world_.network().find_endpoint("clients");
  if (name.empty() || !network || !clients) return true;
  return world_.network().passes_both_ways(endpoint(machine.id()), *clients, *network);
}

// Who has it is asked again when the entry has timed out; nobody answers while the way is closed.
void Addresses::ask_later(const std::string& address) {
  if (!stale_.insert(address).second) return;
  world_.at(world_.now() + world_.part<StorageWorld>().config().clients.arp_timeout,
            [this, address] { ask(address); });
}

void Addresses::ask(const std::string& address) {
  if (stale_.erase(address) == 0) return;  // an announcement was heard meanwhile
  world_.part<Clients>().settle();
  owner_[address].clear();
  for (const std::string& name : bound_on(address)) {
    const Machine* machine = world_.find_machine(name);
    if (machine && machine->serves() && clients_reach(*machine)) owner_[address] = name;
  }
  moved();
}

// A client that got no answer asks again and again: the first who can answer has it.
void Addresses::network_changed() {
  if (world_.part<StorageWorld>().config().clients.network.empty()) return;
  for (const std::string& address : known_) {
    if (owner(address).empty() && !bound_on(address).empty()) ask_later(address);
  }
  world_.part<Clients>().settle();
  moved();
}

const std::string& Addresses::owner(std::string_view address) const {
  static const std::string nobody;
  const auto found = owner_.find(address);
  return found == owner_.end() ? nobody : found->second;
}

void Addresses::set_stranger(std::string_view address, bool there) {
  world_.part<Clients>().settle();
  known_.emplace(address);
  auto& machines = bound_[std::string(address)];
  if (there) {
    machines.insert(kStranger);
    owner_[std::string(address)] = kStranger;
  } else {
    machines.erase(kStranger);
    // Its ARP entries time out, and the one who still has the address answers the next request.
    if (owner(address) == kStranger) owner_[std::string(address)] = machines.empty() ? "" : *machines.begin();
  }
  world_.observe(backend::StateChanged{.node = {},
                                       .kind = "address",
                                       .object = std::string(address),
                                       .from = there ? "ours" : "also elsewhere",
                                       .to = there ? "also elsewhere" : "ours"});
  moved();
}

void Addresses::machine_down(Machine& machine) {
  for (auto& [address, machines] : bound_) machines.erase(machine.name());
  moved();
}

void Addresses::changed(Machine& machine) {
  machine.part<ResourceTruth>().refresh();
  moved();
}

// Whoever comes over an address: clients of a database, standbys, clients of an NFS server.
void Addresses::moved() {
  look_at_services(world_);
  world_.part<Replications>().look();
  world_.part<NfsServers>().look();
}

}  // namespace fencepost::models
