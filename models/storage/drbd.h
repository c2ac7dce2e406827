// One DRBD 9 resource on all its hosts: what the kernel modules of the hosts know, do and tell each other.
//
// A state machine without a clock of its own: every call says what time it is, next() says when it wants to
// be called again, changes() tells what came of it. Each host has its own view; after a cut the two ends of a
// connection differ until each has noticed. Facts and simplifications: docs/models.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/sim/random.h"
#include "models/storage/data_history.h"
#include "models/storage/device_io.h"
#include "models/storage/drbd_config.h"
#include "models/storage/drbd_generations.h"

namespace fencepost::models {

// Names as `drbdadm status` prints them; the model passes through transient ones without stopping there.
enum class DrbdRole : std::uint8_t { unknown, secondary, primary };
enum class DrbdDisk : std::uint8_t {  // worst to best
  diskless,
  attaching,
  detaching,
  failed,
  negotiating,
  inconsistent,
  outdated,
  unknown,
  consistent,
  up_to_date,
};
enum class DrbdLinkState : std::uint8_t {
  stand_alone,
  disconnecting,
  unconnected,
  timeout,
  broken_pipe,
  network_failure,
  protocol_error,
  tear_down,
  connecting,
  connected,
};
enum class DrbdReplication : std::uint8_t {
  off,
  established,
  starting_sync_s,
  starting_sync_t,
  wf_bitmap_s,
  wf_bitmap_t,
  wf_sync_uuid,
  sync_source,
  sync_target,
  verify_s,
  verify_t,
  paused_sync_s,
  paused_sync_t,
  ahead,
  behind,
};
const char* to_string(DrbdRole role);
const char* to_string(DrbdDisk disk);
const char* to_string(DrbdLinkState state);
const char* to_string(DrbdReplication state);

// What `drbdadm primary`, `secondary` and `down` answer.
enum class DrbdAnswer : std::uint8_t {
  done,
  not_configured,      // the resource is not up here
  peer_is_primary,     // refused: a peer is Primary, or looks so until its silence has been noticed
  peer_not_answering,  // a connected peer is being asked whether it lives; try again
  no_up_to_date_data,  // kernel answer 17: no access to UpToDate data, or the peer must be fenced first
  no_quorum,
  in_use,        // held open, as by a mount
  fencing_peer,  // the fence-peer handler has been called; ask again when it has answered
};
const char* to_string(DrbdAnswer answer);

struct DrbdTuning {
  std::int64_t volume_bytes = std::int64_t{20} << 30;
  std::int64_t network_rate = 110 << 20;
  std::int64_t bytes_per_write = 8 << 10;
  Duration handshake = 150ms;
};

// Something that changed, in the words of the record.
struct DrbdChange {
  int host = 0;
  std::string kind;    // drbd-role, drbd-disk, drbd-connection, drbd-replication, drbd-split-brain, drbd-io
  std::string object;  // "r0", "r0/0", "r0 to db2"
  std::string from, to;
};

class Drbd {
 public:
  Drbd(DrbdResourceConfig config, DrbdTuning tuning, sim::Stream chance);

  const DrbdResourceConfig& config() const { return config_; }
  int hosts() const { return static_cast<int>(hosts_.size()); }
  int volumes() const { return static_cast<int>(config_.hosts.front().volumes.size()); }
  std::optional<int> find_host(std::string_view name) const;

  // --- What happens around it ---
  void set_way(SimTime now, int from, int to, bool open);  // packets get through, in this direction
  void host_down(SimTime now, int host);                   // everything in memory is gone
  void host_frozen(SimTime now, int host, bool frozen);
  void disk_fails(SimTime now, int host, int volume);
  void disk_works(int host, int volume);  // replaced or repaired: empty; attached by the next up()
  void stall_disk(SimTime now, int host, bool stalled);  // its lower-level device answers nothing
  void slow_down(SimTime now, int host, double factor);  // its resync takes so much longer

