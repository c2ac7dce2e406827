#include "models/alarm.h"

#include <algorithm>

#include "models/world.h"

namespace fencepost::models {

void Alarm::arm(SimTime at) {
  disarm();
  at_ = std::max(at, world_.now());
  state_ = State::queued;
  handle_ = world_.queue_.push(at_, this);
}

void Alarm::arm_in(Duration delay) { arm(world_.now() + delay); }

void Alarm::put_out() {
  if (state_ == State::queued) world_.queue_.cancel(handle_);
  if (state_ == State::held) machine_->release(*this);
  state_ = State::idle;
}

}  // namespace fencepost::models
