// What drbd.conf(5) and the files of /etc/drbd.d say, as far as the model of DRBD uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace fencepost::models {

enum class DrbdProtocol : std::uint8_t { a, b, c };
enum class DrbdFencing : std::uint8_t { dont_care, resource_only, resource_and_stonith };
enum class DrbdNoQuorum : std::uint8_t { suspend_io, io_error };
enum class DeviceIoErrorPolicy : std::uint8_t { detach, pass_on, call_local_io_error };

// after-sb-0pri, -1pri and -2pri share one set of words; each section of the file takes only its own.
enum class AfterSplitBrain : std::uint8_t {
  disconnect,
  discard_younger_primary,
  discard_older_primary,
  discard_zero_changes,
  discard_least_changes,
  discard_node,
  consensus,
  violently_as0p,
  discard_secondary,
  call_pri_lost_after_sb,
};

// Defaults: drbd.conf-9.0(5).
struct DrbdNetOptions {
  DrbdProtocol protocol = DrbdProtocol::c;
  Duration timeout = 6s;  // an expected answer of the peer; must be below connect-int and ping-int
  Duration ping_interval = 10s;
  Duration ping_timeout = 500ms;
  Duration connect_interval = 10s;
  int ko_count = 7;
  bool allow_two_primaries = false;
  DrbdFencing fencing = DrbdFencing::dont_care;
  AfterSplitBrain after_sb_0pri = AfterSplitBrain::disconnect;
  std::string discard_node;  // of after-sb-0pri discard-node-NAME
  AfterSplitBrain after_sb_1pri = AfterSplitBrain::disconnect;
  AfterSplitBrain after_sb_2pri = AfterSplitBrain::disconnect;

  bool operator==(const DrbdNetOptions&) const = default;
};

struct DrbdDiskOptions {
  DeviceIoErrorPolicy on_io_error = DeviceIoErrorPolicy::detach;
  int al_extents = 1237;                 // of 4 MiB each: the hot area, resynced after a primary crash
  std::int64_t c_max_rate = 100 << 20;   // bytes/s; what a resync reaches if disk and network give it
  std::int64_t resync_rate = 250 << 10;  // bytes/s; used only when c_plan_ahead is 0
  int c_plan_ahead = 20;                 // in 0.1 s; 0 switches to the fixed resync-rate
  Duration disk_timeout{};               // 0: wait for ever

  bool operator==(const DrbdDiskOptions&) const = default;
};

struct DrbdQuorum {
  enum class Kind : std::uint8_t { off, majority, all, number } kind = Kind::off;
  int number = 0;

  bool operator==(const DrbdQuorum&) const = default;
};

struct DrbdResourceOptions {
  DrbdQuorum quorum;
  DrbdNoQuorum on_no_quorum = DrbdNoQuorum::suspend_io;
  bool on_no_data_suspend = false;  // on-no-data-accessible: io-error | suspend-io
  bool auto_promote = true;

  bool operator==(const DrbdResourceOptions&) const = default;
};

struct DrbdVolumeConfig {
  int number = 0;
  std::string device;  // /dev/drbd0
  int minor = -1;
  std::string disk;       // lower-level device; "none" on a diskless node
  std::string meta_disk;  // internal, or a device
  DrbdDiskOptions options;

  bool operator==(const DrbdVolumeConfig&) const = default;
};

struct DrbdHostConfig {
  std::string name;  // uname -n
  int node_id = -1;
  std::string address;                    // "10.0.0.1:7789", "ipv6 [fd00::1]:7789"
  std::vector<DrbdVolumeConfig> volumes;  // sorted by number; the same numbers on every host

  bool operator==(const DrbdHostConfig&) const = default;
};

// Two hosts of the resource, by their index, and what holds between them.
struct DrbdConnectionConfig {
  int first = 0;
  int second = 0;
  DrbdNetOptions net;

  bool operator==(const DrbdConnectionConfig&) const = default;
};

struct DrbdHandlers {
  std::string fence_peer;
  std::string unfence_peer;
  std::string pri_lost_after_sb;
  std::string split_brain;
  std::string quorum_lost;
  std::string local_io_error;

  bool operator==(const DrbdHandlers&) const = default;
};

struct DrbdResourceConfig {
  std::string name;
  std::vector<DrbdHostConfig> hosts;              // in the order of the file
  std::vector<DrbdConnectionConfig> connections;  // every pair that is to be connected, first < second
  DrbdResourceOptions options;
  DrbdHandlers handlers;

  bool operator==(const DrbdResourceConfig&) const = default;
};

// The host that after-sb-0pri discard-node-NAME names, if the resource has none such.
std::optional<std::string> discards_a_stranger(const DrbdNetOptions& net, const DrbdResourceConfig& resource);

struct DrbdConfig {
  std::vector<DrbdResourceConfig> resources;  // in the order of the file
  std::vector<std::string> not_modelled;      // "r0.res:12: csums-alg": read, and without effect in the model
};

// Reads a .res file, a whole drbd.conf with its includes, or what `drbdadm dump` prints.
Result<DrbdConfig> read_drbd_file(const std::string& path);

// The same from text. `global_common`: options that hold for all, as text of global_common.conf; may be
// empty.
Result<DrbdConfig> parse_drbd(std::string_view text, const std::string& file_name,
                              std::string_view global_common = {});

// For a scenario that names a DRBD resource and gives no file: one volume, defaults, a full mesh.
DrbdResourceConfig default_drbd_resource(const std::string& name, const std::vector<std::string>& hosts);

}  // namespace fencepost::models
