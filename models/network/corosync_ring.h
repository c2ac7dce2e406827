// What Corosync is made of inside: rings, and nodes that look for one. Only corosync*.cpp include this.
#pragma once

#include <utility>
#include <vector>

#include "models/network/corosync.h"
#include "models/world.h"

namespace fencepost::models {

struct Corosync::Ring {
  Ring(Corosync& of, std::uint64_t number, Members who)
      : corosync(of),
        id(number),
        members(std::move(who)),
        delivery(of.world_, nullptr, rings<&Ring::deliver>(this)),
        token(of.world_, nullptr, rings<&Ring::lose_token>(this)),
        window(of.world_, nullptr, rings<&Ring::window_passed>(this)),
        late(of.world_, nullptr, rings<&Ring::send_late>(this)),
        device(of.world_, nullptr, rings<&Ring::device_answered>(this)) {}

  void deliver() { corosync.deliver(*this); }
  void lose_token() { corosync.token_lost(*this); }
  void window_passed() { corosync.window_passed(*this); }
  void send_late() { corosync.send_late(*this); }
  void device_answered() { corosync.recount(*this); }

  Corosync& corosync;
  std::uint64_t id;
  Members members;
  std::vector<Ordered> ordered;
  bool passes = false;  // the token goes round
  bool lost = false;    // its loss was declared; who stands still has yet to hear of it
  bool quorate = false;
  SimTime synchronized_at{};     // what is sent before is late
  SimTime stalls_from = kNever;  // and what is sent from here on until `late`
  Alarm delivery;
  Alarm token;
  Alarm window;  // last_man_standing
  Alarm late;    // what its members had wanted to send before it was formed
  Alarm device;  // the quorum device will give or take its votes
};

// Nodes that hear each other and look for a new membership.
struct Corosync::Gathering {
  Gathering(Corosync& of, Members found)
      : corosync(of), members(std::move(found)), over(of.world_, nullptr, rings<&Gathering::end>(this)) {}

  void end() { corosync.gathered(*this); }

  Corosync& corosync;
  Members members;
  bool complete = false;  // nobody is missing
  Alarm over;
};

}  // namespace fencepost::models
