// What is really the case on the machines of a lab, looked at from outside, past every agent and manager:
// state files, mount tables, addresses, listening databases.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/cib/cib.h"
#include "tools/lab/machines.h"
#include "tools/lab/sign.h"

namespace fencepost::lab {

class Truth {
 public:
  Truth(const Machines& machines, const cib::Configuration& configuration);

  // What has changed since the last look: RoleChanged, and StateChanged of mounts and addresses.
  std::vector<backend::Observation> look();
  // "Stopped" if nothing is known.
  std::string role(const std::string& resource, const std::string& node) const;
  const Sign* find(const std::string& resource) const;
  // A line a resource: for whoever looks in our place (host_side.h).
  void write_signs(std::ostream& out) const;

 private:
  const Machines& machines_;
  std::map<std::string, Sign> signs_;                                 // resource
  std::map<std::pair<std::string, std::string>, std::string> roles_;  // resource, node
};

}  // namespace fencepost::lab
