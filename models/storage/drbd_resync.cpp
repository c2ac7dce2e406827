// Whose data wins, and how they are copied.
#include <algorithm>

#include "engine/base/assert.h"
#include "models/storage/drbd.h"

namespace fencepost::models {

// After a Primary has lost a peer, and after a promotion without one, the next write begins a generation:
// what is written from here on is not on that peer. (User's Guide 9, "Generation identifiers")
void Drbd::begin_generation_if_due(int host, int v) {
  Volume& mine = volume_of(host, v);
  if (!mine.uuids.current.valid()) return;  // diskless: the peers that are left keep count
  std::vector<int> lost;
  for (int peer = 0; peer < hosts(); ++peer) {
    const bool away = linked(host, peer) && link(host, peer) != DrbdLinkState::connected;
    const bool has_disk = peer != host && volume_config(peer, v).disk != "none";
    if (away && has_disk && !mine.uuids.bitmap[index(peer)].valid()) lost.push_back(peer);
  }
  if (lost.empty()) return;

  const Generation old = mine.uuids.current;
  const Generation next = data_[index(v)].fork(mine.version);
  const auto begin = [&](Volume& volume) {
    for (const int peer : lost) volume.uuids.bitmap[index(peer)] = old;
    volume.uuids.current = next;
    volume.version = {next, volume.version.position};
  };
  for (int peer = 0; peer < hosts(); ++peer) {
    if (replicates(host, peer, v)) begin(volume_of(peer, v));  // connected peers begin it too
  }
  begin(mine);
  report(host, "drbd-generation", config_.name + "/" + std::to_string(v), std::to_string(old.value),
         std::to_string(next.value));
}

void Drbd::mark_out_of_sync(int host, int peer, int v, std::int64_t bytes) {
  std::int64_t& dirty = volume_of(host, v).out_of_sync[index(peer)];
  dirty = std::min(tuning_.volume_bytes, dirty + bytes);
}

// A short silence is over: what the Primary wrote meanwhile (protocol A) arrives.
void Drbd::catch_up(int a, int b) {
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    if (role(from) != DrbdRole::primary) continue;
    for (int v = 0; v < volumes(); ++v) {
      if (replicates(from, to, v)) volume_of(to, v).version = volume_of(from, v).version;
    }
  }
}

// --- Split brain ---

