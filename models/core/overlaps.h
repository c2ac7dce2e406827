// Faults of one kind on one thing that overlap: the strongest is felt, until it is over.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/part.h"

namespace fencepost::models {

class World;

class Overlaps final : public WorldPart {
 public:
  explicit Overlaps(World&) {}

  struct Fault {
    std::string what;  // "load db1"
    double strength = 1;
    bool ends = true;  // false: it replaces the last one that had no end, so that strength 1 ends that
  };
  // Sets what is felt now, and returns how to end this fault. `otherwise`: what is felt without any.
  std::function<void()> begin(const Fault& fault, double otherwise, std::function<void(double)> set);

 private:
  struct Entry {
    std::uint64_t id = 0;  // 0: without an end
    double strength = 1;
  };
  double strongest(const std::string& what, double otherwise) const;

  std::map<std::string, std::vector<Entry>> entries_;
  std::uint64_t next_ = 0;
};

}  // namespace fencepost::models
