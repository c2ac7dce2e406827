// What happens next: events in the order (time, sequence), where the sequence is the order of push().
//
// The next few events lie in one sorted list. The others wait in a radix heap, which may count on time never
// running backwards: an event is filed by the highest bit in which its time differs from a base, one bucket a
// bit. When the list has run out, the nearest bucket becomes the list; if it is too large for that, its
// events are first filed again around a later base, so that they spread over nearer buckets. Everywhere,
// events of one time lie together and in the order in which they were pushed, so no sequence number is stored
// or compared.
//
// With few events pending, a push is an insertion into the list; with many, a handful of sequential moves.
// Nothing is allocated once the lists have grown to the run's size.
#pragma once

#include <algorithm>
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
  // A line in one of the lists. If the slot's generation has moved on, the event was cancelled: the entry is
  // dead, and is dropped when it is met.
  struct Entry {
    SimTime at;
    EventHandle handle;
  };
  using Entries = std::vector<Entry>;
  struct Slot {
    std::optional<Payload> payload;
    std::uint32_t generation = 1;
  };
  static constexpr std::size_t kNearMost = 48;  // measured: bench/queue_bench.cpp
  static constexpr std::size_t kNearRefill = 16;

  void insert_near(const Entry& entry);
  void sink(std::size_t place);
  void spill_near();
  void trim_near();
  bool refill_near(SimTime limit);
  void append_near(std::size_t bucket);

  void file(const Entry& entry);
  void refile(std::size_t bucket);
  void clear(std::size_t bucket);
  std::optional<SimTime> earliest(std::size_t bucket) const;
  std::size_t nearest_bucket() const { return static_cast<std::size_t>(std::countr_zero(in_use_)); }

  EventHandle fill_slot(Payload&& payload);
  Payload empty_slot(std::uint32_t index);
  bool is_dead(const Entry& entry) const { return dead_ > 0 && !is_pending(entry.handle); }
  void sweep();

  SimTime now_ = kSimStart;
  std::size_t size_ = 0;
  std::size_t dead_ = 0;  // entries of cancelled events that still lie in a list

  Entries near_;  // sorted, and read up to near_read_: everything due by near_through_
  std::size_t near_read_ = 0;
  SimTime near_through_ = kNever;

  // Bucket 0 holds what is due at base_; bucket b, the times whose highest difference from base_ is bit b-1.
  // Time is never negative, so bit 63 never differs. base_ was the next event's time at the last refill:
  // never after now_.
  std::array<Entries, 64> buckets_;
  std::uint64_t in_use_ = 0;  // bit b: bucket b is not empty
  SimTime base_ = kSimStart;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
};

template <class Payload>
EventHandle EventQueue<Payload>::push(SimTime at, Payload payload) {
  HA_ASSERT(at >= now_);
  const Entry entry{at, fill_slot(std::move(payload))};
  at <= near_through_ ? insert_near(entry) : file(entry);
  ++size_;
  return entry.handle;
}

template <class Payload>
std::optional<typename EventQueue<Payload>::Event> EventQueue<Payload>::pop() {
  return pop_until(kNever);
}

template <class Payload>
std::optional<typename EventQueue<Payload>::Event> EventQueue<Payload>::pop_until(SimTime limit) {
  while (!empty()) {
    if (near_read_ == near_.size() && !refill_near(limit)) return std::nullopt;

    const Entry entry = near_[near_read_];
    if (is_dead(entry)) {
      ++near_read_;
      --dead_;
      continue;
    }
    if (entry.at > limit) return std::nullopt;
    ++near_read_;
    --size_;
    now_ = entry.at;
    return Event{entry.at, empty_slot(entry.handle.slot)};
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
  for (std::size_t i = near_read_; i < near_.size(); ++i) {
    if (!is_dead(near_[i])) return near_[i].at;
  }
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (const auto next = earliest(bucket)) return *next;
  }
  return kNever;
}

template <class Payload>
void EventQueue<Payload>::insert_near(const Entry& entry) {
  trim_near();
  near_.push_back(entry);
  sink(near_.size() - 1);
  if (near_.size() - near_read_ > kNearMost) spill_near();
}

