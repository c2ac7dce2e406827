// Where a live node waits: for descriptors (epoll), for times (timerfd) and for signals (signalfd). One
// thread, one callback at a time; a callback may do anything, also take itself off.
//
// Why not sd-event or Boost.Asio: three descriptors and a queue of times are all it needs, and the queue is
// the one the simulator runs on.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/time.h"
#include "engine/live/descriptor.h"
#include "engine/sim/event_queue.h"

namespace fencepost::live {

class EventLoop {
 public:
  using Callback = std::function<void()>;
  struct Interest {
    bool read = true;
    bool write = false;
  };
  struct Ready {
    bool read = false;
    bool write = false;
    bool hung_up = false;  // EPOLLHUP or EPOLLERR; there may be something to read still
  };

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // The descriptor stays its owner's. Watching it again changes what is waited for.
  void watch(int fd, Interest interest, std::function<void(Ready)> callback);
  void unwatch(int fd);  // before it is closed

  sim::EventHandle at(SimTime when, Callback callback);
  sim::EventHandle in(Duration delay, Callback callback) { return at(now() + delay, std::move(callback)); }
  bool cancel(sim::EventHandle handle) { return timers_.cancel(handle); }
  // Before anything else is waited for, in the order asked.
  void soon(Callback callback) { soon_.push_back(std::move(callback)); }

  // Blocks the signals for this process and has them come here. Children must unblock them.
  void on_signals(std::initializer_list<int> signals, std::function<void(int)> callback);

  void run();  // until stop()
  void stop() { running_ = false; }
  // Waits at most so long, and handles what there is: for tests, and for loops inside other loops.
  void turn(Duration at_most);
  // Never goes back.
  SimTime now() const;

 private:
  struct Watch {
    std::function<void(Ready)> callback;
  };

  void run_soon();
  void run_timers();
  void arm();

  Descriptor epoll_, timer_, signals_;
  std::map<int, std::shared_ptr<Watch>> watches_;
  sim::EventQueue<Callback> timers_;
  SimTime timers_at_ = kSimStart;  // of the last timer that fired: the queue takes nothing before it
  SimTime armed_for_ = kNever;
  std::vector<Callback> soon_;
  bool running_ = false;
};

}  // namespace fencepost::live
