#include "models/os/storage_faults.h"

#include <optional>
#include <utility>

#include "models/core/given.h"
#include "models/database/replication.h"
#include "models/database/server.h"
#include "models/machine.h"
#include "models/os/block_device.h"
#include "models/os/drbd_modules.h"
#include "models/os/mount_table.h"
#include "models/os/nfs_servers.h"
#include "models/services/addresses.h"
#include "models/services/clients.h"
#include "models/services/look.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// --- NFS ---

Result<NfsServer*> server(const Given& given) {
  NfsServer* found = given.world().part<NfsServers>().find(given.text("server"));
  if (found) return found;
  return failure({}, "no NFS server '" + given.text("server") + "': describe it under world.nfs");
}

Result<void> nfs_hang(const Given& given) {
  const auto found = server(given);
  if (!found) return tl::unexpected(found.error());
  auto& servers = given.world().part<NfsServers>();
  return given.lasting([&] { servers.set_state(**found, NfsServerState::hung); },
                       [&servers, s = *found] { servers.set_state(*s, NfsServerState::up); });
}

Result<void> nfs_slow(const Given& given) {
  const auto found = server(given);
  const auto factor = given.number("factor", 100);
  if (!found) return tl::unexpected(found.error());
  if (!factor) return tl::unexpected(factor.error());
  auto& servers = given.world().part<NfsServers>();
  return given.lasting([&] { servers.set_slowness(**found, *factor); },
                       [&servers, s = *found] { servers.set_slowness(*s, 1); });
}

Result<void> nfs_stale(const Given& given) {
  const auto found = server(given);
  if (!found) return tl::unexpected(found.error());
  given.world().part<NfsServers>().set_state(**found, NfsServerState::stale);
  return {};
}

Result<void> nfs_recover(const Given& given) {
  const auto found = server(given);
  if (!found) return tl::unexpected(found.error());
  given.world().part<NfsServers>().set_state(**found, NfsServerState::up);
  return {};
}

// --- DRBD ---

struct DrbdHost {
  DrbdResource* resource = nullptr;
  int host = 0;
};

Result<DrbdHost> drbd_host(const Given& given) {
  const auto id = resolve(given.world(), given.text("node"));
  if (!id) return tl::unexpected(id.error());
  const Machine& machine = given.world().machine(*id);
  auto& modules = given.world().part<DrbdModules>();
  const std::string name = given.text("resource");
  for (const DrbdResource& resource : modules.resources()) {
    if (!name.empty() && resource.name() != name) continue;
    if (const auto host = resource.host(machine)) return DrbdHost{modules.find(resource.name()), *host};
  }
  return failure({}, "no DRBD resource '" + name + "' on node " + machine.name() + ": check world.drbd");
}

Result<void> drbd_link_down(const Given& given) {
  auto& modules = given.world().part<DrbdModules>();
  const auto id = resolve(given.world(), given.text("node"));
  if (!id) return tl::unexpected(id.error());
  const std::string resource = given.text("resource"), node = given.world().machine(*id).name(),
                    peer = given.text("peer");
  if (auto cut = modules.cut(resource, node, peer, true); !cut) return cut;
  return given.lasting([] {}, [&modules, resource, node,
                               peer] { static_cast<void>(modules.cut(resource, node, peer, false)); });
}

Result<void> drbd_link_up(const Given& given) {
  const auto id = resolve(given.world(), given.text("node"));
  if (!id) return tl::unexpected(id.error());
  return given.world().part<DrbdModules>().cut(given.text("resource"), given.world().machine(*id).name(),
                                               given.text("peer"), false);
}

Result<void> drbd_disk_fail(const Given& given) {
  const auto found = drbd_host(given);
  if (!found) return tl::unexpected(found.error());
  found->resource->act_void([&](Drbd& drbd, SimTime now) {
    for (int v = 0; v < drbd.volumes(); ++v) drbd.disk_fails(now, found->host, v);
  });
  return {};
}

Result<void> drbd_disk_replace(const Given& given) {
  const auto found = drbd_host(given);
  if (!found) return tl::unexpected(found.error());
  found->resource->act_void([&](Drbd& drbd, SimTime now) {
    for (int v = 0; v < drbd.volumes(); ++v) drbd.disk_works(found->host, v);
    for (int peer = 0; peer < drbd.hosts(); ++peer) {
      if (peer != found->host) drbd.disconnect(now, found->host, peer);
    }
    if (drbd.is_up(found->host)) drbd.up(now, found->host);
  });
  return {};
}

Result<void> drbd_disk_stall(const Given& given) {
  const auto found = drbd_host(given);
  if (!found) return tl::unexpected(found.error());
  const auto stall = [f = *found](bool stalled) {
    f.resource->act_void([&](Drbd& drbd, SimTime now) { drbd.stall_disk(now, f.host, stalled); });
  };
  return given.lasting([&] { stall(true); }, [stall] { stall(false); });
}

