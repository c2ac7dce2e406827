// The invariants of a simulated world: the rules, and what only the world's inside can tell.
#pragma once

#include <string>

#include "models/alarm.h"
#include "models/invariants/invariant_rules.h"
#include "models/part.h"

namespace fencepost::models {

class Invariants final : public WorldPart, public InvariantRules {
 public:
  explicit Invariants(World& world);

  void watch(InvariantOptions options);  // from now on
  void finish();                         // the run is over: liveness can be judged

 private:
  bool is_shared_disk(std::string_view device) const override;
  bool may_be_primary_twice(const std::string& resource) const override;
  void check_divergence(const std::string& resource) override;
  Hindrance hindrance(const std::string& resource, const FailedFences& failed) const override;
  RecoveryBound bound(const std::string& resource) const override;
  void found() override;
  void report();

  World& world_;
  bool watching_ = false;
  Alarm report_;
};

}  // namespace fencepost::models
