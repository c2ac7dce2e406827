#include "models/services/web_servers.h"

#include <algorithm>
#include <utility>

#include "models/core/service_watch.h"
#include "models/machine.h"
#include "models/os/storage_world.h"
#include "models/services/addresses.h"
#include "models/world.h"

namespace fencepost::models {

// Ends with the server's process, whatever ends it.
struct WebServerLife {
  WebServer& server;
  explicit WebServerLife(WebServer& of) : server(of) {}
  WebServerLife(const WebServerLife&) = delete;
  WebServerLife& operator=(const WebServerLife&) = delete;
  ~WebServerLife() {
    server.process_ = nullptr;
    server.full_ = false;
    server.exhausted_.disarm();
    server.turned();
  }
};

// As long as workers wait for a page.
struct WorkersWait {
  WebServer& server;
  explicit WorkersWait(WebServer& of) : server(of) {}
  WorkersWait(const WorkersWait&) = delete;
  WorkersWait& operator=(const WorkersWait&) = delete;
  ~WorkersWait() {
    server.waiting_ = nullptr;
    server.full_ = false;
    server.exhausted_.disarm();
    server.turned();
  }
};

WebServer::WebServer(Machine& machine, std::string resource, std::string program)
    : machine_(machine),
      resource_(std::move(resource)),
      program_(std::move(program)),
      exhausted_(machine.world(), &machine, rings<&WebServer::all_workers_wait>(this)) {}

void WebServer::start() {
  if (runs()) return;
  Process& process = machine_.spawn(program_ + " -k start");
  process_ = &process;
  machine_.start(process, serve(process));
  turned();
  look();
}

Script WebServer::serve(Process& self) {
  const WebServerLife life{*this};
  for (;;) co_await self.sleep(24h * 36500);  // until a signal ends it
}

void WebServer::stop() {
  if (process_) process_->kill();
  if (waiting_) waiting_->kill();  // workers that do not end by themselves
}

void WebServer::crash() { stop(); }

// --- Its pages ---

MountPtr WebServer::pages() const {
  const std::string& root = machine_.world().part<WebServers>().config(resource_).root;
  return root.empty() ? nullptr : machine_.part<MountTable>().of(root);
}

bool WebServer::pages_there() const {
  return machine_.world().part<WebServers>().config(resource_).root.empty() || pages() != nullptr;
}

bool WebServer::pages_answer() const {
  const MountPtr mount = pages();
  if (!mount) return true;
  return mount->is_nfs() ? mount->connection->answers() : mount->device->reads() != DeviceIo::waits;
}

bool WebServer::serves() const {
  return answers() && machine_.serves() && pages_there() && pages_answer() && !waiting_;
}

void WebServer::look() {
  if (!runs() || waiting_ || pages_answer()) return;
  const WebServerConfig& config = machine_.world().part<WebServers>().config(resource_);
  if (config.requests_per_second <= 0) return;
  Process& process = machine_.spawn(program_ + " (workers of " + resource_ + ")");
  waiting_ = &process;
  const double seconds = config.workers / config.requests_per_second;
  constexpr double kNobodySeesIt = 100 * 365 * 86400.0;  // and beyond that a Duration ends
  if (seconds < kNobodySeesIt) exhausted_.arm_in(Duration{static_cast<std::int64_t>(seconds * 1e9)});
  machine_.start(process, wait_for_pages(process));
}

Script WebServer::wait_for_pages(Process& self) {
  const WorkersWait wait{*this};
  MountTable& table = machine_.part<MountTable>();
  const MountPtr mount = pages();
  if (!mount) co_return 0;
  const MountUse use{
      mount,
      MountUser{
          .pid = self.pid(), .command = self.command_line(), .on_sigterm = {}, .ignores_sigterm = false}};
  co_return co_await table.read(self, mount) == Errno::ok ? 0 : 1;
}

void WebServer::all_workers_wait() {
  full_ = true;
  turned();
}

void WebServer::turned() {
  changed.wake_all();
  if (!machine_.up()) return;
  machine_.part<ResourceTruth>().refresh();
  machine_.world().part<WebServers>().look();
}

// --- All of a machine, all of the world ---

WebServer* WebServersOfMachine::known(std::string_view resource) {
  const auto found =
      std::ranges::find_if(servers_, [&](const auto& server) { return server->resource() == resource; });
  return found == servers_.end() ? nullptr : found->get();
}

WebServer& WebServersOfMachine::find(std::string_view resource, std::string_view program) {
  if (WebServer* server = known(resource)) return *server;
  servers_.push_back(std::make_unique<WebServer>(machine_, std::string(resource), std::string(program)));
  return *servers_.back();
}

const WebServerConfig& WebServers::config(std::string_view resource) {
  const auto known = services_.find(resource);
  if (known != services_.end()) return known->second.config;
  Service& service = services_[std::string(resource)];
  service.config.name = resource;
  for (const WebServerConfig& given : world_.part<StorageWorld>().config().web_servers)
    if (given.name == resource) service.config = given;
  world_.part<ServiceWatch>().leave_to_model(resource);
  return service.config;
}

// Clients come to the address that the scenario names; to the machine's own if it names none.
bool WebServers::is_found(const Machine& machine, const WebServerConfig& config) const {
  const Addresses& addresses = world_.part<Addresses>();
  if (!addresses.clients_reach(machine)) return false;
  if (config.address.empty()) return true;
  const std::string_view address = addresses.find(config.address);
  return !address.empty() && addresses.is_bound(machine, address) &&
         addresses.owner(address) == machine.name();
}

// Workers that begin to wait are looked at here, too, and lead back here.
void WebServers::look() {
  if (std::exchange(looking_, true)) return;
  for (auto& [resource, service] : services_) {
    std::string node;
    for (const auto& machine : world_.machines()) {
      WebServer* server = machine->up() ? machine->part<WebServersOfMachine>().known(resource) : nullptr;
      if (!server) continue;
      server->look();
      if (node.empty() && server->serves() && is_found(*machine, service.config)) node = machine->name();
    }
    if (node == service.node) continue;
    service.node = node;
    world_.observe(
        backend::ServiceChanged{.resource = resource, .available = !node.empty(), .node = service.node});
  }
  looking_ = false;
}

}  // namespace fencepost::models
