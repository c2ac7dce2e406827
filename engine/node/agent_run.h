// What the engine asks of agents: OCF, systemd and LSB resources, and fence devices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/name_values.h"
#include "engine/base/time.h"
#include "engine/node/ids.h"

namespace fencepost::node {

using Parameters = NameValues;  // sorted by name

enum class AgentClass : std::uint8_t { ocf, systemd, lsb, service, stonith };

// One action of one resource, complete: made once, run as often as its interval says.
struct AgentCommand {
  AgentClass standard = AgentClass::ocf;
  std::string provider;  // heartbeat, linbit, pacemaker …; empty for other classes
  std::string type;      // IPaddr2, Filesystem …; for stonith the fence agent, fence_ipmilan
  std::string resource;  // the instance as the executor knows it ("drbd", "drbd:0" when globally unique)
  std::string action;  // start, stop, monitor, promote, demote, notify, meta-data; fence agents: reboot, off,
                       // on, status, monitor, list, metadata
  Duration interval{};    // 0 for one-off actions and probes
  Duration timeout{};     // after this the backend reports AgentOverdue; it kills nothing by itself
  Parameters parameters;  // OCF_RESKEY_*; for fence agents the options it reads from stdin
  Parameters meta;        // OCF_RESKEY_CRM_meta_*
};
using AgentCommandPtr = std::shared_ptr<const AgentCommand>;

// How a run ended. A process that a signal ended has no exit code.
struct AgentExit {
  std::optional<int> code;  // OCF exit code
  std::string exit_reason;  // what the agent said after "ocf-exit-reason:", bounded
  std::string output;       // standard output, bounded; of use for meta-data and list
};

}  // namespace fencepost::node
