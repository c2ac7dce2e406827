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

std::string silence_of(const NfsServer& server) { return "silence of " + server.config.name; }

Result<void> nfs_hang(const Given& given) {
  const auto found = server(given);
  if (!found) return tl::unexpected(found.error());
  auto& servers = given.world().part<NfsServers>();
  return given.press(pressure(silence_of(**found), [&servers, s = *found](bool hung) {
    servers.set_state(*s, hung ? NfsServerState::hung : NfsServerState::up);
  }));
}

Result<void> nfs_slow(const Given& given) {
  const auto found = server(given);
  const auto factor = given.number("factor", 100);
  if (!found) return tl::unexpected(found.error());
  if (!factor) return tl::unexpected(factor.error());
  auto& servers = given.world().part<NfsServers>();
  return given.press({.what = "slowness of " + (*found)->config.name,
                      .strength = *factor,
                      .otherwise = 1,
                      .set = [&servers, s = *found](double now) { servers.set_slowness(*s, now); }});
}

Result<void> nfs_stale(const Given& given) {
  const auto found = server(given);
  if (!found) return tl::unexpected(found.error());
  given.world().part<NfsServers>().forget_handles(**found);
  return {};
}

Result<void> nfs_recover(const Given& given) {
  const auto found = server(given);
  if (!found) return tl::unexpected(found.error());
  given.world().part<Overlaps>().end_all(silence_of(**found));
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

Result<std::vector<DrbdModules::Link>> drbd_links(const Given& given) {
  const auto machine = given.any_node();
  if (!machine) return tl::unexpected(machine.error());
  return given.world().part<DrbdModules>().links(given.text("resource"), (*machine)->name(),
                                                 given.text("peer"));
}

std::string name_of(const DrbdModules::Link& link) {
  const auto& hosts = link.resource->state().config().hosts;
  return "replication of " + link.resource->name() + " between " + hosts[link.a].name + " and " +
         hosts[link.b].name;
}

Result<void> drbd_link_down(const Given& given) {
  const auto links = drbd_links(given);
  if (!links) return tl::unexpected(links.error());
  std::vector<Pressure> cuts;
  for (const DrbdModules::Link& link : *links) {
    cuts.push_back(pressure(name_of(link), [&modules = given.world().part<DrbdModules>(), link](bool cut) {
      modules.cut(link, cut);
    }));
  }
  return given.press(std::move(cuts));
}

Result<void> drbd_link_up(const Given& given) {
  const auto links = drbd_links(given);
  if (!links) return tl::unexpected(links.error());
  for (const DrbdModules::Link& link : *links) given.world().part<Overlaps>().end_all(name_of(link));
  return {};
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

std::string name_of(const char* what, const DrbdHost& there) {
  return std::string(what) + " of " + there.resource->name() + " on " +
         there.resource->state().config().hosts[static_cast<std::size_t>(there.host)].name;
}

Result<void> drbd_disk_stall(const Given& given) {
  const auto found = drbd_host(given);
  if (!found) return tl::unexpected(found.error());
  return given.press(pressure(name_of("stall", *found), [f = *found](bool stalled) {
    f.resource->act_void([&](Drbd& drbd, SimTime now) { drbd.stall_disk(now, f.host, stalled); });
  }));
}

Result<void> drbd_slow(const Given& given) {
  const auto found = drbd_host(given);
  const auto factor = given.number("factor", 10);
  if (!found) return tl::unexpected(found.error());
  if (!factor) return tl::unexpected(factor.error());
  const auto slow = [f = *found](double by) {
    f.resource->act_void([&](Drbd& drbd, SimTime now) { drbd.slow_down(now, f.host, by); });
  };
  return given.press({.what = name_of("slowness", *found), .strength = *factor, .otherwise = 1, .set = slow});
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

// It ends with the mount: what is mounted there next is another one.
Result<void> on_mount(const Given& given, const char* what, void (MountTable::*set)(Mount&, bool)) {
  const auto machine = given.node();
  if (!machine) return tl::unexpected(machine.error());
  const auto found = mount(given, **machine);
  if (!found) return tl::unexpected(found.error());
  const std::string name = std::string(what) + " mount " + std::to_string((*found)->number) + " of " +
                           (*machine)->name() + " " + std::to_string((*machine)->boots());
  return given.press(pressure(name, [there = *machine, set, m = *found](bool on) {
    if (m->mounted) (there->part<MountTable>().*set)(*m, on);
  }));
}

Result<void> fs_readonly(const Given& given) {
  return on_mount(given, "read-only", &MountTable::set_read_only);
}
Result<void> fs_full(const Given& given) { return on_mount(given, "full", &MountTable::set_full); }

Result<Disk*> disk(const Given& given) {
  const auto machine = given.any_node();
  if (!machine) return tl::unexpected(machine.error());
  Disk* found = given.world().part<BlockDevices>().find_disk(**machine, given.text("device"));
  if (found) return found;
  return failure({}, "'" + given.text("device") +
                         "' is no disk of a machine: write /dev/sdb1; for DRBD there is drbd_disk_stall, for "
                         "iSCSI link_down on the target");
}

Result<void> on_disk(const Given& given, const char* what, void (Disk::*set)(bool)) {
  const auto found = disk(given);
  if (!found) return tl::unexpected(found.error());
  return given.press(pressure(what + (*found)->label(), [&world = given.world(), d = *found, set](bool on) {
    world.part<Clients>().settle();
    (d->*set)(on);
    look_at_services(world);
  }));
}

Result<void> io_stall(const Given& given) { return on_disk(given, "stall of ", &Disk::stall); }
Result<void> disk_fail(const Given& given) { return on_disk(given, "failure of ", &Disk::fail); }

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
  return given.press(pressure("stranger with " + *which,
                              [&addresses, a = *which](bool there) { addresses.set_stranger(a, there); }));
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
Result<void> on_database(const Given& given, Pressure pressure,
                         const std::function<void(DatabaseServer&, double)>& set) {
  const auto found = database(given);
  if (!found) return tl::unexpected(found.error());
  Machine* const machine = &(*found)->machine();
  const std::uint64_t life = machine->boots();
  pressure.what += " of " + given.text("resource") + " on " + machine->name() + " " + std::to_string(life);
  pressure.set = [machine, life, resource = given.text("resource"), set](double now) {
    if (!machine->up() || machine->boots() != life) return;
    if (DatabaseServer* there = machine->part<DatabaseServers>().find(resource)) set(*there, now);
  };
  return given.press(std::move(pressure));
}

Result<void> db_crash(const Given& given) {
  const auto found = database(given);
  if (!found) return tl::unexpected(found.error());
  (*found)->crash();
  return {};
}

// The process hangs; the next one is another.
Result<void> db_hang(const Given& given) {
  const auto found = database(given);
  if (!found) return tl::unexpected(found.error());
  const std::uint64_t pid = (*found)->process_id();
  return on_database(given, {.what = "hang of process " + std::to_string(pid)},
                     [pid](DatabaseServer& db, double hung) {
                       if (db.process_id() == pid) db.hang(hung > 0);
                     });
}

Result<void> db_slow(const Given& given) {
  const auto factor = given.number("factor", 1000);
  if (!factor) return tl::unexpected(factor.error());
  return on_database(given, {.what = "slowness", .strength = *factor, .otherwise = 1},
                     [](DatabaseServer& db, double now) { db.slow(now); });
}

Result<void> db_out_of_connections(const Given& given) {
  return on_database(given, {.what = "connections"},
                     [](DatabaseServer& db, double taken) { db.use_up_connections(taken > 0); });
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
  return given.press({.what = "lag of " + given.text("resource"),
                      .strength = static_cast<double>(by->count()),
                      .set = [r = *found](double nanoseconds) {
                        r->set_extra_lag(Duration{static_cast<std::int64_t>(nanoseconds)});
                      }});
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
      given_verb("drbd_link_down", "drbd", "node, [peer], [resource], [for]",
                 "DRBD's replication link is cut, whatever the cluster's network does.",
                 "{at: 60s, verb: drbd_link_down, node: db1, for: 30s}", drbd_link_down),
      given_verb("drbd_link_up", "drbd", "node, [peer], [resource]", "Ends drbd_link_down.",
                 "{at: 90s, verb: drbd_link_up, node: db1}", drbd_link_up),
      given_verb("drbd_disk_fail", "drbd", "node, [resource]",
                 "The lower-level disk fails: DRBD detaches it and goes on over the network.",
                 "{at: 60s, verb: drbd_disk_fail, node: db1, resource: r0}", drbd_disk_fail),
      given_verb("drbd_disk_replace", "drbd", "node, [resource]",
                 "A person puts in a new disk, creates metadata and attaches it: a full resync follows.",
                 "{at: 10m, verb: drbd_disk_replace, node: db1, resource: r0}", drbd_disk_replace),
      given_verb(
          "drbd_disk_stall", "drbd", "node, [resource], [for]",
          "The lower-level disk answers nothing: writes wait, until ko-count drops a peer that stalls them.",
          "{at: 60s, verb: drbd_disk_stall, node: db2, for: 2m}", drbd_disk_stall),
      given_verb("drbd_slow", "drbd", "node, [resource], [factor], [for]",
                 "A resync to or from this node takes factor times as long.",
                 "{at: 60s, verb: drbd_slow, node: db2, factor: 20, for: 10m}", drbd_slow),
      given_verb("drbd_discard", "drbd", "node, [resource]",
                 "After a split brain a person connects again and discards this node's data.",
                 "{at: 10m, verb: drbd_discard, node: db2}", drbd_discard),
      given_verb("fs_readonly", "filesystem", "node, mount, [for]",
                 "The filesystem is remounted read-only, as after an error.",
                 "{at: 60s, verb: fs_readonly, node: db1, mount: /srv/db}", fs_readonly),
      given_verb("fs_full", "filesystem", "node, mount, [for]", "No space is left on the filesystem.",
                 "{at: 60s, verb: fs_full, node: db1, mount: /srv/db, for: 5m}", fs_full),
      given_verb("io_stall", "filesystem", "node, device, [for]",
                 "A local disk answers nothing; who waits for it is in D state.",
                 "{at: 60s, verb: io_stall, node: db1, device: /dev/sdb1, for: 90s}", io_stall),
      given_verb("disk_fail", "filesystem", "node, device, [for]",
                 "A local disk answers every request with an I/O error.",
                 "{at: 60s, verb: disk_fail, node: db1, device: /dev/sdb1}", disk_fail),
      given_verb("nfs_hang", "nfs", "server, [for]", "The NFS server takes requests and answers none.",
                 "{at: 60s, verb: nfs_hang, server: filer, for: 10m}", nfs_hang),
      given_verb("nfs_slow", "nfs", "server, [factor], [for]",
                 "The NFS server takes factor times as long to answer.",
                 "{at: 60s, verb: nfs_slow, server: filer, factor: 1000, for: 10m}", nfs_slow),
      given_verb("nfs_stale", "nfs", "server",
                 "The server has forgotten its clients' file handles: ESTALE until they mount again.",
                 "{at: 60s, verb: nfs_stale, server: filer}", nfs_stale),
      given_verb("nfs_recover", "nfs", "server", "The server answers again.",
                 "{at: 5m, verb: nfs_recover, server: filer}", nfs_recover),
      given_verb("ip_remove", "ip", "[address]", "Somebody takes the service address off its interface.",
                 "{at: 60s, verb: ip_remove, address: 10.0.0.100}", ip_remove),
      given_verb("ip_duplicate", "ip", "[address], [for]",
                 "A host outside the cluster takes the service address too, and clients find it.",
                 "{at: 60s, verb: ip_duplicate, address: 10.0.0.100, for: 5m}", ip_duplicate),
      given_verb("db_crash", "database", "resource, [node]", "The database server dies at once.",
                 "{at: 60s, verb: db_crash, resource: db}", db_crash),
      given_verb("db_hang", "database", "resource, [node], [for]",
                 "The database server stands still, as by SIGSTOP: no answer, no shutdown.",
                 "{at: 60s, verb: db_hang, resource: db, for: 5m}", db_hang),
      given_verb("db_slow", "database", "resource, [node], [factor], [for]",
                 "Queries and shutdown take factor times as long.",
                 "{at: 60s, verb: db_slow, resource: db, factor: 10000, for: 5m}", db_slow),
      given_verb("db_out_of_connections", "database", "resource, [node], [for]",
                 "All connections are taken: new clients are refused.",
                 "{at: 60s, verb: db_out_of_connections, resource: db, for: 2m}", db_out_of_connections),
      given_verb("db_lag", "database", "resource, [by], [for]",
                 "Standbys of a replicated PostgreSQL are so much further behind their primary.",
                 "{at: 60s, verb: db_lag, resource: db, by: 30s, for: 10m}", db_lag),
      given_verb("db_rebuild", "database", "resource, node",
                 "A person removes PGSQL.lock and makes a standby of this node by pg_basebackup.",
                 "{at: 10m, verb: db_rebuild, resource: db, node: db1}", db_rebuild),
      given_verb("db_long_recovery", "database", "resource, [by]",
                 "Crash recoveries of the database take so much longer from now on.",
                 "{at: 0s, verb: db_long_recovery, resource: db, by: 5m}", db_long_recovery),
      given_verb(
          "db_slow_shutdown", "database", "resource, [by]",
          "Orderly shutdowns of the database take so much longer from now on: much to flush, or to archive.",
          "{at: 0s, verb: db_slow_shutdown, resource: db, by: 3m}", db_slow_shutdown),
  };
}

}  // namespace fencepost::models
