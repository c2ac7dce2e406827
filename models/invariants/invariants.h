// What must hold in every world, checked on what really is, not on what the cluster believes.
//
// Each invariant looks at the record's observations as they come and keeps a verdict. A violation is written
// to the record once for each thing that it concerns, as InvariantBroken, at the instant at which it began.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/record.h"
#include "engine/cib/configuration.h"
#include "models/alarm.h"
#include "models/invariants/blocked.h"
#include "models/part.h"

namespace fencepost::models {

struct InvariantOptions {
  std::set<std::string, std::less<>> clones;  // resources that may be active on several nodes
  bool service_needs_quorum = true;           // no-quorum-policy is neither ignore nor freeze
  // Of it follows how long a recovery may take: see recovery_bound.h.
  std::shared_ptr<const cib::Configuration> configuration = std::make_shared<cib::Configuration>();
};

struct InvariantVerdict {
  enum class Kind : std::uint8_t { held, broken, undecided } kind = Kind::held;
  std::string invariant;
  std::string text;  // what was seen, of broken and undecided ones
};

class Invariants final : public WorldPart, public backend::Observer {
 public:
  explicit Invariants(World& world);

  void watch(InvariantOptions options);  // from now on
  void finish();                         // the run is over: liveness can be judged
  // In the order of kNames.
  std::vector<InvariantVerdict> verdicts() const;

  // active_twice, two_primaries, double_mount, duplicate_ip, data_loss, split_brain, no_quorum_service,
  // start_before_fence, fence_loop, recovers. docs/models.md says what each means.
  static const std::vector<std::string>& names();

  void observe(const backend::Record& record) override;

 private:
  using Where = std::map<std::string, std::set<std::string>, std::less<>>;  // thing -> nodes

  void see(const backend::RoleChanged& change);
  void see(const backend::StateChanged& change);
  void see(const backend::PowerChanged& change);
  void see(const backend::MembershipSeen& seen);
  void see(const backend::StackChanged& change);
  void see(const backend::ServiceChanged& change);
  void see(const backend::InvariantBroken& broken);
  void see(const node::FenceFinished& fence);
  void see(const backend::FenceDeviceActed& acted);
  void fault_seen() { last_fault_ = now_; }
  void check_divergence(const std::string& resource);
  void check_start(const backend::RoleChanged& change);
  void one_place(std::string_view invariant, const std::string& thing, const std::set<std::string>& nodes,
                 const std::string& what);
  void breaks(std::string_view invariant, const std::string& thing, std::string text);
  void report();
  void judge_liveness(const std::string& resource);

  World& world_;
  InvariantOptions options_;
  bool watching_ = false;
  SimTime now_{};
  Where active_, promoted_, primary_, mounted_, bound_;
  std::map<std::string, std::string> role_;                    // "resource on node"
  std::map<std::string, std::string, std::less<>> lost_with_;  // resource -> node that lost power with it
  std::set<std::string> uncertain_;  // nodes that vanished, and nobody has made certain
  std::map<std::string, bool> quorate_;
  std::map<std::string, std::vector<SimTime>> fences_;
  std::map<std::string, bool> served_;  // resource -> now; only those that ever were
  FailedFences failed_fences_;
  SimTime last_fault_ = kSimStart;

  std::set<std::pair<std::string, std::string>> known_;  // invariant, thing: reported once
  std::vector<backend::InvariantBroken> pending_;
  std::map<std::string, InvariantVerdict, std::less<>> verdicts_;
  Alarm report_;
};

}  // namespace fencepost::models
