// What runs on every node, as one deterministic state machine: membership and join, DC election, transition
// execution, local executor, fencer, fail counts and attributes, CIB replica.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/node/effect.h"
#include "engine/node/event.h"
#include "engine/node/ids.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::node {

struct Profile;  // engine/node/profile.h

struct NodeOptions {
  NodeId self;
  std::shared_ptr<const Nodelist> nodelist;
  std::shared_ptr<const Profile> profile;
  std::uint64_t seed = 0;        // of this node's own chance (random fencing delays, election ties)
  int cpus = 2;                  // node-action-limit is twice this
  bool journal_repeats = false;  // also runs of recurring actions that made no news
  Duration watchdog_timeout{};   // SBD_WATCHDOG_TIMEOUT of the SBD that runs here; 0: none does
};

class Node {
 public:
  explicit Node(NodeOptions options);
  ~Node();
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;

  // Takes one event and says what is to be done. The effects live until the next step. Nothing else has side
  // effects: same options and events, same effects.
  const Effects& step(Now now, const Event& event);

  // This node's replica, for status displays, tests and invariants.
  const cib::Cib& cib() const;
  bool is_dc() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fencepost::node
