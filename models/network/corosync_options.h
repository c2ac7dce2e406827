// What corosync.conf says, as far as it changes what a cluster does. Defaults: corosync.conf(5),
// votequorum(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/node/ids.h"

namespace fencepost::models {

struct TotemOptions {
  Duration token = 3000ms;             // corosync 3.1 default
  Duration token_coefficient = 650ms;  // for each node of the nodelist beyond the second
  std::optional<Duration> consensus;   // unset: 1.2 x effective token
  Duration merge = 200ms;
  int knet_pong_count = 2;
  std::optional<Duration> knet_ping_interval;  // unset: effective token / (pong count x 2)
  std::optional<Duration> knet_ping_timeout;   // unset: effective token / pong count

  bool operator==(const TotemOptions&) const = default;
};

// With three nodes or more each further node lengthens the token timeout.
Duration effective_token(const TotemOptions& totem, std::size_t nodes);
Duration effective_consensus(const TotemOptions& totem, std::size_t nodes);
Duration ping_interval(const TotemOptions& totem, std::size_t nodes);
Duration ping_timeout(const TotemOptions& totem, std::size_t nodes);

struct QdeviceOptions {
  enum class Algorithm : std::uint8_t { ffsplit, lms };
  std::string host;  // the qnetd server, an endpoint of the network
  int votes = 1;
  Algorithm algorithm = Algorithm::ffsplit;
  Duration sync_timeout = 30s;
  Duration timeout = 10s;

  bool operator==(const QdeviceOptions&) const = default;
};

struct QuorumOptions {
  std::optional<int> expected_votes;  // unset: the sum of the nodelist's votes
  bool two_node = false;
  std::optional<bool> wait_for_all;  // unset: as two_node says
  bool last_man_standing = false;
  Duration last_man_standing_window = 10s;
  bool auto_tie_breaker = false;
  std::string auto_tie_breaker_node = "lowest";  // lowest, highest, or node ids in order of preference
  bool allow_downscale = false;
  std::optional<QdeviceOptions> qdevice;

  bool operator==(const QuorumOptions&) const = default;
};

struct CorosyncNode {
  std::string name;
  std::uint32_t id = 0;
  int votes = 1;
  std::vector<std::string> addresses;  // ring0_addr, ring1_addr …

  bool operator==(const CorosyncNode&) const = default;
};

struct CorosyncOptions {
  std::string cluster_name;
  TotemOptions totem;
  QuorumOptions quorum;
  std::vector<CorosyncNode> nodes;
  std::vector<std::string> ignored;  // options read but not modelled, as "totem.crypto_cipher" with the line

  bool operator==(const CorosyncOptions&) const = default;
};

node::Nodelist nodelist(const CorosyncOptions& options);

// Reads the text of a corosync.conf. `file` is for messages.
Result<CorosyncOptions> parse_corosync_conf(std::string_view text, std::string_view file);

// One option of the totem or quorum section, as lab scripts give them under `corosync` and `quorum`.
Result<void> set_totem_option(TotemOptions& totem, std::string_view name, std::string_view value,
                              const Where& where);
Result<void> set_quorum_option(QuorumOptions& quorum, std::string_view name, std::string_view value,
                               const Where& where);

}  // namespace fencepost::models
