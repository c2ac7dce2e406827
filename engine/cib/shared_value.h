// A value that is shared until somebody changes it: copying costs a pointer.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace fencepost::cib {

template <class T>
class SharedValue {
 public:
  SharedValue() : value_(std::make_shared<T>()) {}
  SharedValue(T value) : value_(std::make_shared<T>(std::move(value))) {}  // NOLINT: a T is one

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  operator const T&() const { return *value_; }  // NOLINT: it is one

  // The value to change: from here on, this one's own.
  T& edit() {
    if (value_.use_count() > 1) {
      value_ = std::make_shared<T>(std::as_const(*value_));
    } else {
      // The last other owner may have been another thread: its reads come before our writes.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    return *value_;
  }

  friend bool operator==(const SharedValue& a, const SharedValue& b) {
    return a.value_ == b.value_ || *a.value_ == *b.value_;
  }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace fencepost::cib
