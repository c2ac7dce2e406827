#include "engine/sim/event_queue.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace fencepost;
using sim::EventHandle;
using sim::EventQueue;

namespace {

SimTime at(Duration since_start) { return kSimStart + since_start; }

template <class Payload>
std::vector<Payload> drain(EventQueue<Payload>& queue) {
  std::vector<Payload> payloads;
  while (auto event = queue.pop()) payloads.push_back(std::move(event->payload));
  return payloads;
}

// The queue as anybody would write it: a list in order of push, searched for the earliest.
class NaiveQueue {
 public:
  void push(SimTime time, int id) { pending_.push_back({time, id}); }
  bool cancel(int id) {
    return std::erase_if(pending_, [id](const auto& event) { return event.second == id; }) > 0;
  }
  std::optional<std::pair<SimTime, int>> pop_until(SimTime limit) {
    const auto next = earliest();
    if (next == pending_.end() || next->first > limit) return std::nullopt;
    const auto event = *next;
    pending_.erase(next);
    return event;
  }
  SimTime next_time() { return pending_.empty() ? kNever : earliest()->first; }
  std::size_t size() const { return pending_.size(); }

 private:
  std::vector<std::pair<SimTime, int>>::iterator earliest() {
    return std::min_element(pending_.begin(), pending_.end(),
                            [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  std::vector<std::pair<SimTime, int>> pending_;
};

// Delays of every size that matters to the queue: none, close together, a cluster's, and years.
Duration any_delay() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return Duration{0};
    case 1:
      return Duration{*rc::gen::inRange(0, 4)};
    case 2:
      return Duration{*rc::gen::inRange(0, 100'000)};
    case 3:
      return std::chrono::milliseconds{*rc::gen::inRange(0, 60'000)};
    default:
      return std::chrono::hours{*rc::gen::inRange(0, 24 * 365 * 50)};
  }
}

// Does one random thing to both queues, and compares what they answer.
class Twins {
 public:
  void push() {
    const SimTime time = any_time();
    const int id = static_cast<int>(handles_.size());
    naive_.push(time, id);
    handles_.push_back(queue_.push(time, id));
  }
  void push_burst() {
    const int count = *rc::gen::inRange(0, 120);
    const bool together = *rc::gen::arbitrary<bool>();
    const SimTime time = any_time();
    for (int i = 0; i < count; ++i) {
      const int id = static_cast<int>(handles_.size());
      const SimTime exact = together ? time : any_time();
      naive_.push(exact, id);
      handles_.push_back(queue_.push(exact, id));
    }
  }
  void cancel(int most) {
    for (int i = 0; i < most && !handles_.empty(); ++i) {
      const int id = *rc::gen::inRange(0, static_cast<int>(handles_.size()));  // may be stale
      const bool pending = queue_.is_pending(handles_[static_cast<std::size_t>(id)]);
      RC_ASSERT(queue_.cancel(handles_[static_cast<std::size_t>(id)]) == naive_.cancel(id));
      RC_ASSERT(!queue_.is_pending(handles_[static_cast<std::size_t>(id)]));
      RC_ASSERT(pending || naive_.size() == queue_.size());
    }
  }
  bool pop(SimTime limit) {
    const auto expected = naive_.pop_until(limit);
    const auto event = queue_.pop_until(limit);
    RC_ASSERT(event.has_value() == expected.has_value());
    if (!event) return false;
    RC_ASSERT(event->at == expected->first);
    RC_ASSERT(event->payload == expected->second);
    RC_ASSERT(queue_.now() == event->at);
    return true;
  }
  void step() {
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        push();
        break;
      case 1:
        push_burst();
        break;
      case 2:
        cancel(*rc::gen::inRange(1, 150));
        break;
      case 3:
        pop(any_time());
        break;
      default:
        for (int i = *rc::gen::inRange(0, 60); i > 0; --i) pop(kNever);
    }
    RC_ASSERT(queue_.size() == naive_.size());
    RC_ASSERT(queue_.next_time() == naive_.next_time());
  }
  void drain() {
    while (pop(kNever)) continue;
    RC_ASSERT(queue_.empty());
  }

 private:
  SimTime any_time() const {
    const Duration delay = any_delay();
    return delay < kNever - queue_.now() ? queue_.now() + delay : kNever;
  }

  EventQueue<int> queue_;
  NaiveQueue naive_;
  std::vector<EventHandle> handles_;
};

}  // namespace

TEST_CASE("event queue: earlier events come first", "[sim]") {
  EventQueue<std::string> queue;
  queue.push(at(20s), "monitor");
  queue.push(at(1s), "token lost");
  queue.push(at(3s), "fence");

  CHECK(queue.next_time() == at(1s));
  CHECK(drain(queue) == std::vector<std::string>{"token lost", "fence", "monitor"});
  CHECK(queue.now() == at(20s));
  CHECK(queue.next_time() == kNever);
}

TEST_CASE("event queue: events of one time come in the order of push, also those pushed meanwhile", "[sim]") {
  EventQueue<int> queue;
  for (int i = 0; i < 100; ++i) queue.push(at(5s), i);
  CHECK(queue.pop()->payload == 0);
  queue.push(at(5s), 100);
  queue.push(at(6s), 101);

  std::vector<int> expected;
  for (int i = 1; i <= 101; ++i) expected.push_back(i);
  CHECK(drain(queue) == expected);
}

TEST_CASE("event queue: a cancelled event never comes, and its payload is destroyed at once", "[sim]") {
  EventQueue<std::shared_ptr<int>> queue;
  const auto payload = std::make_shared<int>(7);
  const EventHandle timeout = queue.push(at(60s), payload);
  CHECK(payload.use_count() == 2);

  CHECK(queue.cancel(timeout));
  CHECK(payload.use_count() == 1);
  CHECK(queue.empty());
  CHECK_FALSE(queue.pop().has_value());
}

TEST_CASE("event queue: stale handles are harmless, even when their place was given to another event",
          "[sim]") {
  EventQueue<int> queue;
  const EventHandle first = queue.push(at(1s), 1);
  queue.pop();
  const EventHandle second = queue.push(at(2s), 2);

  CHECK_FALSE(queue.cancel(first));
  CHECK_FALSE(queue.cancel(EventHandle{}));
  CHECK(queue.is_pending(second));
  CHECK(queue.pop()->payload == 2);
}

TEST_CASE("event queue: looking only up to a limit leaves room for events before the next one", "[sim]") {
  EventQueue<std::string> queue;
  for (int i = 0; i < 100; ++i) queue.push(at(60s + i * 1s), "monitor");

  CHECK_FALSE(queue.pop_until(at(10s)).has_value());
  queue.push(at(11s), "fault");
  CHECK(queue.pop_until(at(11s))->payload == "fault");
}

TEST_CASE("event queue: payloads may be move-only", "[sim]") {
  EventQueue<std::unique_ptr<int>> queue;
  queue.push(at(1s), std::make_unique<int>(1));
  CHECK(*queue.pop()->payload == 1);
}

TEST_CASE("event queue: a copy goes its own way, as a search from a saved moment needs", "[sim]") {
  EventQueue<int> queue;
  queue.push(at(1s), 1);
  EventQueue<int> copy = queue;
  copy.push(at(500ms), 2);

  CHECK(drain(queue) == std::vector{1});
  CHECK(drain(copy) == std::vector{2, 1});
}

TEST_CASE("event queue: agrees with the naive queue on everything that can be done to it", "[sim]") {
  CHECK(rc::check("event queue is the naive queue", [] {
    Twins twins;
    const int steps = *rc::gen::inRange(1, 80);
    for (int i = 0; i < steps; ++i) twins.step();
    twins.drain();
  }));
}
