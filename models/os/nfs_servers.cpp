#include "models/os/nfs_servers.h"

#include <algorithm>
#include <utility>

#include "models/machine.h"
#include "models/services/virtual_machines.h"
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

void NfsConnection::look() {
  const bool reached = machine_.world().network().passes_both_ways(endpoint(machine_.id()), server_.endpoint);
  const bool dead = !reached || server_.state == NfsServerState::hung;
  const SimTime now = machine_.world().now();
  if (dead) {
    if (!stuck_) stuck_since_ = now;
    const bool news = !std::exchange(stuck_, true);
    cut_ = cut_ || !reached;
    resume_.disarm();
    if (news) machine_.world().part<VirtualMachines>().look();
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
  machine_.world().part<VirtualMachines>().look();
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
  servers_.push_back({.config = config, .endpoint = world_.network().add_endpoint(config.name)});
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
  if (state == NfsServerState::stale) ++server.handles;
  look_at_all();
}

void NfsServers::set_slowness(NfsServer& server, double factor) {
  server.slowness = factor;
  world_.observe(backend::StateChanged{.node = {},
                                       .kind = "nfs-server",
                                       .object = server.config.name,
                                       .from = {},
                                       .to = factor == 1 ? "as fast as usual" : "slow"});
}

void NfsServers::look_at_all() {
  for (NfsConnection* connection : connections_) connection->look();
}

}  // namespace fencepost::models
