// What happens next: events in the order (time, sequence), where the sequence is the order of push().
//
// A radix heap. Simulated time only moves forward, so an event can be filed by the highest bit in which its
// time differs from the last time popped: one bucket a bit. A push appends to a bucket. When the lowest
// bucket in use is reached, its events are filed again, nearer, in the order in which they lie there; so
// events of one time, which always share a bucket, keep their order of push without a sequence number being
// stored or compared.
//
// An event costs a few sequential moves, however many are pending; nothing is allocated once the buckets have
// grown to the run's size.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "engine/base/time.h"

namespace fencepost::sim {

// Names one pushed event, for ever: once the event has been popped or cancelled, its handle is stale and
// harmless.
struct EventHandle {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 0: no event

  bool operator==(const EventHandle&) const = default;
};

template <class Payload>
class EventQueue {
 public:
  struct Event {
    SimTime at;
    Payload payload;
  };

  // Never earlier than the last event popped: the past is over.
  EventHandle push(SimTime at, Payload payload);

  // True if the event was still to come. Its payload is destroyed here and now.
  bool cancel(EventHandle handle);
  bool is_pending(EventHandle handle) const;

  std::optional<Event> pop();
  // The next event, if it is due by then. Otherwise nothing changes, and events before `limit` may still be
  // pushed.
  std::optional<Event> pop_until(SimTime limit);

  // kNever if nothing is pending.
  SimTime next_time() const;
  // The time of the last event popped.
  SimTime now() const { return now_; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  // What lies in a bucket. If the slot's generation has moved on, the event was cancelled: the entry is dead,
  // and is dropped when it is met.
  struct Entry {
    SimTime at;
    EventHandle handle;
  };
  using Bucket = std::vector<Entry>;
  struct Slot {
    std::optional<Payload> payload;
    std::uint32_t generation = 1;
  };

  EventHandle fill_slot(Payload&& payload);
  Payload empty_slot(std::uint32_t slot);
  void file(const Entry& entry);
  void refile(std::size_t bucket);
  std::optional<Event> pop_due();
  std::optional<SimTime> earliest(std::size_t bucket) const;
  std::size_t nearest_bucket() const { return static_cast<std::size_t>(std::countr_zero(in_use_)); }
  bool is_dead(const Entry& entry) const { return dead_ > 0 && !is_pending(entry.handle); }
  void sweep();

  SimTime now_ = kSimStart;
  std::size_t size_ = 0;
  std::size_t dead_ = 0;  // entries of cancelled events that still lie in a bucket

  // Bucket 0 is due at now_. Bucket b holds the times whose highest difference from now_ is bit b-1. Time is
  // never negative, so bit 63 never differs.
  std::array<Bucket, 64> buckets_;
  std::uint64_t in_use_ = 0;  // bit b: bucket b is not empty
  std::size_t due_ = 0;       // bucket 0 has been read up to here

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
};

template <class Payload>
EventHandle EventQueue<Payload>::push(SimTime at, Payload payload) {
  HA_ASSERT(at >= now_);
  const EventHandle handle = fill_slot(std::move(payload));
  file({at, handle});
  ++size_;
  return handle;
}

template <class Payload>
std::optional<typename EventQueue<Payload>::Event> EventQueue<Payload>::pop() {
  return pop_until(kNever);
}

template <class Payload>
std::optional<typename EventQueue<Payload>::Event> EventQueue<Payload>::pop_until(SimTime limit) {
  while (!empty()) {
    const std::size_t bucket = nearest_bucket();
    if (bucket == 0) {
      if (now_ > limit) return std::nullopt;
      if (auto event = pop_due()) return event;
      continue;
    }
    const std::optional<SimTime> next = earliest(bucket);
    if (next && *next > limit) return std::nullopt;
    if (next) now_ = *next;
    refile(bucket);
  }
  return std::nullopt;
}

template <class Payload>
bool EventQueue<Payload>::cancel(EventHandle handle) {
  if (!is_pending(handle)) return false;
  empty_slot(handle.slot);
  --size_;
  ++dead_;
  // Timers that are armed and disarmed all day must not pile up; a sweep costs no more than the cancels it
  // follows.
  if (dead_ > size_ + 64) sweep();
  return true;
}

template <class Payload>
bool EventQueue<Payload>::is_pending(EventHandle handle) const {
  return handle.slot < slots_.size() && slots_[handle.slot].generation == handle.generation;
}

template <class Payload>
SimTime EventQueue<Payload>::next_time() const {
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (const auto next = earliest(bucket)) return *next;
  }
  return kNever;
}

// The front of bucket 0, unless it is dead. Either way it is gone.
template <class Payload>
std::optional<typename EventQueue<Payload>::Event> EventQueue<Payload>::pop_due() {
  Bucket& due = buckets_[0];
  const Entry entry = due[due_++];
  if (due_ == due.size()) {
    due.clear();
    due_ = 0;
    in_use_ &= ~std::uint64_t{1};
  }
  if (is_dead(entry)) {
    --dead_;
    return std::nullopt;
  }
  --size_;
  return Event{entry.at, empty_slot(entry.handle.slot)};
}

// The bucket was reached: now_ lies among its times, so each of them now differs from now_ in a lower bit
// only.
template <class Payload>
void EventQueue<Payload>::refile(std::size_t bucket) {
  in_use_ &= ~(std::uint64_t{1} << bucket);
  for (const Entry& entry : buckets_[bucket]) {
    if (is_dead(entry)) {
      --dead_;
    } else {
      file(entry);
    }
  }
  buckets_[bucket].clear();
}

template <class Payload>
void EventQueue<Payload>::file(const Entry& entry) {
  const auto difference = entry.at.time_since_epoch().count() ^ now_.time_since_epoch().count();
  const auto bucket = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(difference)));
  buckets_[bucket].push_back(entry);
  in_use_ |= std::uint64_t{1} << bucket;
}

template <class Payload>
std::optional<SimTime> EventQueue<Payload>::earliest(std::size_t bucket) const {
  std::optional<SimTime> first;
  for (std::size_t i = bucket == 0 ? due_ : 0; i < buckets_[bucket].size(); ++i) {
    const Entry& entry = buckets_[bucket][i];
    if ((!first || entry.at < *first) && !is_dead(entry)) first = entry.at;
  }
  return first;
}

template <class Payload>
EventHandle EventQueue<Payload>::fill_slot(Payload&& payload) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  slots_[index].payload.emplace(std::move(payload));
  return {index, slots_[index].generation};
}

// From here on the event's handle is stale: generation 0 is given to no event.
template <class Payload>
Payload EventQueue<Payload>::empty_slot(std::uint32_t index) {
  Slot& slot = slots_[index];
  Payload payload = std::move(*slot.payload);
  slot.payload.reset();
  if (++slot.generation == 0) slot.generation = 1;
  free_slots_.push_back(index);
  return payload;
}

template <class Payload>
void EventQueue<Payload>::sweep() {
  buckets_[0].erase(buckets_[0].begin(), buckets_[0].begin() + static_cast<std::ptrdiff_t>(due_));
  due_ = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    std::erase_if(buckets_[bucket], [this](const Entry& entry) { return is_dead(entry); });
    if (buckets_[bucket].empty()) in_use_ &= ~(std::uint64_t{1} << bucket);
  }
  dead_ = 0;
}

}  // namespace fencepost::sim
