// Roles, disks and I/O of a host; what others see of it follows in drbd_link.cpp, whose data wins in
// drbd_resync.cpp.
#include "models/storage/drbd.h"

#include <algorithm>
#include <utility>

#include "engine/base/assert.h"

namespace fencepost::models {

constexpr std::int64_t kExtentBytes = 4 << 20;  // one activity log extent: drbd.conf(5), al-extents

Drbd::Drbd(DrbdResourceConfig config, DrbdTuning tuning, sim::Stream chance)
    : config_(std::move(config)), tuning_(tuning), chance_(chance) {
  HA_ASSERT(config_.hosts.size() >= 2);
  const std::size_t count = config_.hosts.size();
  hosts_.resize(count);
  links_.resize(count * count);
  ways_.assign(count, std::vector<bool>(count, true));
  data_.resize(config_.hosts.front().volumes.size());
  for (std::size_t i = 0; i < config_.connections.size(); ++i) {
    link_of(config_.connections[i].first, config_.connections[i].second).config = static_cast<int>(i);
  }
  // The initial synchronisation was done before the story begins: all copies are of one generation.
  for (Host& host : hosts_) host.volumes.resize(data_.size());
  for (std::size_t v = 0; v < data_.size(); ++v) {
    const Generation first = data_[v].begin();
    for (std::size_t h = 0; h < count; ++h) {
      Volume& volume = hosts_[h].volumes[v];
      volume.has_disk = config_.hosts[h].volumes[v].disk != "none";
      volume.uuids.bitmap.resize(count);
      volume.out_of_sync.resize(count);
      if (!volume.has_disk) continue;
      volume.uuids.current = first;
      volume.version = {first, 0};
    }
  }
  for (Link& link : links_) {
    for (End& end : link.ends) end.volumes.resize(data_.size());
  }
}

std::optional<int> Drbd::find_host(std::string_view name) const {
  for (std::size_t i = 0; i < config_.hosts.size(); ++i) {
    if (config_.hosts[i].name == name) return static_cast<int>(i);
  }
  return std::nullopt;
}

Drbd::Link& Drbd::link_of(int a, int b) {
  return links_[index(std::min(a, b)) * hosts_.size() + index(std::max(a, b))];
}

const DrbdNetOptions& Drbd::net(int a, int b) const {
  return config_.connections[index(link_of(a, b).config)].net;
}

const DrbdVolumeConfig& Drbd::volume_config(int host, int volume) const {
  return config_.hosts[index(host)].volumes[index(volume)];
}

// --- What drbdadm does ---

// Attaches the disks and begins to connect. What the disk is worth, its metadata says.
void Drbd::up(SimTime now, int host) {
  Host& self = hosts_[index(host)];
  if (!self.up) {
    self.up = true;
    set_role(host, DrbdRole::secondary);
  }
  for (int v = 0; v < volumes(); ++v) {
    Volume& volume = volume_of(host, v);
    if (volume.disk != DrbdDisk::diskless || !volume.has_disk) continue;
    // Consistent means: nobody who could know says whether it is the newest copy. Where fencing was not asked
    // for, the kernel takes it for UpToDate.
    const DrbdDisk best = any_fencing(host) ? DrbdDisk::consistent : DrbdDisk::up_to_date;
    set_disk(host, v,
             !volume.consistent ? DrbdDisk::inconsistent
             : volume.outdated  ? DrbdDisk::outdated
                                : best);
  }
  for (int peer = 0; peer < hosts(); ++peer) {
    if (linked(host, peer) && end(host, peer).state == DrbdLinkState::stand_alone) connect(now, host, peer);
  }
}

DrbdAnswer Drbd::down(SimTime now, int host) {
  Host& self = hosts_[index(host)];
  if (!self.up) return DrbdAnswer::done;
  if (self.role == DrbdRole::primary) {
    const DrbdAnswer answer = demote(now, host);
    if (answer != DrbdAnswer::done) return answer;
  }
  for (int peer = 0; peer < hosts(); ++peer) {
    if (linked(host, peer)) disconnect(now, host, peer);
  }
  for (int v = 0; v < volumes(); ++v) set_disk(host, v, DrbdDisk::diskless);
  set_role(host, DrbdRole::unknown);
  self.up = false;
  return DrbdAnswer::done;
}

DrbdAnswer Drbd::promote(SimTime now, int host, bool force) {
  Host& self = hosts_[index(host)];
  if (!self.up) return DrbdAnswer::not_configured;
  if (self.role == DrbdRole::primary) return DrbdAnswer::done;

  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer) || link(host, peer) != DrbdLinkState::connected) continue;
    const bool refuses = peer_role(host, peer) == DrbdRole::primary && !net(host, peer).allow_two_primaries;
    if (!alive_connection(host, peer)) {
      ask_whether_alive(now, host, peer);
      return refuses ? DrbdAnswer::peer_is_primary : DrbdAnswer::peer_not_answering;
    }
    if (refuses) return DrbdAnswer::peer_is_primary;
  }
  if (!has_quorum(host)) return DrbdAnswer::no_quorum;

  for (int v = 0; v < volumes() && !force; ++v) {
    bool good = disk(host, v) == DrbdDisk::up_to_date || disk(host, v) == DrbdDisk::consistent;
    for (int peer = 0; peer < hosts(); ++peer)
      good = good || peer_disk(host, peer, v) == DrbdDisk::up_to_date;
    if (!good) return DrbdAnswer::no_up_to_date_data;
  }
  for (int peer = 0; peer < hosts() && !force; ++peer) {
    if (!linked(host, peer) || link(host, peer) == DrbdLinkState::connected) continue;
    if (net(host, peer).fencing == DrbdFencing::dont_care) continue;
    if (peer_disk(host, peer, 0) <= DrbdDisk::outdated && peer_disk(host, peer, 0) != DrbdDisk::diskless)
      continue;
    End& there = end(host, peer);
    if (there.fencing) return DrbdAnswer::fencing_peer;  // the handler is at work
    there.fence_asked = !config_.handlers.fence_peer.empty();
    there.fencing = there.fence_asked;
    return there.fence_asked ? DrbdAnswer::fencing_peer : DrbdAnswer::no_up_to_date_data;
  }

  for (int v = 0; v < volumes(); ++v) {
    Volume& volume = volume_of(host, v);
    if (volume.disk == DrbdDisk::consistent || (force && volume.disk >= DrbdDisk::inconsistent)) {
      volume.consistent = true;
      volume.outdated = false;
      set_disk(host, v, DrbdDisk::up_to_date);
    }
    volume.primary_indicator = true;
  }
  self.promoted_at = now;
  set_role(host, DrbdRole::primary);
  return DrbdAnswer::done;
}

