#include "engine/live/safety/heartbeat.h"

#include <algorithm>
#include <utility>

namespace fencepost::live {
namespace {

// Often enough that a machine that is merely slow is not taken for one that stalls.
constexpr int kBeatsPerPatience = 4;

}  // namespace

Heartbeat::Heartbeat(EventLoop& loop, std::optional<Watchdog> watchdog, Tell tell)
    : loop_(loop), watchdog_(std::move(watchdog)), tell_(std::move(tell)), interval_(10s) {
  if (const auto patience = service_.patience())
    interval_ = std::min(interval_, *patience / kBeatsPerPatience);
  if (watchdog_) interval_ = std::min(interval_, watchdog_->timeout() / kBeatsPerPatience);
  beat();
}

Heartbeat::~Heartbeat() {
  if (next_) loop_.cancel(*next_);
}

void Heartbeat::beat() {
  service_.alive();
  if (watchdog_) {
    if (const auto fed = watchdog_->feed(); !fed) tell_(to_string(fed.error()));
  }
  next_ = loop_.in(interval_, [this] { beat(); });
}

void Heartbeat::end_in_order() {
  if (next_) loop_.cancel(*std::exchange(next_, std::nullopt));
  if (watchdog_) std::exchange(watchdog_, std::nullopt)->disarm();
}

}  // namespace fencepost::live
