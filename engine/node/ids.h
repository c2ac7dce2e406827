// Who and what the engine of a node talks about, as small numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/id.h"
#include "engine/base/time.h"

namespace fencepost::node {

// A cluster node, as an index into the Nodelist: the same number on every node.
using NodeId = Id<struct ClusterNodeTag>;

struct NodelistEntry {
  std::string name;               // uname, as in the CIB
  std::uint32_t corosync_id = 0;  // nodeid of corosync.conf; the CIB's node id is its decimal text

  bool operator==(const NodelistEntry&) const = default;
};

// The cluster nodes that corosync.conf lists, in its order. Remote and guest nodes are not in it.
using Nodelist = std::vector<NodelistEntry>;

// A run of an agent, unique on its node for as long as the node is up.
struct CallId {
  std::uint64_t value = 0;
  auto operator<=>(const CallId&) const = default;
};

// A timer of one node. The engine chooses the number; arming an armed timer moves it.
struct TimerId {
  std::uint64_t value = 0;
  auto operator<=>(const TimerId&) const = default;
};

// What time it is, on the two clocks a node has. Everything is measured on `time`; `wall` is only written
// down (last-rc-change, lifetimes, failure-timeout), and may jump.
struct Now {
  SimTime time;
  WallSeconds wall;
};

}  // namespace fencepost::node
