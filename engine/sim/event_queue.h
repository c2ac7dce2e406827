// What happens next: events in the order (time, sequence), where the sequence is the order of push().
//
// The next few events lie in one sorted list. The others wait in a radix heap, which may count on time never
// running backwards: an event is filed by the highest hexadecimal digit in which its time differs from a
// base, one bucket for each value of each digit. When the list has run out, the nearest bucket becomes the
// list; if it is too large for that, its events are first filed again around a later base, so that they
// spread over nearer buckets. Everywhere, events of one time lie together and in the order in which they were
// pushed, so no sequence number is stored.
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
    Payload payload{};  // an empty one while the slot is free
    std::uint32_t generation = 1;
  };
  static constexpr std::size_t kNearMost = 48;
  static constexpr std::size_t kNearRefill = 16;
  static constexpr std::size_t kBuckets = 16 * 16;  // 16 digits a time, 16 values a digit
  static constexpr std::size_t kNone = kBuckets;

  void insert_near(const Entry& entry);
  void sink(std::size_t place);
  void spill_near();
  void trim_near();
  bool refill_near(SimTime limit);
  void append_near(std::size_t bucket);
  SimTime latest_of(std::size_t bucket) const;

  void file(const Entry& entry);
  void refile(std::size_t bucket);
  void clear(std::size_t bucket);
  std::optional<SimTime> earliest(std::size_t bucket) const;
  std::size_t bucket_in_use(std::size_t from) const;
  static std::uint64_t bits(SimTime time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
  }

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

  // Bucket 16 d + v holds the times whose highest digit to differ from base_ is digit d, counted from the
  // last, and has the value v. Nearer times lie in lower buckets, and in each of the first 16 all times are
  // the same. base_ was the next event's time at the last refill; it is never after now_.
  std::array<Entries, kBuckets> buckets_;
  std::array<std::uint64_t, kBuckets / 64> in_use_{};  // one bit a bucket: it is not empty
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
  for (std::size_t bucket = bucket_in_use(0); bucket != kNone; bucket = bucket_in_use(bucket + 1)) {
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
  const auto cut = std::partition_point(
      front, near_.end(), [&](const Entry& entry) { return entry.at < middle || entry.at == front->at; });
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
  std::size_t bucket = bucket_in_use(0);
  for (; bucket != kNone; bucket = bucket_in_use(0)) {
    const std::optional<SimTime> next = earliest(bucket);
    if (!next) {
      dead_ -= buckets_[bucket].size();
      clear(bucket);
      continue;
    }
    if (*next > limit) return false;
    base_ = *next;
    if (bucket < 16 || buckets_[bucket].size() <= kNearRefill) break;
    refile(bucket);
  }
  HA_ASSERT(bucket != kNone);
  do {
    append_near(bucket);
    bucket = bucket_in_use(0);
  } while (bucket != kNone && near_.size() + buckets_[bucket].size() <= kNearRefill);
  if (bucket == kNone) near_through_ = kNever;
  return true;
}

template <class Payload>
void EventQueue<Payload>::append_near(std::size_t bucket) {
  for (const Entry& entry : buckets_[bucket]) {
    __builtin_prefetch(&slots_[entry.handle.slot]);  // it will be popped soon
    near_.push_back(entry);
    sink(near_.size() - 1);
  }
  clear(bucket);
  near_through_ = latest_of(bucket);
}

// The last time that belongs into a bucket: the digits above as in base_, its own digit, and the highest
// below.
template <class Payload>
SimTime EventQueue<Payload>::latest_of(std::size_t bucket) const {
  const std::size_t shift = bucket / 16 * 4;
  const std::uint64_t above = (bits(base_) >> shift) & ~std::uint64_t{15};
  const std::uint64_t below = (std::uint64_t{1} << shift) - 1;
  return SimTime{Duration{static_cast<std::int64_t>(((above | bucket % 16) << shift) | below)}};
}

// base_ has become one of the bucket's times: from here on they differ from it in lower digits only.
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
  const std::uint64_t difference = bits(entry.at) ^ bits(base_);
  const auto digit = static_cast<std::size_t>(std::bit_width(difference | 1) - 1) / 4;
  const std::size_t bucket = digit * 16 + (bits(entry.at) >> (digit * 4)) % 16;
  buckets_[bucket].push_back(entry);
  in_use_[bucket / 64] |= std::uint64_t{1} << bucket % 64;
}

template <class Payload>
void EventQueue<Payload>::clear(std::size_t bucket) {
  buckets_[bucket].clear();
  in_use_[bucket / 64] &= ~(std::uint64_t{1} << bucket % 64);
}

// The nearest one, leaving out those before `from`.
template <class Payload>
std::size_t EventQueue<Payload>::bucket_in_use(std::size_t from) const {
  for (std::size_t word = from / 64; word < in_use_.size(); ++word, from = 0) {
    const std::uint64_t rest = in_use_[word] >> from % 64 << from % 64;
    if (rest != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(rest));
  }
  return kNone;
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
  slots_[index].payload = std::move(payload);
  return {index, slots_[index].generation};
}

// From here on the event's handle is stale: generation 0 is given to no event.
template <class Payload>
Payload EventQueue<Payload>::empty_slot(std::uint32_t index) {
  Slot& slot = slots_[index];
  Payload payload = std::exchange(slot.payload, Payload{});
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
