// A time at which something happens, owned by what it happens to.
//
// The world's queue holds alarms and nothing else. An alarm that is destroyed or disarmed never rings, so no
// event can reach something that is gone; an alarm of a frozen machine rings when the machine thaws, after
// those that were due before it, as late timers do.
#pragma once

#include "engine/sim/event_queue.h"

namespace fencepost::models {

class World;
class Machine;

// What to call when an alarm rings: a method of its owner, bound with rings<&Owner::method>(this).
struct Bell {
  void* owner = nullptr;
  void (*ring)(void* owner) = nullptr;
};

template <auto Method, class Owner>
Bell rings(Owner* owner) {
  return {owner, [](void* who) { (static_cast<Owner*>(who)->*Method)(); }};
}

class Alarm {
 public:
  // Without a machine the alarm rings on time whatever happens to machines.
  Alarm(World& world, Machine* machine, Bell bell) : world_(world), machine_(machine), bell_(bell) {}
  ~Alarm() { disarm(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void arm(SimTime at);         // an armed alarm moves
  void arm_in(Duration delay);  // from now; never before now
  void disarm() {
    if (armed()) put_out();
  }
  bool armed() const { return state_ != State::idle; }
  SimTime at() const { return at_; }  // when it rings or was due, while armed

 private:
  friend class World;
  friend class Machine;
  enum class State : unsigned char { idle, queued, held };
  void put_out();

  World& world_;
  Machine* machine_;
  Bell bell_;
  State state_ = State::idle;
  SimTime at_{};
  sim::EventHandle handle_;
};

}  // namespace fencepost::models