// Moves an entry before all later ones; what lies before it is sorted.
template <class Payload>
void EventQueue<Payload>::sink(std::size_t place) {
  const Entry entry = near_[place];
  for (; place > near_read_ && near_[place - 1].at > entry.at; --place) near_[place] = near_[place - 1];
  near_[place] = entry;
}

// Drops what has been read, once that is most of the list.
template <class Payload>
void EventQueue<Payload>::trim_near() {
  if (near_read_ < kNearMost || near_read_ < near_.size() / 2) return;
  near_.erase(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(near_read_));
  near_read_ = 0;
}

// Files the later half in the buckets again. Events of one time are not parted, so of those there may be any
// number in the list: another one of the same time goes to its end, and moves none of them.
template <class Payload>
void EventQueue<Payload>::spill_near() {
  const auto front = near_.begin() + static_cast<std::ptrdiff_t>(near_read_);
  const SimTime middle = front[kNearMost / 2].at;
  const auto cut = std::find_if(
      front, near_.end(), [&](const Entry& entry) { return entry.at >= middle && entry.at > front->at; });
  if (cut == near_.end()) return;

  near_through_ = cut->at - Duration{1};
  std::for_each(cut, near_.end(), [this](const Entry& entry) { file(entry); });
  near_.erase(cut, near_.end());
}

// From here on the next event is the first in the list that is not dead. False, and nothing has moved, if it
// is due after the limit: were base_ set to its time, nothing could be filed before it any more.
template <class Payload>
bool EventQueue<Payload>::refill_near(SimTime limit) {
  near_.clear();
  near_read_ = 0;
  while (in_use_ != 0) {
    const std::size_t bucket = nearest_bucket();
    const std::optional<SimTime> next = earliest(bucket);
    if (!next) {
      dead_ -= buckets_[bucket].size();
      clear(bucket);
      continue;
    }
    if (*next > limit) return false;
    base_ = *next;
    if (bucket == 0 || buckets_[bucket].size() <= kNearRefill) break;
    refile(bucket);
  }
  do append_near(nearest_bucket());
  while (in_use_ != 0 && near_.size() + buckets_[nearest_bucket()].size() <= kNearRefill);
  if (in_use_ == 0) near_through_ = kNever;
  return true;
}

template <class Payload>
void EventQueue<Payload>::append_near(std::size_t bucket) {
  for (const Entry& entry : buckets_[bucket]) {
    near_.push_back(entry);
    sink(near_.size() - 1);
  }
  clear(bucket);
  const auto below = static_cast<std::int64_t>((std::uint64_t{1} << bucket) - 1);
  near_through_ = SimTime{Duration{base_.time_since_epoch().count() | below}};
}

// From here on the bucket's times differ from base_, which has become one of them, in lower bits only.
template <class Payload>
void EventQueue<Payload>::refile(std::size_t bucket) {
  for (const Entry& entry : buckets_[bucket]) {
    if (is_dead(entry)) {
      --dead_;
    } else {
      file(entry);
    }
  }
  clear(bucket);
}

template <class Payload>
void EventQueue<Payload>::file(const Entry& entry) {
  const auto difference = entry.at.time_since_epoch().count() ^ base_.time_since_epoch().count();
  const auto bucket = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(difference)));
  buckets_[bucket].push_back(entry);
  in_use_ |= std::uint64_t{1} << bucket;
}

template <class Payload>
void EventQueue<Payload>::clear(std::size_t bucket) {
  buckets_[bucket].clear();
  in_use_ &= ~(std::uint64_t{1} << bucket);
}

template <class Payload>
std::optional<SimTime> EventQueue<Payload>::earliest(std::size_t bucket) const {
  std::optional<SimTime> first;
  for (const Entry& entry : buckets_[bucket]) {
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
  near_.erase(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(near_read_));
  near_read_ = 0;
  const auto dead = [this](const Entry& entry) { return is_dead(entry); };
  std::erase_if(near_, dead);
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    std::erase_if(buckets_[bucket], dead);
    if (buckets_[bucket].empty()) clear(bucket);
  }
  dead_ = 0;
}

}  // namespace fencepost::sim
