// What is really the case on the machines of a lab, looked at from outside, past every agent and manager:
// state files, mount tables, addresses, listening databases.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/cib/cib.h"
#include "tools/lab/machines.h"

namespace fencepost::lab {

// How it is told from outside whether a resource runs.
struct Sign {
  enum class Kind : std::uint8_t { state, file, content, address, mount, postgres };
  Kind kind = Kind::file;
  std::string object;  // a path on the node, an address
  std::string device;  // of a mount
};

// Nothing: the lab knows no sign of such a resource.
std::optional<Sign> sign_of(const cib::Resource& primitive);
// The value of an instance attribute; empty: it has none.
std::string parameter_of(const cib::Resource& primitive, const std::string& name);

class Truth {
 public:
  Truth(const Machines& machines, const cib::Configuration& configuration);

  // What has changed since the last look: RoleChanged, and StateChanged of mounts and addresses.
  std::vector<backend::Observation> look();
  // "Stopped" if nothing is known.
  std::string role(const std::string& resource, const std::string& node) const;
  const Sign* find(const std::string& resource) const;

 private:
  std::string see(std::size_t machine, const std::string& resource, const Sign& sign) const;

  const Machines& machines_;
  std::map<std::string, Sign> signs_;                                 // resource
  std::map<std::pair<std::string, std::string>, std::string> roles_;  // resource, node
};

}  // namespace fencepost::lab
