#include "engine/live/event_loop.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "engine/base/assert.h"
#include "engine/live/clock.h"

namespace fencepost::live {
namespace {

timespec to_timespec(SimTime time) {
  const Duration since = time.time_since_epoch();
  return {since / 1s, (since % 1s).count()};
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  HA_ASSERT(epoll_ && timer_);
  watch(timer_.get(), {}, [this](Ready) {
    std::uint64_t expirations = 0;
    // Nothing to read when the timer was moved meanwhile: run_timers() looks at the clock in any case.
    [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &expirations, sizeof expirations);
    armed_for_ = kNever;
  });
}

EventLoop::~EventLoop() = default;

SimTime EventLoop::now() const { return std::max(monotonic_now(), timers_at_); }

void EventLoop::run() {
  running_ = true;
  while (running_) turn(Duration::max());
}

void EventLoop::turn(Duration at_most) {
  run_soon();
  run_timers();
  if (!soon_.empty()) at_most = Duration::zero();
  arm();
  const int wait_ms =
      at_most > 24h ? -1 : static_cast<int>(std::min<std::int64_t>(to_ms(at_most + 999999ns), INT_MAX));
  std::array<epoll_event, 64> ready{};
  const int count = epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), wait_ms);
  HA_ASSERT(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    const auto found = watches_.find(event.data.fd);
    if (found == watches_.end()) continue;  // an earlier callback took it off
    const std::shared_ptr<Watch> watch = found->second;
    watch->callback({(event.events & EPOLLIN) != 0, (event.events & EPOLLOUT) != 0,
                     (event.events & (EPOLLHUP | EPOLLERR)) != 0});
    run_soon();
  }
  run_timers();
}

void EventLoop::run_soon() {
  while (!soon_.empty()) {
    for (Callback& each : std::exchange(soon_, {})) each();
  }
}

void EventLoop::run_timers() {
  while (auto due = timers_.pop_until(monotonic_now())) {
    timers_at_ = due->at;
    due->payload();
    run_soon();
  }
}

// The kernel's timer is touched only when an earlier time has come in, or the one it waited for is past.
void EventLoop::arm() {
  const SimTime next = timers_.empty() ? kNever : timers_.next_time();
  if (next == armed_for_) return;
  itimerspec when{};
  if (next != kNever) when.it_value = to_timespec(std::max(next, SimTime{1ns}));  // all zero would disarm it
  HA_ASSERT(timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0);
  armed_for_ = next;
}

void EventLoop::watch(int fd, Interest interest, std::function<void(Ready)> callback) {
  epoll_event event{};
  event.events = (interest.read ? EPOLLIN : 0u) | (interest.write ? EPOLLOUT : 0u);
  event.data.fd = fd;
  const bool known = watches_.contains(fd);
  HA_ASSERT(epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0);
  watches_[fd] = std::make_shared<Watch>(Watch{std::move(callback)});
}

void EventLoop::unwatch(int fd) {
  if (watches_.erase(fd) == 0) return;
  HA_ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
}

sim::EventHandle EventLoop::at(SimTime when, Callback callback) {
  return timers_.push(std::max(when, timers_at_), std::move(callback));
}

void EventLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> callback) {
  HA_ASSERT(!signals_);
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  HA_ASSERT(sigprocmask(SIG_BLOCK, &set, nullptr) == 0);
  signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  HA_ASSERT(signals_);
  watch(signals_.get(), {}, [this, callback = std::move(callback)](Ready) {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == ssize_t{sizeof info})
      callback(static_cast<int>(info.ssi_signo));
  });
}

}  // namespace fencepost::live