Result<void> drbd_slow(const Given& given) {
  const auto found = drbd_host(given);
  const auto factor = given.number("factor", 10);
  if (!found) return tl::unexpected(found.error());
  if (!factor) return tl::unexpected(factor.error());
  const auto slow = [f = *found](double by) {
    f.resource->act_void([&](Drbd& drbd, SimTime now) { drbd.slow_down(now, f.host, by); });
  };
  return given.lasting([&] { slow(*factor); }, [slow] { slow(1); });
}

// What a person does after a split brain: drbdadm disconnect; drbdadm connect --discard-my-data there, and
// drbdadm connect on the others.
Result<void> drbd_discard(const Given& given) {
  const auto found = drbd_host(given);
  if (!found) return tl::unexpected(found.error());
  if (found->resource->state().role(found->host) == DrbdRole::primary) {
    return failure({}, "drbd_discard: " + given.text("node") + " is Primary: its data cannot be discarded");
  }
  found->resource->act_void([&](Drbd& drbd, SimTime now) {
    for (int peer = 0; peer < drbd.hosts(); ++peer) {
      if (peer == found->host) continue;
      drbd.connect_discarding(now, found->host, peer);
      drbd.connect(now, peer, found->host);
    }
  });
  return {};
}

// --- Filesystems and disks ---

Result<MountPtr> mount(const Given& given, Machine& machine) {
  const MountPtr found = machine.part<MountTable>().at(given.text("mount"));
  if (found) return found;
  return failure({}, "nothing is mounted at '" + given.text("mount") + "' on " + machine.name() + " now");
}

Result<void> on_mount(const Given& given, void (MountTable::*set)(Mount&, bool)) {
  const auto machine = given.node();
  if (!machine) return tl::unexpected(machine.error());
  const auto found = mount(given, **machine);
  if (!found) return tl::unexpected(found.error());
  Machine* const there = *machine;
  return given.lasting([&] { (there->part<MountTable>().*set)(**found, true); },
                       [there, set, m = *found] {
                         if (m->mounted) (there->part<MountTable>().*set)(*m, false);
                       });
}

Result<void> fs_readonly(const Given& given) { return on_mount(given, &MountTable::set_read_only); }
Result<void> fs_full(const Given& given) { return on_mount(given, &MountTable::set_full); }

Result<Disk*> disk(const Given& given) {
  const auto id = resolve(given.world(), given.text("node"));
  if (!id) return tl::unexpected(id.error());
  Disk* found =
      given.world().part<BlockDevices>().find_disk(given.world().machine(*id), given.text("device"));
  if (found) return found;
  return failure(
      {}, "'" + given.text("device") + "' is no disk: write /dev/sdb1; for DRBD there is drbd_disk_stall");
}

Result<void> on_disk(const Given& given, Disk* disk, void (Disk::*set)(bool)) {
  const auto turn = [&world = given.world(), disk, set](bool on) {
    world.part<Clients>().settle();
    (disk->*set)(on);
    look_at_services(world);
  };
  return given.lasting([&] { turn(true); }, [turn] { turn(false); });
}

Result<void> io_stall(const Given& given) {
  const auto found = disk(given);
  if (!found) return tl::unexpected(found.error());
  return on_disk(given, *found, &Disk::stall);
}

Result<void> disk_fail(const Given& given) {
  const auto found = disk(given);
  if (!found) return tl::unexpected(found.error());
  return on_disk(given, *found, &Disk::fail);
}

// --- Addresses ---

Result<std::string> address(const Given& given) {
  const std::string text = given.text("address");
  if (!text.empty()) {
    const std::string_view found = given.world().part<Addresses>().find(text);
    return found.empty() ? text : std::string(found);
  }
  const auto& known = given.world().part<Addresses>().known();
  if (known.size() == 1) return *known.begin();
  return failure(
      {}, "give the address: " + std::string(known.empty() ? "none is bound yet" : "there are several"));
}

Result<void> ip_remove(const Given& given) {
  const auto which = address(given);
  if (!which) return tl::unexpected(which.error());
  auto& addresses = given.world().part<Addresses>();
  bool found = false;
  for (const auto& machine : given.world().machines()) {
    if (!addresses.is_bound(*machine, *which)) continue;
    addresses.release(*machine, *which);
    found = true;
  }
  return found ? Result<void>{} : given.impossible("address " + *which + " is not bound anywhere now");
}

Result<void> ip_duplicate(const Given& given) {
  const auto which = address(given);
  if (!which) return tl::unexpected(which.error());
  auto& addresses = given.world().part<Addresses>();
  return given.lasting([&] { addresses.set_stranger(*which, true); },
                       [&addresses, a = *which] { addresses.set_stranger(a, false); });
}