DrbdAnswer Drbd::demote(SimTime now, int host) {
  Host& self = hosts_[index(host)];
  if (!self.up) return DrbdAnswer::not_configured;
  if (self.role != DrbdRole::primary) return DrbdAnswer::done;
  if (is_open(host)) return DrbdAnswer::in_use;
  for (Volume& volume : self.volumes) {
    volume.primary_indicator = false;
    volume.hot_bytes = 0;
  }
  set_busy(now, host, false);
  for (int peer = 0; peer < hosts(); ++peer) {
    if (linked(host, peer)) end(host, peer).fencing = false;
  }
  set_role(host, DrbdRole::secondary);
  return DrbdAnswer::done;
}

void Drbd::outdate(SimTime, int host) {
  if (!is_up(host) || role(host) == DrbdRole::primary) return;
  for (int v = 0; v < volumes(); ++v) {
    Volume& volume = volume_of(host, v);
    if (volume.disk < DrbdDisk::outdated) continue;
    volume.outdated = true;
    set_disk(host, v, DrbdDisk::outdated);
  }
}

// --- What happens to a host ---

void Drbd::host_down(SimTime now, int host) {
  Host& self = hosts_[index(host)];
  // The others notice by silence: to them it is still connected.
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer)) continue;
    stop_resyncs(now, host, peer);
    Link& link = link_of(host, peer);
    link.handshake_at = kNever;
    end(host, peer) = End{.volumes = std::vector<Peer>(data_.size())};
    if (link.exists) {
      link.exists = false;
      expect_loss(now, peer, host);
    }
  }
  self.busy = false;
  self.frozen = false;
  self.up = false;
  set_role(host, DrbdRole::unknown);
  for (int v = 0; v < volumes(); ++v) {
    volume_of(host, v).opened = 0;
    set_disk(host, v, DrbdDisk::diskless);
  }
}

