// What the configuration says about fence devices: pure questions to a CIB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/node/agent_run.h"
#include "engine/node/step.h"

namespace fencepost::node {

enum class HostCheck : std::uint8_t { static_list, dynamic_list, status, none };

struct FenceDevice {
  std::string id;
  std::string agent;                         // fence_ipmilan
  Parameters options;                        // without pcmk_…
  std::map<std::string, std::string> hosts;  // node -> what the device calls it
  HostCheck check = HostCheck::dynamic_list;
  std::string host_argument;                // pcmk_host_argument: "port" unless it is "none"
  std::map<std::string, std::string> pcmk;  // every pcmk_… option

  // Fixed delay before it acts against that node, and the longest random one.
  Duration delay_base(const std::string& target) const;
  Duration delay_max() const;
  std::optional<Duration> timeout(const std::string& action) const;
  int tries(const std::string& action) const;                 // pcmk_<action>_retries, 2
  std::string agent_action(const std::string& action) const;  // pcmk_<action>_action
};

// The stonith primitives that a node may use: not disabled, and not kept away by a location constraint.
// Whether they run there does not matter.
std::vector<FenceDevice> fence_devices(const cib::Cib& cib, const std::string& node, WallSeconds now);

// How long an unseen node is given to reset itself by its watchdog, when no device can fence it; 0: it cannot
// be relied on. `watchdog` is that of this node's SBD.
Duration self_fencing_time(const cib::Cib& cib, Duration watchdog);

// Device names of the topology levels for a target, in ascending order. Empty: there is no topology for it.
std::vector<std::vector<std::string>> fence_topology(const cib::Cib& cib, const std::string& target);

AgentCommandPtr fence_command(const FenceDevice& device, const std::string& action, const std::string& target,
                              Duration timeout);

// How an agent lists what it can fence: one a line, perhaps with a comma and an alias.
std::vector<std::string> listed_hosts(std::string_view output);

}  // namespace fencepost::node
