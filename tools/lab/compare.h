// A run that was predicted beside one that happened: are the same things done, in the same order, at the same
// times?
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/backend/record.h"

namespace fencepost::lab {

// Something that was done and took its time: an action of a resource, a fencing.
struct Deed {
  std::string what;  // "db:start n2 ok", "fence n1"
  SimTime begin, end;
};

// The deeds since t=0, in the order of their end. Runs of monitors that made no news are none.
class Deeds : public backend::Observer {
 public:
  explicit Deeds(std::vector<std::string> node_names) : names_(std::move(node_names)) {}
  void begin(SimTime t0);
  void observe(const backend::Record& record) override;
  // On a clock that is 0 at t=0.
  const std::vector<Deed>& all() const { return deeds_; }

 private:
  void add(std::string what, SimTime begin, SimTime end);

  std::vector<std::string> names_;
  SimTime t0_ = kNever;
  std::map<std::string, SimTime> fences_;  // requested, by target
  std::vector<Deed> deeds_;
};

struct Comparison {
  std::size_t deeds = 0;                // that both have
  std::vector<std::string> only_first;  // what the other one lacks
  std::vector<std::string> only_second;
  std::vector<std::string> out_of_order;  // "db:start n2 before fence n1"
  Duration error_max{};                   // of a begin or an end
  double relative_max = 0;  // of the time since t=0, among those that are off by more than half a second
  std::string worst;        // which deed it was

  bool same_order() const { return only_first.empty() && only_second.empty() && out_of_order.empty(); }
  // Within 10 % or half a second.
  bool same_times() const { return relative_max <= 0.1; }
};

Comparison compare(const std::vector<Deed>& predicted, const std::vector<Deed>& happened);

}  // namespace fencepost::lab