void Drbd::host_frozen(SimTime now, int host, bool frozen) {
  hosts_[index(host)].frozen = frozen;
  for (int peer = 0; peer < hosts(); ++peer) {
    if (linked(host, peer)) update_way(now, host, peer, !frozen);
  }
}

void Drbd::disk_fails(SimTime now, int host, int v) {
  Volume& volume = volume_of(host, v);
  volume.has_disk = false;
  for (int peer = 0; peer < hosts(); ++peer) {
    if (linked(host, peer)) stop_resyncs(now, host, peer);
  }
  volume.uuids = DrbdUuids{.current = {}, .bitmap = std::vector<Generation>(hosts_.size()), .history = {}};
  volume.consistent = false;
  volume.version = {};
  if (volume.disk == DrbdDisk::diskless) return;
  set_disk(host, v, DrbdDisk::failed);  // on-io-error detach: goes on without it
  set_disk(host, v, DrbdDisk::diskless);
}

void Drbd::disk_works(int host, int v) {
  Volume& volume = volume_of(host, v);
  volume.has_disk = true;
  volume.consistent = false;
  volume.outdated = false;
}

void Drbd::stall_disk(SimTime now, int host, bool stalled) {
  for (Resync& resync : resyncs_) resync.left = left(now, resync);
  hosts_[index(host)].disk_stalled = stalled;
  for (Resync& resync : resyncs_) reschedule(now, resync);
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer)) continue;
    End& there = end(peer, host);
    const DrbdNetOptions& options = net(host, peer);
    const bool counts = stalled && options.ko_count > 0 && role(peer) == DrbdRole::primary &&
                        there.state == DrbdLinkState::connected;
    there.ko_at = counts ? now + options.ko_count * options.timeout : kNever;
  }
}

void Drbd::slow_down(SimTime now, int host, double factor) {
  HA_ASSERT(factor > 0);
  for (Resync& resync : resyncs_) resync.left = left(now, resync);
  hosts_[index(host)].slowness = factor;
  for (Resync& resync : resyncs_) reschedule(now, resync);
}

void Drbd::set_busy(SimTime now, int host, bool busy) {
  if (hosts_[index(host)].busy == busy) return;
  hosts_[index(host)].busy = busy;
  if (!busy) return;
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer) || link(host, peer) != DrbdLinkState::connected) continue;
    End& here = end(host, peer);
    if (here.notices_at != kNever) here.notices_at = std::min(here.notices_at, now + net(host, peer).timeout);
    if (hosts_[index(peer)].disk_stalled) stall_disk(now, peer, true);
  }
}

// --- What the device is used for ---

bool Drbd::open(int host, int volume) {
  if (role(host) != DrbdRole::primary) return false;
  ++volume_of(host, volume).opened;
  return true;
}

void Drbd::close(int host, int volume) {
  HA_ASSERT(volume_of(host, volume).opened > 0);
  --volume_of(host, volume).opened;
}

bool Drbd::is_open(int host) const {
  const auto& all = hosts_[index(host)].volumes;
  return std::any_of(all.begin(), all.end(), [](const Volume& volume) { return volume.opened > 0; });
}

