// Choices drawn from one named stream: the same seed, the same choices.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "engine/sim/random.h"

namespace fencepost::crm_simulate {

class Dice {
 public:
  explicit Dice(sim::Stream stream) : stream_(stream) {}

  bool chance(double probability) { return stream_.chance(probability); }
  int below(int limit) { return static_cast<int>(stream_.below(static_cast<std::uint64_t>(limit))); }
  int between(int least, int most) { return least + below(most - least + 1); }

  std::string pick(std::initializer_list<const char*> all) {
    return *(all.begin() + below(static_cast<int>(all.size())));
  }
  int pick(std::initializer_list<int> all) { return *(all.begin() + below(static_cast<int>(all.size()))); }
  template <class T>
  const T& pick(const std::vector<T>& all) {
    return all.at(static_cast<std::size_t>(below(static_cast<int>(all.size()))));
  }

 private:
  sim::Stream stream_;
};

}  // namespace fencepost::crm_simulate
