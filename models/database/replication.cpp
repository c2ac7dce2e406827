#include "models/database/replication.h"

#include <algorithm>
#include <utility>

#include "models/database/server.h"
#include "models/machine.h"
#include "models/services/addresses.h"
#include "models/services/clients.h"
#include "models/world.h"

namespace fencepost::models {

// --- One copy ---

PostgresCopy::PostgresCopy(Replication& replication, Machine& machine, BlockDevice& disk)
    : replication_(replication),
      machine_(machine),
      disk_(disk),
      timeout_(machine.world(), nullptr, rings<&PostgresCopy::given_up>(this)) {}

DatabaseServer* PostgresCopy::server() const {
  if (!machine_.up()) return nullptr;
  DatabaseServer* found = machine_.part<DatabaseServers>().find(replication_.resource());
  if (!found) return nullptr;
  // One that shuts down in order still sends what it wrote.
  return found->state() == ServerState::running || found->state() == ServerState::stopping ? found : nullptr;
}

bool PostgresCopy::commits_flow() const {
  if (!waits_for_standby) return true;
  return std::ranges::any_of(replication_.copies(), [](const PostgresCopy& copy) { return copy.flows_; });
}

void PostgresCopy::write(std::int64_t count, bool acknowledged) {
  version_.position += count;
  if (acknowledged) replication_.data_.acknowledge(version_);
  replication_.stream(*this);
}

void PostgresCopy::say(std::string name, std::string text) {
  version_ = replication_.data_.say(version_, std::move(name), std::move(text));
  replication_.stream(*this);
}

std::string PostgresCopy::read(std::string_view name) const {
  return std::string(replication_.data_.read(version_, name));
}

std::int64_t PostgresCopy::missing_acknowledged() const { return replication_.data_.missing(version_); }

bool PostgresCopy::is_newest() const {
  return std::ranges::all_of(replication_.copies(), [&](const PostgresCopy& other) {
    return !other.server() || other.version_.position <= version_.position;
  });
}

void PostgresCopy::begin_timeline() {
  stops_flowing(false);
  version_ = replication_.data_.start(replication_.data_.fork(version_));
  waits_for_standby = false;
}

bool PostgresCopy::copy_from_primary() {
  const PostgresCopy* from = replication_.primary();
  if (!from || from == this) return false;
  machine_.world().part<Clients>().settle();
  version_ = from->version_;
  locked = false;
  return true;
}

void PostgresCopy::send_all() {
  for (PostgresCopy& copy : replication_.copies_) {
    if (&copy != this && copy.flows_ && replication_.data_.holds(version_, copy.version_))
      copy.version_ = version_;
  }
}

// Who closes the connection is missed at once; who falls silent after wal_sender_timeout.
void PostgresCopy::stops_flowing(bool silently) {
  if (!flows_ && !seen_) return;
  if (std::exchange(flows_, false)) {
    machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                   .kind = "postgres-replication",
                                                   .object = replication_.resource(),
                                                   .from = "streaming",
                                                   .to = "disconnected"});
  }
  const Duration patience =
      machine_.world().part<Clients>().config(replication_.resource()).wal_sender_timeout;
  if (!silently) {
    timeout_.disarm();
    seen_ = false;
  } else if (!timeout_.armed()) {
    timeout_.arm_in(patience);
  }
}

void PostgresCopy::given_up() {
  timeout_.disarm();
  seen_ = false;
}

// --- All of a resource ---

PostgresCopy& Replication::copy(Machine& machine) {
  const auto known =
      std::ranges::find_if(copies_, [&](const PostgresCopy& copy) { return &copy.machine_ == &machine; });
  if (known != copies_.end()) return *known;
  BlockDevice* disk = world_.part<BlockDevices>().find(machine, "/dev/root");
  PostgresCopy& made = copies_.emplace_back(*this, machine, *disk);
  // The first base backup was taken before the story begins.
  made.version_ = copies_.size() == 1 ? Version{data_.begin(), 0} : copies_.front().version_;
  return made;
}