Version Drbd::write(SimTime, int host, int v, std::int64_t count, bool acknowledged) {
  HA_ASSERT(role(host) == DrbdRole::primary);
  begin_generation_if_due(host, v);
  Volume& mine = volume_of(host, v);
  const bool local = mine.disk >= DrbdDisk::inconsistent;
  Version version = mine.version;
  for (int peer = 0; peer < hosts() && !local; ++peer) {  // without a disk of its own it writes on a peer's
    if (replicates(host, peer, v)) version = volume_of(peer, v).version;
  }
  version.position += count;
  if (local) mine.version = version;
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer)) continue;
    if (replicates(host, peer, v)) volume_of(peer, v).version = version;
    if (link(host, peer) != DrbdLinkState::connected)
      mark_out_of_sync(host, peer, v, count * tuning_.bytes_per_write);
  }
  const std::int64_t hot_max =
      std::min(volume_config(host, v).options.al_extents * kExtentBytes, tuning_.volume_bytes);
  mine.hot_bytes =
      count > hot_max / kExtentBytes ? hot_max : std::min(hot_max, mine.hot_bytes + count * kExtentBytes);
  if (acknowledged) data_[index(v)].acknowledge(version);
  return version;
}

Version Drbd::say(SimTime now, int host, int v, std::string name, std::string text) {
  Version version = write(now, host, v, 0, false);
  version = data_[index(v)].say(version, std::move(name), std::move(text));
  return write(now, host, v, 1, false);
}

Version Drbd::visible(int host, int v) const {
  for (int peer = 0; peer < hosts() && disk(host, v) < DrbdDisk::consistent; ++peer) {
    if (peer_disk(host, peer, v) == DrbdDisk::up_to_date) return version(peer, v);
  }
  return version(host, v);
}

std::string_view Drbd::read(int host, int v, std::string_view name) const {
  return data_[index(v)].read(visible(host, v), name);
}

DeviceIo Drbd::reads(int host, int v) const {
  const Host& self = hosts_[index(host)];
  if (self.role != DrbdRole::primary) return DeviceIo::fails;
  if (suspended(host)) return DeviceIo::waits;
  if (disk(host, v) == DrbdDisk::up_to_date) return self.disk_stalled ? DeviceIo::waits : DeviceIo::flows;
  for (int peer = 0; peer < hosts(); ++peer) {
    if (peer_disk(host, peer, v) != DrbdDisk::up_to_date) continue;
    return alive_connection(host, peer) && !hosts_[index(peer)].disk_stalled ? DeviceIo::flows
                                                                             : DeviceIo::waits;
  }
  return config_.options.on_no_data_suspend ? DeviceIo::waits : DeviceIo::fails;
}

DeviceIo Drbd::writes(int host, int v) const {
  const DeviceIo access = reads(host, v);
  if (access != DeviceIo::flows) return access;
  if (!has_quorum(host)) return DeviceIo::fails;  // on-no-quorum io-error; suspend-io is "suspended" above
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer) || link(host, peer) != DrbdLinkState::connected) continue;
    if (net(host, peer).protocol == DrbdProtocol::a) continue;
    if (!alive_connection(host, peer)) return DeviceIo::waits;
    const bool needs_its_disk = net(host, peer).protocol == DrbdProtocol::c;
    const bool has_disk = peer_disk(host, peer, v) >= DrbdDisk::inconsistent;
    if (needs_its_disk && has_disk && hosts_[index(peer)].disk_stalled) return DeviceIo::waits;
  }
  return hosts_[index(host)].disk_stalled ? DeviceIo::waits : DeviceIo::flows;
}

// --- What `drbdadm status` shows ---

DrbdDisk Drbd::peer_disk(int host, int peer, int volume) const {
  return linked(host, peer) ? end(host, peer).volumes[index(volume)].disk : DrbdDisk::unknown;
}

DrbdReplication Drbd::replication(int host, int peer, int volume) const {
  return linked(host, peer) ? end(host, peer).volumes[index(volume)].replication : DrbdReplication::off;
}

