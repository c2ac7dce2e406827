#include "models/os/nfs_servers.h"

#include <algorithm>
#include <utility>

#include "models/machine.h"
#include "models/os/mount_table.h"
#include "models/os/storage_world.h"
#include "models/services/addresses.h"
#include "models/services/look.h"
#include "models/storage/nfs.h"
#include "models/world.h"

namespace fencepost::models {

const char* to_string(NfsServerState state) {
  switch (state) {
    case NfsServerState::up:
      return "up";
    case NfsServerState::hung:
      return "hung";
    case NfsServerState::stale:
      return "stale";
  }
  return "";
}

bool NfsServer::exports(std::string_view path) const {
  return std::any_of(config.exports.begin(), config.exports.end(), [&](const std::string& exported) {
    return path == exported || (path.starts_with(exported) && path[exported.size()] == '/');
  });
}

// --- Connections ---

NfsConnection::NfsConnection(Machine& machine, NfsServers& servers, NfsServer& server)
    : machine_(machine),
      servers_(servers),
      server_(server),
      resume_(machine.world(), &machine, rings<&NfsConnection::resume>(this)) {
  servers_.connections_.push_back(this);
  look();
}

NfsConnection::~NfsConnection() { std::erase(servers_.connections_, this); }

bool NfsConnection::is_reached() const {
  const Network& network = machine_.world().network();
  if (!server_.is_of_cluster()) return network.passes_both_ways(endpoint(machine_.id()), server_.endpoint);
  const Machine* host = servers_.host(server_);
  return host &&
         (host == &machine_ || network.passes_both_ways(endpoint(machine_.id()), endpoint(host->id())));
}

void NfsConnection::look() {
  const bool reached = is_reached();
  const bool dead = !reached || server_.state == NfsServerState::hung;
  const SimTime now = machine_.world().now();
  if (dead) {
    if (!stuck_) stuck_since_ = now;
    const bool news = !std::exchange(stuck_, true);
    cut_ = cut_ || !reached;
    resume_.disarm();
    if (news) look_at_services(machine_.world());
  } else if (stuck_ && !resume_.armed()) {
    // A server that hung has the requests and answers them; lost packets must be sent again first.
    const Duration answer = machine_.sample(server_.config.answer_time);
    const SimTime heard = cut_ ? stuck_since_ + tcp_resumes_after(now - stuck_since_) : now;
    resume_.arm(heard + answer);
  }
}

void NfsConnection::resume() {
  stuck_ = cut_ = false;
  waiting.wake_all();
  look_at_services(machine_.world());
}

NfsConnection& NfsClient::connection(NfsServer& server) {
  for (const auto& connection : connections_) {
    if (&connection->server() == &server) return *connection;
  }
  connections_.push_back(
      std::make_unique<NfsConnection>(machine_, machine_.world().part<NfsServers>(), server));
  return *connections_.back();
}

// --- Servers ---

void NfsServers::add(const NfsServerConfig& config) {
  NfsServer& server = servers_.emplace_back();
  server.config = config;
  if (!server.is_of_cluster()) server.endpoint = world_.network().add_endpoint(config.name);
}

NfsServer* NfsServers::find(std::string_view name) {
  const auto found = std::find_if(servers_.begin(), servers_.end(),
                                  [&](const NfsServer& s) { return s.config.name == name; });
  return found == servers_.end() ? nullptr : &*found;
}

void NfsServers::set_state(NfsServer& server, NfsServerState state) {
  if (server.state == state) return;
  world_.observe(backend::StateChanged{.node = {},
                                       .kind = "nfs-server",
                                       .object = server.config.name,
                                       .from = to_string(server.state),
                                       .to = to_string(state)});
  server.state = state;
  look_at_all();
}

void NfsServers::forget_handles(NfsServer& server) {
  ++server.handles;
  if (server.state == NfsServerState::up) set_state(server, NfsServerState::stale);
}

void NfsServers::set_slowness(NfsServer& server, double factor) {
  server.slowness = factor;
  world_.observe(backend::StateChanged{.node = {},
                                       .kind = "nfs-server",
                                       .object = server.config.name,
                                       .from = {},
                                       .to = factor == 1 ? "as fast as usual" : "slow"});
}

Machine* NfsServers::host(const NfsServer& server) const {
  const Addresses& addresses = world_.part<Addresses>();
  const std::string address(addresses.find(server.config.address));
  Machine* found = world_.find_machine(addresses.owner(address));
  if (!found || !found->serves() || !addresses.is_bound(*found, address)) return nullptr;
  return found->part<NfsDaemon>().runs() ? found : nullptr;
}

// --- Servers of the cluster ---

NfsDaemon::NfsDaemon(Machine& machine) : machine_(machine) {}

NfsDaemon::~NfsDaemon() = default;

void NfsDaemon::run(bool runs) {
  if (runs_ == runs) return;
  runs_ = runs;
  machine_.world().observe(backend::StateChanged{.node = machine_.name(),
                                                 .kind = "nfs-server",
                                                 .object = "nfsd",
                                                 .from = runs ? "down" : "up",
                                                 .to = runs ? "up" : "down"});
  changed();
}

void NfsDaemon::export_directory(const std::string& directory) {
  if (exports(directory)) return;
  const MountUser kernel{.pid = 0, .command = "[nfsd]", .on_sigterm = {}, .ignores_sigterm = true};
  exported_[directory] = std::make_unique<MountUse>(machine_.part<MountTable>().of(directory), kernel);
  changed();
}

void NfsDaemon::unexport(std::string_view directory) {
  const auto known = exported_.find(directory);
  if (known == exported_.end()) return;
  exported_.erase(known);
  changed();
}

void NfsDaemon::changed() {
  machine_.part<ResourceTruth>().refresh();
  machine_.world().part<NfsServers>().look();
}

void NfsServers::look_at_all() {
  for (NfsConnection* connection : connections_) connection->look();
}

}  // namespace fencepost::models
