// What a controller knows of the other nodes.
#pragma once

#include <cstdint>

#include "engine/cib/cib.h"

namespace fencepost::node {

enum class JoinPhase : std::uint8_t { none, offered, integrated, finalized, confirmed };

struct Peer {
  bool member = false;        // of the membership
  bool process = false;       // its cluster manager is in the process group
  bool leaving = false;       // told to shut down
  bool known_to_run = false;  // it has been this node's DC, or has joined while this node was the DC
  JoinPhase join = JoinPhase::none;
  std::uint64_t offer = 0;  // the last round that it was offered: answers to others are late
  cib::Version version;     // of its CIB, as of its last join request
  int job_limit = 1;

  bool active() const { return member && process; }
};

}  // namespace fencepost::node
