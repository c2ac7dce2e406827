// What crm-simulate did to the CIB, one line each: events injected, actions executed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fencepost::crm_simulate {

struct Step {
  enum class Kind {
    quorum,     // value
    watchdog,   // value
    node,       // subject: the node; task: Online, Offline or Failing
    ticket,     // subject: the ticket; task: Granting, Revoking, Standby or Activating
    spec,       // subject: an OPSPEC that is injected
    attribute,  // subject: the name; value; node: the node's id
    pseudo,     // subject: operation key; node: for guest fencing only
    resource,   // subject: resource; task; value: interval; node
    cluster,    // task; subject: resource or empty; node
    fencing,    // task: reboot, off, on; node
    pretended,  // subject: action id; value: rc
  };
  Kind kind = Kind::pseudo;
  std::string subject;
  std::string task;
  std::string node;
  std::string value;
  bool operator==(const Step&) const = default;
};
using Steps = std::vector<Step>;

std::string to_text(const Step& step);

}  // namespace fencepost::crm_simulate
