#include "models/script.h"

#include <array>
#include <new>
#include <vector>

namespace fencepost::models {
namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kClasses = 64;  // frames of up to 4 KiB are kept; larger ones are rare

// Frames of one thread that are not in use, by size. A world lives on one thread.
struct Frames {
  std::array<std::vector<void*>, kClasses> idle;

  ~Frames() {
    for (auto& frames : idle) {
      for (void* frame : frames) ::operator delete(frame);
    }
  }
};
thread_local Frames frames;

std::size_t size_class(std::size_t size) { return (size + kStep - 1) / kStep; }

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t index = size_class(size);
  if (index >= kClasses) return ::operator new(size);
  auto& idle = frames.idle[index];
  if (idle.empty()) return ::operator new(index* kStep);
  void* frame = idle.back();
  idle.pop_back();
  return frame;
}

void release_frame(void* frame, std::size_t size) {
  const std::size_t index = size_class(size);
  if (index >= kClasses) {
    ::operator delete(frame);
  } else {
    frames.idle[index].push_back(frame);
  }
}

}  // namespace fencepost::models