  // --- What drbdadm does ---
  void up(SimTime now, int host);
  DrbdAnswer down(SimTime now, int host);
  DrbdAnswer promote(SimTime now, int host, bool force = false);
  DrbdAnswer demote(SimTime now, int host);
  void connect(SimTime now, int host, int peer);
  void connect_discarding(SimTime now, int host, int peer);  // --discard-my-data
  void disconnect(SimTime now, int host, int peer);
  void outdate(SimTime now, int host);
  // The fence-peer handler's exit code (drbd.conf-9.0(5)): 3, 4, 5, 7 let I/O go on.
  void fence_peer_answered(SimTime now, int host, int peer, int code);

  // --- What the device is used for ---
  bool open(int host, int volume);  // false if the host is not Primary
  void close(int host, int volume);
  bool is_open(int host) const;
  // `count` writes reached the device of a Primary since the last call; the last is at the version returned.
  Version write(SimTime now, int host, int volume, std::int64_t count, bool acknowledged);
  Version say(SimTime now, int host, int volume, std::string name, std::string text);
  std::string_view read(int host, int volume, std::string_view name) const;
  DeviceIo reads(int host, int volume) const;
  DeviceIo writes(int host, int volume) const;
  // Somebody writes all the time: a lost peer is noticed by an unanswered write, not by a ping.
  void set_busy(SimTime now, int host, bool busy);

  // --- What `drbdadm status` shows on a host ---
  bool is_up(int host) const { return hosts_[index(host)].up; }
  DrbdRole role(int host) const { return hosts_[index(host)].role; }
  DrbdDisk disk(int host, int volume) const { return volume_of(host, volume).disk; }
  DrbdRole peer_role(int host, int peer) const { return end(host, peer).peer_role; }
  DrbdDisk peer_disk(int host, int peer, int volume) const;
  DrbdLinkState link(int host, int peer) const { return end(host, peer).state; }
  DrbdReplication replication(int host, int peer, int volume) const;
  bool has_quorum(int host) const;
  bool suspended(int host) const;
  std::int64_t out_of_sync_bytes(SimTime now, int host, int peer, int volume) const;
  const DrbdUuids& uuids(int host, int volume) const { return volume_of(host, volume).uuids; }

  // --- The truth ---
  const DataHistory& data(int volume) const { return data_[index(volume)]; }
  Version version(int host, int volume) const { return volume_of(host, volume).version; }
  // What who reads the device there gets: its own copy, or a peer's if that is the one to read.
  Version visible(int host, int volume) const;

  // --- Time ---
  SimTime next() const;
  void advance(SimTime now);
  std::vector<DrbdChange> changes();  // since the last call
  // Peers that the kernel wants fenced: the handler is to be called, once for each.
  struct FenceRequest {
    int host = 0;
    int peer = 0;
  };
  std::vector<FenceRequest> fence_requests();
  // Hosts whose pri-lost-after-sb handler is to be called: Primary, in use, and about to lose their data.
  std::vector<int> pri_lost_requests();