// --- Databases ---

// Where it runs, unless a node is named.
Result<DatabaseServer*> database(const Given& given) {
  for (const auto& machine : given.world().machines()) {
    if (!machine->up()) continue;
    const std::string node = given.text("node");
    if (!node.empty() && resolve(given.world(), node) != machine->id()) continue;
    DatabaseServer* found = machine->part<DatabaseServers>().find(given.text("resource"));
    if (found && found->has_process()) return found;
  }
  return failure({}, "database '" + given.text("resource") + "' runs nowhere now");
}

// It may be gone with its machine when the fault ends.
Result<void> on_database(const Given& given, const std::function<void(DatabaseServer&, bool)>& set) {
  const auto found = database(given);
  if (!found) return tl::unexpected(found.error());
  Machine* const machine = &(*found)->machine();
  const std::uint64_t life = machine->boots();
  const std::string resource = given.text("resource");
  return given.lasting([&] { set(**found, true); },
                       [machine, life, resource, set] {
                         if (!machine->up() || machine->boots() != life) return;
                         if (DatabaseServer* there = machine->part<DatabaseServers>().find(resource))
                           set(*there, false);
                       });
}

Result<void> db_crash(const Given& given) {
  const auto found = database(given);
  if (!found) return tl::unexpected(found.error());
  (*found)->crash();
  return {};
}

Result<void> db_hang(const Given& given) {
  return on_database(given, [](DatabaseServer& db, bool on) { db.hang(on); });
}

Result<void> db_slow(const Given& given) {
  const auto factor = given.number("factor", 1000);
  if (!factor) return tl::unexpected(factor.error());
  return on_database(given, [by = *factor](DatabaseServer& db, bool on) { db.slow(on ? by : 1); });
}

Result<void> db_out_of_connections(const Given& given) {
  return on_database(given, [](DatabaseServer& db, bool on) { db.use_up_connections(on); });
}

Result<void> db_long_recovery(const Given& given) {
  const auto by = given.duration("by", 5min);
  if (!by) return tl::unexpected(by.error());
  given.world().part<DatabaseDelays>().recovery[given.text("resource")] = *by;
  return {};
}

Result<void> db_slow_shutdown(const Given& given) {
  const auto by = given.duration("by", 5min);
  if (!by) return tl::unexpected(by.error());
  given.world().part<DatabaseDelays>().shutdown[given.text("resource")] = *by;
  return {};
}

Result<Replication*> replication(const Given& given) {
  Replication* found = given.world().part<Replications>().known(given.text("resource"));
  if (found) return found;
  return given.impossible("'" + given.text("resource") +
                          "' is no replicated PostgreSQL (rep_mode async or sync)");
}

Result<void> db_lag(const Given& given) {
  const auto found = replication(given);
  const auto by = given.duration("by", 30s);
  if (!found) return tl::unexpected(found.error());
  if (!by) return tl::unexpected(by.error());
  return given.lasting([&] { (*found)->set_extra_lag(*by); }, [r = *found] { r->set_extra_lag({}); });
}

// rm PGSQL.lock; pg_basebackup; crm_resource --cleanup is another fault.
Result<void> db_rebuild(const Given& given) {
  const auto found = replication(given);
  const auto machine = given.node();
  if (!found) return tl::unexpected(found.error());
  if (!machine) return tl::unexpected(machine.error());
  const DatabaseServer* server = (*machine)->part<DatabaseServers>().find(given.text("resource"));
  if (server && server->has_process())
    return given.impossible("its server runs on " + (*machine)->name() + ": stop it first");
  if ((*found)->copy(**machine).copy_from_primary()) return {};
  return given.impossible("there is no primary to copy from now");
}

}  // namespace

