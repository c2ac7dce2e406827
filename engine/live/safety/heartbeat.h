// Says from the engine's own loop that it turns: to systemd, and to the watchdog.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/live/event_loop.h"
#include "engine/live/safety/service_manager.h"
#include "engine/live/safety/watchdog.h"

namespace fencepost::live {

class Heartbeat {
 public:
  // Told when the watchdog cannot be fed; the machine will be reset.
  using Tell = std::function<void(const std::string&)>;

  Heartbeat(EventLoop& loop, std::optional<Watchdog> watchdog, Tell tell);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // The node has stopped, and nothing runs here any more.
  void end_in_order();

 private:
  void beat();

  EventLoop& loop_;
  ServiceManager service_;
  std::optional<Watchdog> watchdog_;
  Tell tell_;
  Duration interval_;
  std::optional<sim::EventHandle> next_;
};

}  // namespace fencepost::live
