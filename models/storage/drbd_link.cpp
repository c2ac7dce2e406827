// How the hosts of a DRBD resource find, lose and leave each other.
#include <algorithm>

#include "engine/base/assert.h"
#include "models/storage/drbd.h"

namespace fencepost::models {

bool Drbd::open_way(int a, int b) const {
  return ways_[index(a)][index(b)] && ways_[index(b)][index(a)] && !hosts_[index(a)].frozen &&
         !hosts_[index(b)].frozen;
}

bool Drbd::alive_connection(int a, int b) const {
  return linked(a, b) && link_of(a, b).exists && open_way(a, b);
}

bool Drbd::replicates(int host, int peer, int volume) const {
  return alive_connection(host, peer) && replication(host, peer, volume) == DrbdReplication::established &&
         disk(peer, volume) >= DrbdDisk::consistent;
}

bool Drbd::any_fencing(int host) const {
  for (int peer = 0; peer < hosts(); ++peer) {
    if (linked(host, peer) && net(host, peer).fencing != DrbdFencing::dont_care) return true;
  }
  return false;
}

// --- Ways ---

void Drbd::set_way(SimTime now, int from, int to, bool open) {
  if (from == to || ways_[index(from)][index(to)] == open) return;
  const bool before = open_way(from, to);
  ways_[index(from)][index(to)] = open;
  if (linked(from, to) && before != open_way(from, to)) update_way(now, from, to, open);
}

// The way between two hosts was opened or closed, or one of them stands still or goes on.
void Drbd::update_way(SimTime now, int a, int b, bool opened) {
  Link& link = link_of(a, b);
  for (const auto& [host, peer] : {std::pair{a, b}, std::pair{b, a}}) {
    End& here = end(host, peer);
    if (here.state != DrbdLinkState::connected) continue;
    if (!opened) {
      expect_loss(now, host, peer);
    } else if (link.exists) {
      here.notices_at = kNever;  // TCP sends again what was lost, and nobody has noticed
    } else {
      here.notices_at = now;  // the other side knows nothing of this connection: reset
    }
  }
  if (opened && link.exists) {
    catch_up(a, b);
    tell_peers(a);
    tell_peers(b);
  }
  if (!opened) {
    link.handshake_at = kNever;
    for (Resync& resync : resyncs_) resync.left = left(now, resync);
  } else if (ready_to_meet(a, b)) {
    // Each end tries every connect-int; who is first is chance.
    const double first = std::min(chance_.unit(), chance_.unit());
    const auto wait =
        static_cast<std::int64_t>(first * static_cast<double>(net(a, b).connect_interval.count()));
    link.handshake_at = now + Duration{wait} + tuning_.handshake;
  }
  for (Resync& resync : resyncs_) reschedule(now, resync);
}

// From here on the other side is silent. An unanswered write is noticed after `timeout`; without writes, a
// ping every ping-int has to stay without answer. (drbd.conf-9.0(5))
void Drbd::expect_loss(SimTime now, int host, int peer) {
  End& here = end(host, peer);
  if (here.state != DrbdLinkState::connected || here.notices_at != kNever) return;
  const DrbdNetOptions& options = net(host, peer);
  const bool writing = hosts_[index(host)].busy;
  const bool talking = writing || hosts_[index(peer)].busy;  // then ping-int begins with the last thing heard
  const double share = talking ? 1.0 : chance_.unit();
  const Duration idle{static_cast<std::int64_t>(share * static_cast<double>(options.ping_interval.count()))};
  const Duration by_ping = idle + options.ping_timeout;
  if (!writing) {
    here.notices_at = now + by_ping;
    return;
  }
  // The timeout runs from the first write that goes unanswered: who is busy makes one soon (assumed).
  constexpr Duration kBetweenWrites = 100ms;
  const Duration until_write{
      static_cast<std::int64_t>(chance_.unit() * static_cast<double>(kBetweenWrites.count()))};
  here.notices_at = now + std::min(until_write + options.timeout, by_ping);
}

// Promotion asks connected peers at once whether they live, so a dead one is found after ping-timeout.
void Drbd::ask_whether_alive(SimTime now, int host, int peer) {
  End& here = end(host, peer);
  here.notices_at = std::min(here.notices_at, now + net(host, peer).ping_timeout);
}

// --- Connecting ---

void Drbd::connect(SimTime now, int host, int peer) {
  if (!is_up(host) || !linked(host, peer) || link(host, peer) != DrbdLinkState::stand_alone) return;
  begin_connecting(now, host, peer);
}

void Drbd::connect_discarding(SimTime now, int host, int peer) {
  if (!is_up(host) || !linked(host, peer)) return;
  end(host, peer).discard_my_data = true;
  connect(now, host, peer);
}

void Drbd::begin_connecting(SimTime now, int host, int peer) {
  set_link(host, peer, DrbdLinkState::unconnected);
  set_link(host, peer, DrbdLinkState::connecting);
  // A first try is made at once, and the other side, if it is trying too, listens.
  if (ready_to_meet(host, peer)) link_of(host, peer).handshake_at = now + tuning_.handshake;
}

bool Drbd::ready_to_meet(int a, int b) const {
  return open_way(a, b) && is_up(a) && is_up(b) && link(a, b) == DrbdLinkState::connecting &&
         link(b, a) == DrbdLinkState::connecting;
}

// Two that have met compare roles and data, volume by volume, and agree or part.
void Drbd::shake_hands(SimTime now, int a, int b) {
  Link& link = link_of(a, b);
  link.handshake_at = kNever;
  HA_ASSERT(ready_to_meet(a, b));

  std::vector<DrbdVerdict> verdicts;
  for (int v = 0; v < volumes(); ++v) {
    const Volume& mine = volume_of(a, v);
    const Volume& theirs = volume_of(b, v);
    DrbdVerdict verdict;
    if (mine.disk != DrbdDisk::diskless && theirs.disk != DrbdDisk::diskless) {
      verdict = compare({mine.uuids, index(b), mine.primary_indicator && role(a) != DrbdRole::primary},
                        {theirs.uuids, index(a), theirs.primary_indicator && role(b) != DrbdRole::primary});
    }
    if (verdict.kind == DrbdVerdict::Kind::split_brain ||
        verdict.kind == DrbdVerdict::Kind::split_brain_unrelated) {
      if (!settle_split_brain(now, a, b, v, verdict)) return;
    } else if (verdict.kind == DrbdVerdict::Kind::unrelated) {
      return part_for_good(a, b, to_string(verdict.kind));
    } else if (verdict.kind != DrbdVerdict::Kind::in_sync) {
      const int target = verdict.from_first ? b : a;
      if (role(target) == DrbdRole::primary) {
        return part_for_good(a, b,
                             "a Primary would become the target of a resync");  // rr-conflict disconnect
      }
    }
    verdicts.push_back(verdict);
  }
  if (role(a) == DrbdRole::primary && role(b) == DrbdRole::primary && !net(a, b).allow_two_primaries) {
    return part_for_good(a, b, "two primaries are not allowed");
  }

  link.exists = true;
  for (const auto& [host, peer] : {std::pair{a, b}, std::pair{b, a}}) {
    set_link(host, peer, DrbdLinkState::connected);
    End& here = end(host, peer);
    here.notices_at = here.ko_at = kNever;
    here.fencing = here.fence_asked = here.discard_my_data = false;
  }
  for (int v = 0; v < volumes(); ++v) agree_on_disks(now, a, b, v, verdicts[index(v)]);
  tell_peers(a);
  tell_peers(b);
}

// Afterwards the verdict says who is to be overwritten. False: they do not come together now.
bool Drbd::settle_split_brain(SimTime now, int a, int b, int v, DrbdVerdict& verdict) {
  const auto victim = split_brain_victim(a, b, v, verdict.kind);
  const std::string object = config_.name + "/" + std::to_string(v);
  if (!victim) {
    report(a, "drbd-split-brain", object, "", "not resolved");
    part_for_good(a, b, to_string(verdict.kind));
    return false;
  }
  const std::string& name = config_.hosts[index(*victim)].name;
  const bool primary = role(*victim) == DrbdRole::primary;
  if (primary && asks_for_pri_lost(a, b) && !gives_up_primary(now, *victim, *victim == a ? b : a)) {
    report(a, "drbd-split-brain", object, "", name + " is Primary, in use, and to lose its data");
    return false;
  }
  report(a, "drbd-split-brain", object, "", "data of " + name + " discarded");
  verdict = {DrbdVerdict::Kind::bitmap, *victim == b};
  return true;
}

// The data are related: from here on this volume is replicated, or one side is brought up to date first.
void Drbd::agree_on_disks(SimTime now, int a, int b, int v, DrbdVerdict verdict) {
  set_replication(a, b, v, DrbdReplication::established);
  set_replication(b, a, v, DrbdReplication::established);
  if (disk(a, v) == DrbdDisk::diskless || disk(b, v) == DrbdDisk::diskless) return;
  if (verdict.kind != DrbdVerdict::Kind::in_sync) {
    const int source = verdict.from_first ? a : b;
    return start_resync(now, source, verdict.from_first ? b : a, v, verdict.kind);
  }
  for (const int host : {a, b}) {
    Volume& volume = volume_of(host, v);
    volume.primary_indicator = role(host) == DrbdRole::primary;
    // The same generation as a copy that is not known to be old.
    const Volume& other = volume_of(host == a ? b : a, v);
    if (volume.consistent && !(volume.outdated && other.outdated)) {
      volume.outdated = false;
      set_disk(host, v, DrbdDisk::up_to_date);
    }
  }
  volume_of(a, v).outdated = volume_of(a, v).disk == DrbdDisk::outdated;
  volume_of(b, v).outdated = volume_of(b, v).disk == DrbdDisk::outdated;
}

void Drbd::part_for_good(int a, int b, const std::string& why) {
  for (const auto& [host, peer] : {std::pair{a, b}, std::pair{b, a}}) {
    report(host, "drbd-refused", config_.name + " to " + config_.hosts[index(peer)].name, "", why);
    set_link(host, peer, DrbdLinkState::disconnecting);
    set_link(host, peer, DrbdLinkState::stand_alone);
    end(host, peer).discard_my_data = false;
  }
}

// --- Losing and leaving ---

void Drbd::lose(SimTime now, int host, int peer, DrbdLinkState how) {
  End& here = end(host, peer);
  Link& link = link_of(host, peer);
  stop_resyncs(now, host, peer);
  if (link.exists) {
    link.exists = false;
    End& there = end(peer, host);
    if (there.state == DrbdLinkState::connected) {
      // Where packets still get through, closing this end closes the other; else it finds out by itself.
      if (open_way(host, peer))
        there.notices_at = now;
      else
        expect_loss(now, peer, host);
    }
  }
  here.notices_at = here.ko_at = kNever;
  here.peer_role = DrbdRole::unknown;
  set_link(host, peer, how);
  for (int v = 0; v < volumes(); ++v) {
    Volume& volume = volume_of(host, v);
    // Writes that were sent and never confirmed: protocol A has told clients already that they are safe.
    const Version theirs = volume_of(peer, v).version;
    if (role(host) == DrbdRole::primary && theirs.generation == volume.version.generation) {
      mark_out_of_sync(host, peer, v, (volume.version.position - theirs.position) * tuning_.bytes_per_write);
    }
    here.volumes[index(v)].disk = DrbdDisk::unknown;
    set_replication(host, peer, v, DrbdReplication::off);
  }
  if (role(host) == DrbdRole::primary && net(host, peer).fencing != DrbdFencing::dont_care) {
    here.fencing = true;
    here.fence_asked = !config_.handlers.fence_peer.empty();
  }
  if (how == DrbdLinkState::stand_alone) return;
  begin_connecting(now, host, peer);
}

void Drbd::disconnect(SimTime now, int host, int peer) {
  if (!is_up(host) || !linked(host, peer) || link(host, peer) == DrbdLinkState::stand_alone) return;
  link_of(host, peer).handshake_at = kNever;
  leave_orderly(now, host, peer);
}

// A goodbye: no timeout, and a Primary that stays marks the one who leaves as outdated.
void Drbd::leave_orderly(SimTime now, int host, int peer) {
  const bool heard = alive_connection(host, peer);
  std::vector<DrbdDisk> left(data_.size(), DrbdDisk::unknown);
  for (int v = 0; v < volumes() && heard; ++v) {
    Volume& volume = volume_of(host, v);
    if (role(peer) != DrbdRole::primary || volume.disk < DrbdDisk::outdated) continue;
    volume.outdated = true;
    set_disk(host, v, DrbdDisk::outdated);
    left[index(v)] = DrbdDisk::outdated;
  }
  if (heard) {
    lose(now, peer, host, DrbdLinkState::tear_down);
    End& there = end(peer, host);
    for (int v = 0; v < volumes(); ++v) there.volumes[index(v)].disk = left[index(v)];
    // A peer known to be outdated needs no fencing.
    if (left.front() == DrbdDisk::outdated) there.fencing = there.fence_asked = false;
  }
  link_of(host, peer).handshake_at = kNever;
  if (link(host, peer) == DrbdLinkState::connected) {
    lose(now, host, peer, DrbdLinkState::stand_alone);
    end(host, peer).fencing = end(host, peer).fence_asked = false;
  } else {
    set_link(host, peer, DrbdLinkState::stand_alone);
  }
}

void Drbd::fence_peer_answered(SimTime, int host, int peer, int code) {
  // Exit codes: drbd.conf-9.0(5), fence-peer.
  constexpr int kInconsistent = 3, kOutdated = 4, kUnreachable = 5, kPrimary = 6, kStonithed = 7;
  End& here = end(host, peer);
  if (here.state == DrbdLinkState::connected) return;  // it came back meanwhile
  if (code == kPrimary) {
    for (int v = 0; v < volumes(); ++v) volume_of(host, v).outdated = true;
    return;
  }
  if (code != kInconsistent && code != kOutdated && code != kUnreachable && code != kStonithed) {
    if (role(host) != DrbdRole::primary) here.fencing = false;  // the next promotion calls it again
    return;
  }
  for (Peer& volume : here.volumes) {
    volume.disk = code == kInconsistent ? DrbdDisk::inconsistent : DrbdDisk::outdated;
  }
  here.fencing = false;
}

// What a host is reaches the peers that hear it, at once: a millisecond or two in reality.
void Drbd::tell_peers(int host) {
  for (int peer = 0; peer < hosts(); ++peer) {
    if (!alive_connection(host, peer)) continue;
    End& there = end(peer, host);
    there.peer_role = role(host);
    for (int v = 0; v < volumes(); ++v) there.volumes[index(v)].disk = disk(host, v);
  }
}

// --- Time ---

SimTime Drbd::next() const {
  SimTime next = kNever;
  for (int a = 0; a < hosts(); ++a) {
    for (int b = 0; b < hosts(); ++b) {
      if (!linked(a, b) || hosts_[index(a)].frozen) continue;  // who is frozen notices nothing
      next = std::min({next, end(a, b).notices_at, end(a, b).ko_at, link_of(a, b).handshake_at});
    }
  }
  for (const Resync& resync : resyncs_) next = std::min(next, resync.done_at);
  return next;
}

void Drbd::advance(SimTime now) {
  for (int a = 0; a < hosts(); ++a) {
    for (int b = 0; b < hosts(); ++b) {
      if (!linked(a, b) || hosts_[index(a)].frozen) continue;
      if (end(a, b).ko_at <= now) lose(now, a, b, DrbdLinkState::stand_alone);
      if (end(a, b).notices_at <= now) {
        lose(now, a, b, hosts_[index(a)].busy ? DrbdLinkState::timeout : DrbdLinkState::network_failure);
      }
      if (link_of(a, b).handshake_at <= now) shake_hands(now, std::min(a, b), std::max(a, b));
    }
  }
  for (std::size_t i = 0; i < resyncs_.size();) {
    if (resyncs_[i].done_at <= now)
      finish_resync(now, i);
    else
      ++i;
  }
}

// --- Names ---

const char* to_string(DrbdRole role) {
  static constexpr const char* kNames[] = {"Unknown", "Secondary", "Primary"};
  return kNames[static_cast<std::size_t>(role)];
}

const char* to_string(DrbdDisk disk) {
  static constexpr const char* kNames[] = {"Diskless",    "Attaching",    "Detaching", "Failed",
                                           "Negotiating", "Inconsistent", "Outdated",  "DUnknown",
                                           "Consistent",  "UpToDate"};
  return kNames[static_cast<std::size_t>(disk)];
}

const char* to_string(DrbdLinkState state) {
  static constexpr const char* kNames[] = {"StandAlone", "Disconnecting",  "Unconnected",   "Timeout",
                                           "BrokenPipe", "NetworkFailure", "ProtocolError", "TearDown",
                                           "Connecting", "Connected"};
  return kNames[static_cast<std::size_t>(state)];
}

const char* to_string(DrbdReplication state) {
  static constexpr const char* kNames[] = {"Off",         "Established", "StartingSyncS", "StartingSyncT",
                                           "WFBitMapS",   "WFBitMapT",   "WFSyncUUID",    "SyncSource",
                                           "SyncTarget",  "VerifyS",     "VerifyT",       "PausedSyncS",
                                           "PausedSyncT", "Ahead",       "Behind"};
  return kNames[static_cast<std::size_t>(state)];
}

const char* to_string(DrbdAnswer answer) {
  static constexpr const char* kNames[] = {"done",
                                           "not configured",
                                           "multiple primaries not allowed by config",
                                           "peer does not answer",
                                           "need access to UpToDate data",
                                           "no quorum",
                                           "device is held open by someone",
                                           "waiting for the fence-peer handler"};
  return kNames[static_cast<std::size_t>(answer)];
}

}  // namespace fencepost::models
