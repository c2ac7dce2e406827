// Names with their values, many of them in two pieces of memory: an action carries about forty, and each
// would otherwise be two allocations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fencepost {

class NameValues {
 public:
  struct Pair {
    std::string_view name, value;
    bool operator==(const Pair&) const = default;
  };

  NameValues() = default;
  NameValues(std::initializer_list<Pair> pairs) {
    for (const Pair& pair : pairs) add(pair.name, pair.value);
  }

  // Room for so many pairs, and for all their characters (of names and values).
  void reserve(std::size_t pairs, std::size_t characters) {
    ends_.reserve(pairs);
    text_.reserve(characters);
  }
  // In the order in which they are to be; views of these pairs end to be valid.
  void add(std::string_view name, std::string_view value) {
    text_.append(name);
    const auto name_end = static_cast<std::uint32_t>(text_.size());
    text_.append(value);
    ends_.push_back({name_end, static_cast<std::uint32_t>(text_.size())});
  }

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  Pair operator[](std::size_t i) const {
    const std::string_view all = text_;
    const std::size_t start = i == 0 ? 0 : ends_[i - 1].value;
    const auto [name_end, value_end] = ends_[i];
    return {all.substr(start, name_end - start), all.substr(name_end, value_end - name_end)};
  }
  // The value of the first pair whose name is `prefix` and `name`.
  std::optional<std::string_view> find(std::string_view prefix, std::string_view name) const {
    for (const Pair pair : *this) {
      if (pair.name.size() == prefix.size() + name.size() && pair.name.ends_with(name) &&
          pair.name.starts_with(prefix))
        return pair.value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> find(std::string_view name) const { return find({}, name); }

  class Iterator {
   public:
    Iterator(const NameValues& all, std::size_t at) : all_(&all), at_(at) {}
    Pair operator*() const { return (*all_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const NameValues* all_;
    std::size_t at_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

  // The same pairs in the same order.
  bool operator==(const NameValues&) const = default;

 private:
  struct Ends {
    std::uint32_t name, value;
    bool operator==(const Ends&) const = default;
  };
  std::string text_;
  std::vector<Ends> ends_;  // where each pair's name and value end in it
};

}  // namespace fencepost
