// What a process does, written down as it would be in a shell: a coroutine that sleeps, blocks, runs children
// and returns an exit code.
//
//   Script stop(Process& self) {
//     co_await self.sleep(20ms);
//     if (co_await umount(self, "/srv/db") != 0) co_return 1;
//     co_return 0;
//   }
//
// A Task starts when it is awaited (or, the outermost one, when its process starts) and lives in its caller's
// frame: destroying the outermost one destroys all, and runs their destructors, as a process's end does.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "engine/base/assert.h"

namespace fencepost::models {

// Coroutine frames come and go with every run of a monitor; they are kept for the next one.
void* allocate_frame(std::size_t size);
void release_frame(void* frame, std::size_t size);

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::coroutine_handle<> caller;
    std::optional<T> value;

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) { release_frame(frame, size); }

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Return {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
          if (done.promise().caller) return done.promise().caller;
          return std::noop_coroutine();
        }
        void await_resume() noexcept {}
      };
      return Return{};
    }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() { std::terminate(); }
  };

  Task() = default;
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) reset();
    frame_ = std::exchange(other.frame_, {});
    return *this;
  }
  ~Task() { reset(); }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    frame_.promise().caller = caller;
    return frame_;
  }
  T await_resume() { return std::move(*frame_.promise().value); }

  std::coroutine_handle<> frame() const { return frame_; }
  bool done() const { return frame_ && frame_.done(); }
  const T& value() const {
    HA_ASSERT(done());
    return *frame_.promise().value;
  }
  void reset() {
    if (frame_) std::exchange(frame_, {}).destroy();
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

using Script = Task<int>;  // returns an exit code

}  // namespace fencepost::models
