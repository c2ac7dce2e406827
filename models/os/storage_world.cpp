#include "models/os/storage_world.h"

#include <algorithm>
#include <utility>

#include "models/agents/storage_agents.h"
#include "models/database/server.h"
#include "models/hooks.h"
#include "models/machine.h"
#include "models/os/drbd_modules.h"
#include "models/os/iscsi.h"
#include "models/os/mount_table.h"
#include "models/os/nfs_servers.h"
#include "models/services/addresses.h"
#include "models/services/clients.h"
#include "models/services/virtual_machines.h"
#include "models/services/web_servers.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// Sits on its mounts, and works on one of them if it was told to.
Script background(Process& self, ProcessConfig config) {
  MountTable& table = self.machine().part<MountTable>();
  std::vector<MountUse> uses;
  for (const std::string& at : config.uses) {
    uses.emplace_back(table.of(at), MountUser{.pid = self.pid(),
                                              .command = config.command,
                                              .on_sigterm = {},
                                              .ignores_sigterm = config.survives_sigterm});
  }
  for (;;) {
    if (config.works_on.empty()) {
      co_await self.sleep(24h * 36500);
      continue;
    }
    co_await self.sleep(config.every);
    const MountPtr mount = table.of(config.works_on);
    if (mount) co_await table.read(self, mount);
  }
}

bool runs(const Machine& machine, const std::string& command) {
  const auto& all = machine.processes();
  return std::any_of(all.begin(), all.end(), [&](const Process* p) { return p->command_line() == command; });
}

// kill_resource: a database dies, an address is taken off its interface. A mount or a DRBD device cannot
// crash.
bool kill_service(Machine& machine, std::string_view resource) {
  if (DatabaseServer* database = machine.part<DatabaseServers>().find(resource)) {
    database->crash();
    return true;
  }
  if (Guest* guest = machine.part<Guests>().known(resource); guest && guest->is_on()) {
    guest->end();
    return true;
  }
  if (WebServer* server = machine.part<WebServersOfMachine>().known(resource); server && server->runs()) {
    server->crash();
    return true;
  }
  Addresses& addresses = machine.world().part<Addresses>();
  const std::string address{addresses.find(resource)};
  if (!addresses.is_bound(machine, address)) return false;
  addresses.release(machine, address);
  return true;
}

}  // namespace

Result<void> build_storage(World& world, StorageConfig config) {
  auto& storage = world.part<StorageWorld>();
  storage.config_ = std::move(config);
  for (const auto& server : storage.config_.nfs_servers) {
    if (world.find_machine(server.name)) {
      return failure({}, "NFS server '" + server.name +
                             "' has the name of a node: a server outside the cluster is meant");
    }
    world.part<NfsServers>().add(server);
  }
  for (const auto& resource : storage.config_.drbd.resources) {
    for (const auto& host : resource.hosts) {
      if (!world.find_machine(host.name)) {
        return failure({}, "DRBD resource '" + resource.name + "' has a host '" + host.name +
                               "' that is no node of this cluster: names must be those of `uname -n`");
      }
    }
    const std::string& network = storage.config_.drbd.network;
    if (!network.empty() && !world.network().find_network(network)) {
      return failure({}, "world.drbd: there is no network '" + network + "': name it under world.networks");
    }
    world.part<DrbdModules>().add(resource, storage.config_.drbd);
  }
  for (const auto& mount : storage.config_.mounts) {
    if (!world.find_machine(mount.node)) {
      return failure({}, "world.mounts names a node '" + mount.node + "' that is not there");
    }
    const bool nfs = mount.type == "nfs" || mount.type == "nfs4";
    const std::string server = mount.from.substr(0, mount.from.find(':'));
    if (nfs && !world.part<NfsServers>().find(server)) {
      return failure({}, "world.mounts: no NFS server '" + server + "': describe it under world.nfs");
    }
  }
  for (const IscsiTargetConfig& target : storage.config_.iscsi_targets) {
    if (world.find_machine(target.name))
      return failure({},
                     "world.iscsi: '" + target.name + "' is a node: a target outside the cluster is meant");
    if (!target.network.empty() && !world.network().find_network(target.network))
      return failure(
          {}, "world.iscsi: there is no network '" + target.network + "': name it under world.networks");
    world.part<IscsiTargets>().add(target);
  }
  const std::string& from = storage.config_.clients.network;
  if (!from.empty() && !world.network().find_network(from))
    return failure({}, "world.clients: there is no network '" + from + "': name it under world.networks");
  if (!from.empty()) world.network().add_endpoint("clients");
  for (const auto& database : storage.config_.databases) world.part<Clients>().add(database);
  add_storage_agents(world.agents());
  world.part<Hooks>().kill_resource.push_back(kill_service);
  return {};
}

FilesystemConfig StorageWorld::filesystem(std::string_view resource, std::string_view device) const {
  for (const auto& filesystem : config_.filesystems) {
    if (filesystem.name == resource || filesystem.name == device) return filesystem;
  }
  return {};
}

AgentHabits StorageWorld::habits(std::string_view resource, std::string_view type) const {
  AgentHabits found;
  for (const auto& habits : config_.habits) {
    if (habits.name == resource) return habits;
    if (habits.name == type) found = habits;
  }
  return found;
}

Duration StorageWorld::duration(Machine& machine, const AgentRun& run, const sim::Distribution& usual) const {
  if (!config_.durations.empty()) {
    const std::string action =
        run.is_probe() && config_.durations.contains(std::string(run.resource()) + ":probe") ? "probe"
                                                                                             : run.action();
    for (const std::string_view name : {run.resource(), std::string_view(run.command().type)}) {
      const auto given = config_.durations.find(std::string(name) + ":" + action);
      if (given != config_.durations.end()) return machine.sample(given->second);
    }
  }
  return machine.sample(usual);
}

void StorageWorld::machine_up(Machine& machine) {
  world_.part<IscsiTargets>().boot(machine);
  for (const MountConfig& mount : config_.mounts) {
    if (mount.node != machine.name()) continue;
    const auto done = machine.part<MountTable>().mount_at_boot({.from = mount.from,
                                                                .at = mount.at,
                                                                .type = mount.type,
                                                                .options = mount.options,
                                                                .journal_replay = {}});
    if (!done) world_.observe(backend::Noted{machine.name() + ": " + done.error().message});
  }
}

void StorageWorld::mounted(Machine& machine) {
  const MountTable& table = machine.part<MountTable>();
  for (const ProcessConfig& config : config_.processes) {
    if (!config.node.empty() && config.node != machine.name()) continue;
    const bool all = std::all_of(config.uses.begin(), config.uses.end(),
                                 [&](const std::string& at) { return table.is_mounted(at); });
    if (!all || runs(machine, config.command)) continue;
    Process& process = machine.spawn(config.command);
    machine.start(process, background(process, config));
  }
}

// --- Truth ---

bool ResourceTruth::watches(std::string_view resource) const {
  return std::any_of(watched_.begin(), watched_.end(),
                     [&](const Watched& w) { return w.resource == resource; });
}

void ResourceTruth::add(std::string_view resource, RoleOf role) {
  watched_.push_back({std::string(resource), std::move(role)});
  machine_.set_role(resource, watched_.back().role());
}

void ResourceTruth::refresh() {
  if (!machine_.up()) return;
  for (const Watched& watched : watched_) machine_.set_role(watched.resource, watched.role());
}

}  // namespace fencepost::models
