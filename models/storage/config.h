// What a scenario's `world` section says about storage, network services and databases: everything that a CIB
// cannot say. The scenario reader fills it; the models only read it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/sim/random.h"
#include "models/storage/drbd_config.h"

namespace fencepost::models {

// world: {nfs: {filer: {exports: [/home]}}}
struct NfsServerConfig {
  std::string name;
  std::vector<std::string> exports;
  // Of one that the cluster runs (nfsserver, exportfs): where clients find it, a resource or an address. Else
  // it is a host of its own.
  std::string address;
  sim::Distribution answer_time = sim::LogNormal{.median = 400us, .sigma = 0.5};
};

// world: {mounts: {db1: [{from: "filer:/home", at: /home, type: nfs, options: hard}]}}
// What is mounted at boot, outside the cluster's care.
struct MountConfig {
  std::string node;
  std::string from;          // "filer:/home", "/dev/sdb1"
  std::string at;            // "/home"
  std::string type = "nfs";  // nfs, nfs4, ext4, xfs
  std::string options;       // "hard,timeo=600,retrans=2", "soft", "ro"
};

// world: {disks: {db1: [{device: /dev/sdb1, size: 20GiB}]}}. Devices that are not listed exist, with
// defaults.
struct DiskConfig {
  std::string node;
  std::string device;
  std::int64_t size_bytes = std::int64_t{20} << 30;
  sim::Distribution access_time = sim::LogNormal{.median = 300us, .sigma = 0.6};  // one 4 KiB access
};

// world: {iscsi: {san: {devices: [/dev/sdb], network: storage}}}: a target outside the cluster, whose disks
// all nodes have under these names. Defaults: iscsid.conf(5) of open-iscsi.
struct IscsiTargetConfig {
  std::string name;
  std::string iqn;  // as the parameter `target` of ocf:heartbeat:iscsi has it
  std::vector<std::string> devices;
  std::string network;                  // that sessions go over; empty: any
  bool at_boot = true;                  // node.startup = automatic; false: the agent logs in
  Duration noop_out_interval = 5s;      // a session is asked so often whether it lives
  Duration noop_out_timeout = 5s;       // and given up after so long without an answer
  Duration replacement_timeout = 120s;  // I/O waits so long for the next session, then it fails
};

// world: {volume_groups: {vg0: {device: /dev/drbd0}}}: an LVM volume group on this physical volume. Its
// volumes are there while LVM-activate has it active.
struct VolumeGroupConfig {
  std::string name;
  std::string device;
};

// world: {filesystems: {fs: {replay: 300ms}}}, by cluster resource, or by device.
struct FilesystemConfig {
  std::string name;
  sim::Distribution journal_replay = sim::Uniform{.min = 100ms, .max = 2s};  // assumed
  sim::Distribution fsck = sim::Uniform{.min = 200ms, .max = 1s};  // a check that finds a clean journal
};

// world: {databases: {db: {writes_per_second: 50, wal_replay_rate: 20MiB}}}, by cluster resource.
// The clients of a database write through its address, as long as it serves them.
struct DatabaseConfig {
  std::string name;
  std::string address;                      // of the clients: a resource, or an address; empty: the only one
  double writes_per_second = 20;            // that clients get acknowledged
  std::int64_t bytes_per_write = 8 << 10;   // that become dirty on disk, and as much in the WAL
  Duration checkpoint_interval = 5min;      // postgresql.conf: checkpoint_timeout
  std::int64_t wal_replay_rate = 16 << 20;  // bytes/s in crash recovery
  sim::Distribution startup = sim::LogNormal{.median = 900ms, .sigma = 0.2};  // clean start until it answers
  sim::Distribution recovery_floor = sim::LogNormal{.median = 300ms, .sigma = 0.3};  // of any crash recovery
  sim::Distribution shutdown_checkpoint = sim::LogNormal{.median = 500ms, .sigma = 0.4};
  std::string network;                  // that standbys come over; empty: any
  Duration replication_lag = 20ms;      // until a standby has what was written (assumed)
  Duration wal_sender_timeout = 60s;    // postgresql.conf: until a standby that fell silent is given up
  std::int64_t flush_rate = 200 << 20;  // bytes/s of dirty pages written by a shutdown
  sim::Distribution select_time = sim::LogNormal{.median = 3ms, .sigma = 0.5};
};

// world: {virtual_machines: {vm1: {memory: 8GiB, dirty_rate: 400MiB}}}, by cluster resource.
struct VirtualMachineConfig {
  std::string name;
  std::int64_t memory = std::int64_t{4} << 30;
  sim::Distribution boot = sim::LogNormal{.median = 20s, .sigma = 0.3};  // until it serves
  sim::Distribution shutdown =
      sim::LogNormal{.median = 6s, .sigma = 0.3};  // ACPI power button until it is off
  bool ignores_shutdown = false;
  std::string storage;  // where its image lies: a directory or device; empty: nothing it could wait for
  std::int64_t dirty_rate = 20 << 20;                // bytes/s of memory that it changes
  std::int64_t working_set = std::int64_t{1} << 30;  // of memory that it changes again and again
  std::int64_t bandwidth = 110 << 20;                // bytes/s of a migration (1 Gbit/s)
  Duration downtime_limit = 300ms;                   // QEMU: the rest must be sent in so short a time
};

// world: {web_servers: {web: {root: /srv/www, address: ip}}}, by cluster resource (apache, nginx).
struct WebServerConfig {
  std::string name;
  std::string root;                 // where its pages lie: below a mount; empty: nothing it could wait for
  std::string address;              // of the clients: a resource, or an address; empty: the machine's own
  double requests_per_second = 20;  // for pages
  int workers = 150;                // Debian's MaxRequestWorkers of Apache's mpm_event
};

// world: {clients: {network: lan, arp_timeout: 1min}}
struct ClientsConfig {
  std::string network;         // over which they come; empty: none of the networks, their way is always there
  Duration arp_timeout = 60s;  // until a client that missed an announcement asks again
};

// world: {processes: [{node: db1, command: rsync, uses: [/srv/db], works_on: /home}]}
// A process that people or cron run: it is there while everything it uses is mounted, and keeps it busy.
struct ProcessConfig {
  std::string node;  // empty: on any node
  std::string command;
  std::vector<std::string> uses;  // mount points
  std::string works_on;           // a mount point it keeps reading; empty: it only sits there
  Duration every = 5s;            // how often it does that
  bool survives_sigterm = false;  // it catches SIGTERM and goes on
};

// world: {agents: {fs: {monitor_walks_mounts: true}}}, by cluster resource, or by agent type
// ("Filesystem"). The agent as installed, not the resource as configured.
struct AgentHabits {
  std::string name;
  bool monitor_walks_mounts =
      false;  // its monitor runs `df` over all mounts, as older and in-house agents do
};

// world: {durations: {"fs:start": {median: 200ms, sigma: 0.3}}}: the agent's own work in one action, by
// "resource:action" or "type:action"; replaces the default of docs/models.md.
using DurationOverrides = std::map<std::string, sim::Distribution>;

struct DrbdWorld {
  std::vector<DrbdResourceConfig> resources;
  std::int64_t volume_size_bytes = std::int64_t{20} << 30;
  std::int64_t network_rate = 110 << 20;   // bytes/s a resync can get out of link and disks (1 Gbit/s)
  std::int64_t bytes_per_write = 8 << 10;  // that a write makes dirty in the bitmap
  Duration handshake = 150ms;              // from a successful connect to Established
  std::string network;                     // the network of its own that it has; empty: the first
};

struct StorageConfig {
  std::vector<std::string>
      images;  // files with a filesystem, mounted by loop, that all nodes see (the lab's images)
  std::vector<NfsServerConfig> nfs_servers;
  std::vector<MountConfig> mounts;
  std::vector<DiskConfig> disks;
  std::vector<IscsiTargetConfig> iscsi_targets;
  std::vector<VolumeGroupConfig> volume_groups;
  std::vector<FilesystemConfig> filesystems;
  std::vector<DatabaseConfig> databases;
  std::vector<VirtualMachineConfig> virtual_machines;
  std::vector<WebServerConfig> web_servers;
  ClientsConfig clients;
  std::vector<ProcessConfig> processes;
  std::vector<AgentHabits> habits;
  DurationOverrides durations;
  DrbdWorld drbd;
  bool dead_nfs_is_killable =
      true;  // false: what waits for a dead NFS server is in D state, as on old kernels
};

}  // namespace fencepost::models
