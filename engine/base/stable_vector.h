// A vector whose elements stay where they are while it grows: references to them hold. They lie in pages,
// side by side.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace fencepost {

template <class T>
class StableVector {
  static constexpr std::size_t kPage = 32;  // elements; a power of two

  template <class Owner, class Element>
  struct Iterator {
    Owner* owner = nullptr;
    std::size_t index = 0;
    Element& operator*() const { return (*owner)[index]; }
    Iterator& operator++() {
      ++index;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index != other.index; }
  };

 public:
  StableVector() = default;
  StableVector(const StableVector&) = delete;  // whoever refers to an element means the one in here
  StableVector& operator=(const StableVector&) = delete;

  std::size_t size() const { return pages_.empty() ? 0 : (pages_.size() - 1) * kPage + pages_.back().size(); }
  bool empty() const { return pages_.empty(); }
  T& operator[](std::size_t index) { return pages_[index / kPage][index % kPage]; }
  const T& operator[](std::size_t index) const { return pages_[index / kPage][index % kPage]; }
  T& back() { return pages_.back().back(); }

  T& emplace_back() { return page_with_room().emplace_back(); }
  T& push_back(T&& element) { return page_with_room().emplace_back(std::move(element)); }

  auto begin() { return Iterator<StableVector, T>{this, 0}; }
  auto end() { return Iterator<StableVector, T>{this, size()}; }
  auto begin() const { return Iterator<const StableVector, const T>{this, 0}; }
  auto end() const { return Iterator<const StableVector, const T>{this, size()}; }

 private:
  std::vector<T>& page_with_room() {
    if (pages_.empty() || pages_.back().size() == kPage) pages_.emplace_back().reserve(kPage);
    return pages_.back();
  }

  std::vector<std::vector<T>> pages_;
};

}  // namespace fencepost
