// Faults that press on the same thing at the same time: the strongest is felt, and each ends only itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/part.h"

namespace fencepost::models {

class World;

// What a fault does to one thing.
struct Pressure {
  std::string what;  // "cpu of db1"
  double strength = 1;
  double otherwise = 0;                  // what is felt without any
  std::function<void(double)> set = {};  // so much is felt from now on
  std::string cause = {};                // for who ends all of one cause, and leaves the others
};
// Of a thing that is so or not, as a port that is down.
Pressure pressure(std::string what, std::function<void(bool)> set, std::string cause = {});

class Overlaps final : public WorldPart {
 public:
  explicit Overlaps(World&) {}

  // Ends this fault and no other; after end_all(), nothing.
  using End = std::function<void()>;
  // One that does not end by itself takes the place of the last such one.
  End begin(Pressure pressure, bool ends_by_itself);
  // Somebody repairs it: what presses on it for this cause, or for any if there is none, is gone.
  void end_all(const std::string& what, std::string_view cause = {});

 private:
  struct Entry {
    std::uint64_t id = 0;  // 0: does not end by itself
    double strength = 1;
    std::string cause;
  };
  struct Thing {
    double otherwise = 0;
    double felt = 0;
    std::function<void(double)> set;
    std::vector<Entry> entries;
    void feel();
  };

  std::map<std::string, Thing> things_;
  std::uint64_t next_ = 0;
};

}  // namespace fencepost::models
