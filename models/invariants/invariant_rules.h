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
#include "models/invariants/blocked.h"
#include "models/invariants/recovery_bound.h"

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

// The rules, whatever world the observations come from: the simulated one, or machines that somebody watches.
class InvariantRules : public backend::Observer {
 public:
  // In the order of names().
  std::vector<InvariantVerdict> verdicts() const;

  // active_twice, two_primaries, double_mount, duplicate_ip, data_loss, split_brain, no_quorum_service,
  // start_before_fence, fence_loop, recovers. docs/models.md says what each means.
  static const std::vector<std::string>& names();

  void set_options(InvariantOptions options) { options_ = std::move(options); }
  void observe(const backend::Record& record) override;
  // The run is over: liveness can be judged.
  void judge_liveness(SimTime now);
  // What was found since the last call. It belongs in the record after what showed it.
  std::vector<backend::InvariantBroken> take_found();

 protected:
  void breaks(std::string_view invariant, const std::string& thing, std::string text);
  const cib::Configuration& configuration() const { return *options_.configuration; }

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
  void judge_liveness(SimTime now, const std::string& resource);
  void check_start(const backend::RoleChanged& change);
  void one_place(std::string_view invariant, const std::string& thing, const std::set<std::string>& nodes,
                 const std::string& what);

  // What only a world that has disks and DRBD inside can tell. Beside DRBD's devices, is this one and the
  // same on several machines?
  virtual bool is_shared_disk(std::string_view) const { return false; }
  virtual bool may_be_primary_twice(const std::string&) const { return false; }
  virtual void check_divergence(const std::string&) {}
  // What keeps a resource from its clients, and how long it may: from the inside, more can be told.
  virtual Hindrance hindrance(const std::string& resource, const FailedFences&) const;
  virtual RecoveryBound bound(const std::string& resource) const;
  // Something waits in take_found().
  virtual void found() {}

  InvariantOptions options_;
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
};

}  // namespace fencepost::models