std::vector<FaultVerb> storage_fault_verbs() {
  return {
      given_verb("drbd_link_down", "drbd", "node, peer, resource, for",
                 "DRBD's replication link is cut, whatever the cluster's network does.",
                 "{at: 60s, verb: drbd_link_down, node: db1, for: 30s}", drbd_link_down),
      given_verb("drbd_link_up", "drbd", "node, peer, resource", "Ends drbd_link_down.",
                 "{at: 90s, verb: drbd_link_up, node: db1}", drbd_link_up),
      given_verb("drbd_disk_fail", "drbd", "node, resource",
                 "The lower-level disk fails: DRBD detaches it and goes on over the network.",
                 "{at: 60s, verb: drbd_disk_fail, node: db1, resource: r0}", drbd_disk_fail),
      given_verb("drbd_disk_replace", "drbd", "node, resource",
                 "A person puts in a new disk, creates metadata and attaches it: a full resync follows.",
                 "{at: 10m, verb: drbd_disk_replace, node: db1, resource: r0}", drbd_disk_replace),
      given_verb(
          "drbd_disk_stall", "drbd", "node, resource, for",
          "The lower-level disk answers nothing: writes wait, until ko-count drops a peer that stalls them.",
          "{at: 60s, verb: drbd_disk_stall, node: db2, for: 2m}", drbd_disk_stall),
      given_verb("drbd_slow", "drbd", "node, resource, factor, for",
                 "A resync to or from this node takes factor times as long.",
                 "{at: 60s, verb: drbd_slow, node: db2, factor: 20, for: 10m}", drbd_slow),
      given_verb("drbd_discard", "drbd", "node, resource",
                 "After a split brain a person connects again and discards this node's data.",
                 "{at: 10m, verb: drbd_discard, node: db2}", drbd_discard),
      given_verb("fs_readonly", "filesystem", "node, mount, for",
                 "The filesystem is remounted read-only, as after an error.",
                 "{at: 60s, verb: fs_readonly, node: db1, mount: /srv/db}", fs_readonly),
      given_verb("fs_full", "filesystem", "node, mount, for", "No space is left on the filesystem.",
                 "{at: 60s, verb: fs_full, node: db1, mount: /srv/db, for: 5m}", fs_full),
      given_verb("io_stall", "filesystem", "node, device, for",
                 "A local disk answers nothing; who waits for it is in D state.",
                 "{at: 60s, verb: io_stall, node: db1, device: /dev/sdb1, for: 90s}", io_stall),
      given_verb("disk_fail", "filesystem", "node, device, for",
                 "A local disk answers every request with an I/O error.",
                 "{at: 60s, verb: disk_fail, node: db1, device: /dev/sdb1}", disk_fail),
      given_verb("nfs_hang", "nfs", "server, for", "The NFS server takes requests and answers none.",
                 "{at: 60s, verb: nfs_hang, server: filer, for: 10m}", nfs_hang),
      given_verb("nfs_slow", "nfs", "server, factor, for",
                 "The NFS server takes factor times as long to answer.",
                 "{at: 60s, verb: nfs_slow, server: filer, factor: 1000, for: 10m}", nfs_slow),
      given_verb("nfs_stale", "nfs", "server",
                 "The server has forgotten its clients' file handles: ESTALE until they mount again.",
                 "{at: 60s, verb: nfs_stale, server: filer}", nfs_stale),
      given_verb("nfs_recover", "nfs", "server", "The server answers again.",
                 "{at: 5m, verb: nfs_recover, server: filer}", nfs_recover),
      given_verb("ip_remove", "ip", "address", "Somebody takes the service address off its interface.",
                 "{at: 60s, verb: ip_remove, address: 10.0.0.100}", ip_remove),
      given_verb("ip_duplicate", "ip", "address, for",
                 "A host outside the cluster takes the service address too, and clients find it.",
                 "{at: 60s, verb: ip_duplicate, address: 10.0.0.100, for: 5m}", ip_duplicate),
      given_verb("db_crash", "database", "resource, node", "The database server dies at once.",
                 "{at: 60s, verb: db_crash, resource: db}", db_crash),
      given_verb("db_hang", "database", "resource, node, for",
                 "The database server stands still, as by SIGSTOP: no answer, no shutdown.",
                 "{at: 60s, verb: db_hang, resource: db, for: 5m}", db_hang),
      given_verb("db_slow", "database", "resource, node, factor, for",
                 "Queries and shutdown take factor times as long.",
                 "{at: 60s, verb: db_slow, resource: db, factor: 10000, for: 5m}", db_slow),
      given_verb("db_out_of_connections", "database", "resource, node, for",
                 "All connections are taken: new clients are refused.",
                 "{at: 60s, verb: db_out_of_connections, resource: db, for: 2m}", db_out_of_connections),
      given_verb("db_lag", "database", "resource, by, for",
                 "Standbys of a replicated PostgreSQL are so much further behind their primary.",
                 "{at: 60s, verb: db_lag, resource: db, by: 30s, for: 10m}", db_lag),
      given_verb("db_rebuild", "database", "resource, node",
                 "A person removes PGSQL.lock and makes a standby of this node by pg_basebackup.",
                 "{at: 10m, verb: db_rebuild, resource: db, node: db1}", db_rebuild),
      given_verb("db_long_recovery", "database", "resource, by",
                 "Crash recoveries of the database take so much longer from now on.",
                 "{at: 0s, verb: db_long_recovery, resource: db, by: 5m}", db_long_recovery),
      given_verb(
          "db_slow_shutdown", "database", "resource, by",
          "Orderly shutdowns of the database take so much longer from now on: much to flush, or to archive.",
          "{at: 0s, verb: db_slow_shutdown, resource: db, by: 3m}", db_slow_shutdown),
  };
}

}  // namespace fencepost::models
