// Why a service is not there: what stands in its way, in the world and in what the DC knows of it.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace fencepost::models {

class World;

// What became of the last attempt to fence each node, if it failed.
using FailedFences = std::map<std::string, std::string>;

struct Hindrance {
  std::string why;      // "drbd may run nowhere: on db1 banned by fail count INFINITY, db2 is offline"
  bool wanted = false;  // somebody asked for it to be stopped: nothing is wrong
};

Hindrance find_hindrance(World& world, std::string_view resource, const FailedFences& failed_fences);

}  // namespace fencepost::models