// Directly connected nodes with a disk count; nodes known to be outdated do no harm. (drbd.conf(5), quorum)
bool Drbd::has_quorum(int host) const {
  const DrbdQuorum& quorum = config_.options.quorum;
  if (quorum.kind == DrbdQuorum::Kind::off) return true;
  int present = 0, all = 0, unknown = 0, tie_breakers = 0;
  for (int other = 0; other < hosts(); ++other) {
    const bool there =
        other == host || (linked(host, other) && link(host, other) == DrbdLinkState::connected);
    const bool has_disk = volume_config(other, 0).disk != "none";
    if (!has_disk) tie_breakers += there && other != host ? 1 : 0;
    if (!has_disk) continue;
    ++all;
    const DrbdDisk seen = other == host ? disk(host, 0) : peer_disk(host, other, 0);
    if (there && seen != DrbdDisk::diskless) ++present;
    if (!there && seen != DrbdDisk::outdated) ++unknown;
  }
  if (quorum.kind == DrbdQuorum::Kind::number) return present >= quorum.number;
  if (unknown == 0 && present > 0) return true;
  if (quorum.kind == DrbdQuorum::Kind::all) return present == all;
  return 2 * present > all || (2 * present == all && tie_breakers > 0);
}

bool Drbd::suspended(int host) const {
  if (role(host) == DrbdRole::primary && !has_quorum(host) &&
      config_.options.on_no_quorum == DrbdNoQuorum::suspend_io) {
    return true;
  }
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!linked(host, peer)) continue;
    if (end(host, peer).fencing && net(host, peer).fencing == DrbdFencing::resource_and_stonith) return true;
  }
  return false;
}

std::int64_t Drbd::out_of_sync_bytes(SimTime now, int host, int peer, int volume) const {
  for (const Resync& resync : resyncs_) {
    const bool these =
        (resync.source == host && resync.target == peer) || (resync.source == peer && resync.target == host);
    if (these && resync.volume == volume) return left(now, resync);
  }
  return volume_of(host, volume).out_of_sync[index(peer)];
}

// --- Changes ---

void Drbd::set_role(int host, DrbdRole role) {
  DrbdRole& now = hosts_[index(host)].role;
  if (now == role) return;
  report(host, "drbd-role", config_.name, to_string(now), to_string(role));
  now = role;
  tell_peers(host);
}

void Drbd::set_disk(int host, int volume, DrbdDisk disk) {
  DrbdDisk& now = volume_of(host, volume).disk;
  if (now == disk) return;
  report(host, "drbd-disk", config_.name + "/" + std::to_string(volume), to_string(now), to_string(disk));
  now = disk;
  tell_peers(host);
}

void Drbd::set_link(int host, int peer, DrbdLinkState state) {
  DrbdLinkState& now = end(host, peer).state;
  if (now == state) return;
  report(host, "drbd-connection", config_.name + " to " + config_.hosts[index(peer)].name, to_string(now),
         to_string(state));
  now = state;
}

void Drbd::set_replication(int host, int peer, int volume, DrbdReplication state) {
  DrbdReplication& now = end(host, peer).volumes[index(volume)].replication;
  if (now == state) return;
  report(host, "drbd-replication",
         config_.name + "/" + std::to_string(volume) + " to " + config_.hosts[index(peer)].name,
         to_string(now), to_string(state));
  now = state;
}

void Drbd::report(int host, std::string kind, std::string object, std::string from, std::string to) {
  changes_.push_back({host, std::move(kind), std::move(object), std::move(from), std::move(to)});
}

std::vector<DrbdChange> Drbd::changes() { return std::exchange(changes_, {}); }

std::vector<int> Drbd::pri_lost_requests() { return std::exchange(pri_lost_, {}); }

std::vector<Drbd::FenceRequest> Drbd::fence_requests() {
  std::vector<FenceRequest> requests;
  for (int host = 0; host < hosts(); ++host) {
    for (int peer = 0; peer < hosts(); ++peer) {
      if (!linked(host, peer) || !std::exchange(end(host, peer).fence_asked, false)) continue;
      requests.push_back({host, peer});
    }
  }
  return requests;
}

}  // namespace fencepost::models