PostgresCopy* Replication::primary() const {
  for (const PostgresCopy& copy : copies_) {
    const DatabaseServer* server = copy.server();
    if (server && !server->is_standby()) return const_cast<PostgresCopy*>(&copy);
  }
  return nullptr;
}

bool Replication::can_stream(const PostgresCopy& from, const PostgresCopy& to) const {
  if (!from.machine_.serves() || !to.machine_.serves()) return false;
  const Addresses& addresses = world_.part<Addresses>();
  if (addresses.known().contains(primary_address_) && !addresses.is_bound(from.machine_, primary_address_))
    return false;
  return hear_each_other(from, to) && data_.holds(from.version_, to.version_);
}

bool Replication::hear_each_other(const PostgresCopy& a, const PostgresCopy& b) const {
  const Network& network = world_.network();
  const EndpointId first = endpoint(a.machine_.id()), second = endpoint(b.machine_.id());
  const auto named = network.find_network(world_.part<Clients>().config(resource_).network);
  return named ? network.passes_both_ways(first, second, *named) : network.passes_both_ways(first, second);
}

void Replication::look() {
  if (world_.ending() || std::exchange(looking_, true)) return;
  world_.part<Clients>().settle();
  const PostgresCopy* from = primary();
  for (PostgresCopy& copy : copies_) {
    const DatabaseServer* server = copy.server();
    const bool standby = server && server->is_standby();
    if (from && standby && can_stream(*from, copy)) {
      copy.timeout_.disarm();
      copy.seen_ = true;
      if (std::exchange(copy.flows_, true)) continue;
      world_.observe(backend::StateChanged{.node = copy.machine_.name(),
                                           .kind = "postgres-replication",
                                           .object = resource_,
                                           .from = "disconnected",
                                           .to = "streaming"});
      continue;
    }
    // A process that ended says so, if anybody can hear it; so does a primary that ends.
    const bool heard =
        from && copy.machine_.serves() && !server &&
        world_.network().passes_both_ways(endpoint(from->machine_.id()), endpoint(copy.machine_.id()));
    copy.stops_flowing(from && !heard);
  }
  if (from) stream(*from);
  looking_ = false;
  world_.part<Clients>().look();
}

// Standbys that are connected hold all but the last few writes.
void Replication::stream(const PostgresCopy& from) {
  const double rate = world_.part<Clients>().config(resource_).writes_per_second;
  const auto behind = static_cast<std::int64_t>(rate * to_seconds(lag(from)));
  for (PostgresCopy& copy : copies_) {
    if (!copy.flows_ || &copy == &from) continue;
    const Version reached{from.version_.generation, from.version_.position - behind};
    const bool on_this_timeline = reached.position >= data_.start(reached.generation).position;
    if (on_this_timeline && data_.holds(reached, copy.version_)) copy.version_ = reached;
  }
}

// A commit that waits for its standby is told to nobody before it is there.
Duration Replication::lag(const PostgresCopy& from) const {
  if (from.waits_for_standby) return {};
  return world_.part<Clients>().config(resource_).replication_lag + extra_lag_;
}

void Replication::set_extra_lag(Duration lag) {
  world_.part<Clients>().settle();
  extra_lag_ = lag;
  look();
}

// --- All of the world ---

Replication& Replications::find(std::string_view resource) {
  if (Replication* found = known(resource)) return *found;
  return all_.emplace_back(world_, std::string(resource));
}

Replication* Replications::known(std::string_view resource) {
  const auto found =
      std::ranges::find_if(all_, [&](const Replication& each) { return each.resource() == resource; });
  return found == all_.end() ? nullptr : &*found;
}

void Replications::unlock(Machine& machine) {
  for (Replication& each : all_) each.copy(machine).locked = false;
}

void Replications::look() {
  for (Replication& each : all_) each.look();
}

}  // namespace fencepost::models