// Who loses its changes, by the after-sb policy for the number of primaries; nobody: the two part.
// (drbd.conf(5), after-sb-*)
std::optional<int> Drbd::split_brain_victim(int a, int b, int v, DrbdVerdict::Kind kind) const {
  if (end(a, b).discard_my_data != end(b, a).discard_my_data) return end(a, b).discard_my_data ? a : b;
  if (kind == DrbdVerdict::Kind::split_brain_unrelated) return std::nullopt;

  const DrbdNetOptions& options = net(a, b);
  const int primaries = (role(a) == DrbdRole::primary ? 1 : 0) + (role(b) == DrbdRole::primary ? 1 : 0);
  const std::optional<int> as_without_primary = victim_without_primary(a, b, v);
  if (primaries == 0) return as_without_primary;
  if (primaries == 2) {
    const bool decides = options.after_sb_2pri != AfterSplitBrain::disconnect;
    return decides ? as_without_primary : std::nullopt;
  }
  const int secondary = role(a) == DrbdRole::primary ? b : a;
  switch (options.after_sb_1pri) {
    case AfterSplitBrain::discard_secondary:
      return secondary;
    case AfterSplitBrain::violently_as0p:
    case AfterSplitBrain::call_pri_lost_after_sb:
      return as_without_primary;
    case AfterSplitBrain::consensus:
      return as_without_primary == secondary ? as_without_primary : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<int> Drbd::victim_without_primary(int a, int b, int v) const {
  const std::int64_t mine = volume_of(a, v).out_of_sync[index(b)];
  const std::int64_t theirs = volume_of(b, v).out_of_sync[index(a)];
  const bool b_is_younger = hosts_[index(b)].promoted_at > hosts_[index(a)].promoted_at;
  switch (net(a, b).after_sb_0pri) {
    case AfterSplitBrain::discard_younger_primary:
      return b_is_younger ? b : a;
    case AfterSplitBrain::discard_older_primary:
      return b_is_younger ? a : b;
    case AfterSplitBrain::discard_zero_changes:
      if ((mine == 0) == (theirs == 0)) return std::nullopt;
      return mine == 0 ? a : b;
    case AfterSplitBrain::discard_least_changes:
      return mine < theirs ? a : b;
    case AfterSplitBrain::discard_node:
      if (config_.hosts[index(a)].name == net(a, b).discard_node) return a;
      if (config_.hosts[index(b)].name == net(a, b).discard_node) return b;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

bool Drbd::asks_for_pri_lost(int a, int b) const {
  const bool both = role(a) == DrbdRole::primary && role(b) == DrbdRole::primary;
  return (both ? net(a, b).after_sb_2pri : net(a, b).after_sb_1pri) ==
         AfterSplitBrain::call_pri_lost_after_sb;
}

// A Primary that nobody uses becomes Secondary. Otherwise its handler is called, which is expected to reboot
// the machine; the other side goes on trying to connect, and finds a Secondary then (drbd.conf-9.0(5)).
bool Drbd::gives_up_primary(SimTime now, int host, int peer) {
  if (demote(now, host) == DrbdAnswer::done) return true;
  if (std::ranges::count(pri_lost_, host) == 0) pri_lost_.push_back(host);
  set_link(host, peer, DrbdLinkState::disconnecting);
  set_link(host, peer, DrbdLinkState::stand_alone);
  return false;
}

// --- Resync ---

void Drbd::start_resync(SimTime now, int source, int target, int v, DrbdVerdict::Kind kind) {
  Volume& from = volume_of(source, v);
  Volume& to = volume_of(target, v);
  from.outdated = false;
  if (from.consistent) set_disk(source, v, DrbdDisk::up_to_date);

  std::int64_t bytes = from.out_of_sync[index(target)] + to.out_of_sync[index(source)];
  for (const Volume* volume : {&from, &to}) {
    const bool crashed =
        volume->primary_indicator && role(volume == &from ? source : target) != DrbdRole::primary;
    if (crashed) bytes += volume->hot_bytes;
  }
  bytes = kind == DrbdVerdict::Kind::full ? tuning_.volume_bytes : std::min(bytes, tuning_.volume_bytes);

  to.consistent = false;
  set_disk(target, v, DrbdDisk::inconsistent);
  set_replication(source, target, v, DrbdReplication::sync_source);
  set_replication(target, source, v, DrbdReplication::sync_target);
  resyncs_.push_back(
      {.source = source, .target = target, .volume = v, .left = bytes, .since = now, .done_at = now});
  reschedule(now, resyncs_.back());
}

// From here on the target is a copy of the source, with its history.
void Drbd::finish_resync(SimTime now, std::size_t which) {
  const Resync done = resyncs_[which];
  resyncs_.erase(resyncs_.begin() + static_cast<std::ptrdiff_t>(which));
  Volume& from = volume_of(done.source, done.volume);
  Volume& to = volume_of(done.target, done.volume);

  from.uuids.remember(from.uuids.bitmap[index(done.target)]);
  from.uuids.bitmap[index(done.target)] = {};
  to.uuids.current = from.uuids.current;
  to.uuids.history = from.uuids.history;
  to.uuids.bitmap = from.uuids.bitmap;
  to.uuids.bitmap[index(done.target)] = {};
  to.uuids.bitmap[index(done.source)] = {};
  to.version = from.version;
  from.out_of_sync[index(done.target)] = 0;
  to.out_of_sync = from.out_of_sync;
  to.out_of_sync[index(done.source)] = to.out_of_sync[index(done.target)] = 0;
  from.primary_indicator = role(done.source) == DrbdRole::primary;
  to.primary_indicator = role(done.target) == DrbdRole::primary;
  if (!from.primary_indicator) from.hot_bytes = 0;
  to.hot_bytes = 0;
  to.consistent = true;
  to.outdated = false;

  set_disk(done.target, done.volume, DrbdDisk::up_to_date);
  set_replication(done.source, done.target, done.volume, DrbdReplication::established);
  set_replication(done.target, done.source, done.volume, DrbdReplication::established);
  for (Resync& resync : resyncs_) resync.left = left(now, resync);
  for (Resync& resync : resyncs_) reschedule(now, resync);
}

// Interrupted: the target stays Inconsistent, the bitmap remembers what is missing.
void Drbd::stop_resyncs(SimTime now, int a, int b) {
  for (std::size_t i = 0; i < resyncs_.size();) {
    const Resync resync = resyncs_[i];
    const bool these =
        (resync.source == a && resync.target == b) || (resync.source == b && resync.target == a);
    if (!these) {
      ++i;
      continue;
    }
    volume_of(resync.source, resync.volume).out_of_sync[index(resync.target)] = left(now, resync);
    volume_of(resync.target, resync.volume).out_of_sync[index(resync.source)] = 0;
    resyncs_.erase(resyncs_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// Bytes per second; 0 while nothing gets through. Resyncs of a source share the link.
std::int64_t Drbd::resync_rate(const Resync& resync) const {
  if (!alive_connection(resync.source, resync.target)) return 0;
  if (hosts_[index(resync.source)].disk_stalled || hosts_[index(resync.target)].disk_stalled) return 0;
  const DrbdDiskOptions& options = volume_config(resync.target, resync.volume).options;
  const std::int64_t allowed = options.c_plan_ahead == 0 ? options.resync_rate : options.c_max_rate;
  const auto sharing = std::count_if(resyncs_.begin(), resyncs_.end(),
                                     [&](const Resync& other) { return other.source == resync.source; });
  const std::int64_t share = std::min(allowed, tuning_.network_rate / std::max<std::int64_t>(1, sharing));
  const double slowness =
      std::max(hosts_[index(resync.source)].slowness, hosts_[index(resync.target)].slowness);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(share) / slowness));
}

std::int64_t Drbd::left(SimTime now, const Resync& resync) const {
  if (resync.done_at == kNever) return resync.left;
  const Duration total = resync.done_at - resync.since;
  if (now >= resync.done_at || total <= Duration::zero()) return 0;
  const double share = to_seconds(resync.done_at - now) / to_seconds(total);
  return static_cast<std::int64_t>(static_cast<double>(resync.left) * share);
}

// `left` is what is left now.
void Drbd::reschedule(SimTime now, Resync& resync) {
  const std::int64_t rate = resync_rate(resync);
  resync.since = now;
  if (rate == 0) {
    resync.done_at = kNever;
    return;
  }
  const std::int64_t seconds = resync.left / rate;
  const std::int64_t rest = (resync.left % rate) * 1000 / rate;  // whole milliseconds are fine enough
  resync.done_at = now + std::chrono::seconds(seconds) + std::chrono::milliseconds(rest);
}

}  // namespace fencepost::models
