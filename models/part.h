// Parts that areas of the world add to it without the world knowing them: DRBD, NFS, power switches to the
// world; mount tables and kernel modules to a machine.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace fencepost::models {

class Machine;

// A part of the world hears what happens to machines and networks. Lives as long as the world.
class WorldPart {
 public:
  virtual ~WorldPart() = default;
  virtual void machine_up(Machine&) {}       // its operating system runs
  virtual void machine_down(Machine&) {}     // it has lost everything in memory; its parts still exist
  virtual void machine_frozen(Machine&) {}   // stands still (frozen() is true), or goes on again (false)
  virtual void network_changed() {}          // some way was opened or closed
  virtual void cluster_changed(Machine&) {}  // its stack came or went, its membership or quorum changed
};

// A part of one machine's memory. Destroyed when the machine goes down, after its processes.
class MachinePart {
 public:
  virtual ~MachinePart() = default;
};

namespace detail {
template <class T>
inline constexpr char kPartTag{};
}

// One object of each type, made when first asked for with what owns them. Iterated in the order of creation.
template <class Owner, class Base = MachinePart>
class Parts {
 public:
  template <class T>
  T& get(Owner& owner) {
    for (const auto& [tag, part] : parts_) {
      if (tag == &detail::kPartTag<T>) return static_cast<T&>(*part);
    }
    auto made = std::make_unique<T>(owner);
    T& result = *made;
    parts_.emplace_back(&detail::kPartTag<T>, std::move(made));
    return result;
  }
  template <class F>
  void for_each(F&& visit) {
    for (std::size_t i = 0; i < parts_.size(); ++i) visit(*parts_[i].second);  // a visit may add parts
  }
  void clear() {
    while (!parts_.empty()) parts_.pop_back();
  }

 private:
  std::vector<std::pair<const char*, std::unique_ptr<Base>>> parts_;
};

}  // namespace fencepost::models
