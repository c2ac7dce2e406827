// How it is told from outside whether a resource runs: past every agent and manager, by what it leaves on its
// machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/cib/cib.h"

namespace fencepost::lab {

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

struct Viewpoint {      // onto a machine
  std::string root;     // what its paths begin with here; empty: this machine
  std::string process;  // any process in its namespaces, as /proc calls it: "17", "self"
};
// "Started", "Stopped", "Promoted", "Unpromoted".
std::string look_at(const Sign& sign, const Viewpoint& from);

}  // namespace fencepost::lab