 private:
  struct Volume {
    DrbdDisk disk = DrbdDisk::diskless;
    // Metadata: what survives a power loss.
    bool has_disk = true;  // a lower-level device is there and works
    bool consistent = true;
    bool outdated = false;
    DrbdUuids uuids;
    Version version;
    std::vector<std::int64_t> out_of_sync;  // bytes, by peer: the bitmap
    std::int64_t hot_bytes = 0;             // the activity log
    bool primary_indicator = false;         // was Primary with this disk when it was last heard of
    int opened = 0;
  };
  struct Host {
    bool up = false;
    bool frozen = false;
    bool busy = false;
    bool disk_stalled = false;
    double slowness = 1;
    DrbdRole role = DrbdRole::unknown;
    SimTime promoted_at{};
    std::vector<Volume> volumes;
  };
  struct Peer {  // what an end knows of a volume on the other side
    DrbdDisk disk = DrbdDisk::unknown;
    DrbdReplication replication = DrbdReplication::off;
  };
  struct End {
    DrbdLinkState state = DrbdLinkState::stand_alone;
    DrbdRole peer_role = DrbdRole::unknown;
    std::vector<Peer> volumes;
    SimTime notices_at = kNever;  // that the other side is gone
    SimTime ko_at = kNever;       // that it has not finished a write for ko-count x timeout
    bool discard_my_data = false;
    bool fencing = false;      // the peer must be fenced before I/O goes on
    bool fence_asked = false;  // for fence_requests()
  };
  struct Link {
    int config = -1;      // index of the connection, -1: these two are not to be connected
    bool exists = false;  // one TCP connection that both ends have
    SimTime handshake_at = kNever;
    End ends[2];
  };
  struct Resync {
    int source = 0, target = 0, volume = 0;
    std::int64_t left = 0;  // bytes, when `since` began
    SimTime since{};
    SimTime done_at = kNever;
  };

  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  Link& link_of(int a, int b);
  const Link& link_of(int a, int b) const { return const_cast<Drbd*>(this)->link_of(a, b); }
  End& end(int host, int peer) { return link_of(host, peer).ends[host < peer ? 0 : 1]; }
  const End& end(int host, int peer) const { return const_cast<Drbd*>(this)->end(host, peer); }
  Volume& volume_of(int host, int volume) { return hosts_[index(host)].volumes[index(volume)]; }
  const Volume& volume_of(int host, int volume) const { return hosts_[index(host)].volumes[index(volume)]; }
  const DrbdNetOptions& net(int a, int b) const;
  const DrbdVolumeConfig& volume_config(int host, int volume) const;
  bool linked(int a, int b) const { return a != b && link_of(a, b).config >= 0; }
  bool open_way(int a, int b) const;  // both directions, and nobody stands still
  bool alive_connection(int a, int b) const;
  bool replicates(int host, int peer, int volume) const;
  bool any_fencing(int host) const;

  // drbd_link.cpp: finding and losing each other
  void begin_connecting(SimTime now, int host, int peer);
  bool ready_to_meet(int a, int b) const;
  void update_way(SimTime now, int a, int b, bool opened);
  void expect_loss(SimTime now, int host, int peer);
  void lose(SimTime now, int host, int peer, DrbdLinkState how);
  void leave_orderly(SimTime now, int host, int peer);
  void shake_hands(SimTime now, int a, int b);
  void part_for_good(int a, int b, const std::string& why);
  bool settle_split_brain(SimTime now, int a, int b, int volume, DrbdVerdict& verdict);
  void agree_on_disks(SimTime now, int a, int b, int volume, DrbdVerdict verdict);
  void tell_peers(int host);
  void ask_whether_alive(SimTime now, int host, int peer);

  // drbd_resync.cpp: whose data, and copying it
  std::optional<int> split_brain_victim(int a, int b, int volume, DrbdVerdict::Kind kind) const;
  bool asks_for_pri_lost(int a, int b) const;
  bool gives_up_primary(SimTime now, int host, int peer);
  std::optional<int> victim_without_primary(int a, int b, int volume) const;
  void start_resync(SimTime now, int source, int target, int volume, DrbdVerdict::Kind kind);
  void finish_resync(SimTime now, std::size_t which);
  void stop_resyncs(SimTime now, int a, int b);
  void reschedule(SimTime now, Resync& resync);
  std::int64_t resync_rate(const Resync& resync) const;
  std::int64_t left(SimTime now, const Resync& resync) const;
  void begin_generation_if_due(int host, int volume);
  void mark_out_of_sync(int host, int peer, int volume, std::int64_t bytes);
  void catch_up(int a, int b);

  void set_role(int host, DrbdRole role);
  void set_disk(int host, int volume, DrbdDisk disk);
  void set_link(int host, int peer, DrbdLinkState state);
  void set_replication(int host, int peer, int volume, DrbdReplication state);
  void report(int host, std::string kind, std::string object, std::string from, std::string to);

  DrbdResourceConfig config_;
  DrbdTuning tuning_;
  sim::Stream chance_;
  std::vector<Host> hosts_;
  std::vector<Link> links_;              // all pairs, see link_of
  std::vector<std::vector<bool>> ways_;  // from, to
  std::vector<DataHistory> data_;        // by volume
  std::vector<Resync> resyncs_;
  std::vector<DrbdChange> changes_;
  std::vector<int> pri_lost_;
};

}  // namespace fencepost::models
