#include "models/invariants/invariant_rules.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "models/machine.h"

namespace fencepost::models {
namespace {

// So many fences of one node in so long a time are a loop, whatever began it.
constexpr std::size_t kLoopFences = 3;
constexpr Duration kLoopTime = 30min;

std::string list(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " and ") + name;
  return text;
}

bool is_active(std::string_view role) { return role == kStarted || role == kPromoted; }

}  // namespace

const std::vector<std::string>& InvariantRules::names() {
  static const std::vector<std::string> names = {
      "active_twice", "two_primaries",     "double_mount",       "duplicate_ip", "data_loss",
      "split_brain",  "no_quorum_service", "start_before_fence", "fence_loop",   "recovers"};
  return names;
}

void InvariantRules::observe(const backend::Record& record) {
  now_ = record.time;
  if (const auto* entry = std::get_if<node::JournalEntry>(&record.what)) {
    if (const auto* fence = std::get_if<node::FenceFinished>(entry)) see(*fence);
    return;
  }
  std::visit(
      [this](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, backend::FaultInjected> ||
                      std::is_same_v<What, backend::FaultEnded>) {
          fault_seen();
        } else if constexpr (requires { this->see(what); }) {
          see(what);
        }
      },
      std::get<backend::Observation>(record.what));
}

// --- One place at a time ---

void InvariantRules::see(const backend::RoleChanged& change) {
  const std::string place = change.resource + " on " + change.node;
  const bool was_active = is_active(role_[place]);
  role_[place] = change.role;
  if (change.role == kPromoted)
    promoted_[change.resource].insert(change.node);
  else
    promoted_[change.resource].erase(change.node);
  if (change.role == kStarted)
    active_[change.resource].insert(change.node);
  else
    active_[change.resource].erase(change.node);

  if (was_active && !is_active(change.role) && uncertain_.contains(change.node)) {
    lost_with_[change.resource] = change.node;  // it did not stop: the power went
  }
  if (!is_active(change.role)) return;
  one_place("two_primaries", change.resource, promoted_[change.resource], "is promoted");
  if (!options_.clones.contains(change.resource)) {
    one_place("active_twice", change.resource, active_[change.resource], "is active");
  }
  check_start(change);
}

void InvariantRules::see(const backend::StateChanged& change) {
  if (change.kind == "drbd-role") {
    auto& nodes = primary_[change.object];
    if (change.to == "Primary")
      nodes.insert(change.node);
    else
      nodes.erase(change.node);
    if (!may_be_primary_twice(change.object))
      one_place("two_primaries", "DRBD " + change.object, nodes, "is Primary");
  } else if (change.kind == "mount") {
    const std::string& label = change.to == "not mounted" ? change.from : change.to;
    const std::size_t device = label.find("/dev/");
    if (device == std::string::npos || label.find("(ocfs2") != std::string::npos ||
        label.find("(gfs2") != std::string::npos)
      return;
    const std::string name = label.substr(device, label.find(')', device) - device);
    if (!name.starts_with("/dev/drbd") && !is_shared_disk(name)) return;
    auto& nodes = mounted_[name];
    if (change.to == "not mounted")
      nodes.erase(change.node);
    else
      nodes.insert(change.node);
    one_place("double_mount", name, nodes, "is mounted");
  } else if (change.kind == "address") {
    auto& nodes = bound_[change.object];
    const std::string who = change.node.empty() ? "a host outside the cluster" : change.node;
    if (change.to == "bound" || change.to == "also elsewhere")
      nodes.insert(who);
    else
      nodes.erase(who);
    one_place("duplicate_ip", change.object, nodes, "is bound");
  } else if (change.kind == "drbd-generation") {
    check_divergence(change.object.substr(0, change.object.find('/')));
  }
}

void InvariantRules::one_place(std::string_view invariant, const std::string& thing,
                               const std::set<std::string>& nodes, const std::string& what) {
  if (nodes.size() > 1) breaks(invariant, thing, thing + " " + what + " on " + list(nodes) + " at once");
}

// --- Certainty ---

void InvariantRules::see(const backend::PowerChanged& change) {
  // What a person or a repair brings back ends the fault that took it.
  if (change.on && change.why.find("back") != std::string::npos) fault_seen();
  if (change.on) return;
  uncertain_.insert(change.node);
  for (Where* where : {&active_, &promoted_, &primary_, &mounted_, &bound_}) {
    for (auto& [thing, nodes] : *where) {
      if (nodes.erase(change.node) == 0) continue;
      if (where == &active_ || where == &promoted_) lost_with_[thing] = change.node;
    }
  }
  quorate_.erase(change.node);
}

// Somebody made certain.
void InvariantRules::see(const node::FenceFinished& fence) {
  if (!fence.success) {
    failed_fences_[fence.target] = fence.why.empty() ? "no device could do it" : fence.why;
    return;
  }
  failed_fences_.erase(fence.target);
  uncertain_.erase(fence.target);
  std::erase_if(lost_with_, [&](const auto& lost) { return lost.second == fence.target; });
}

void InvariantRules::see(const backend::FenceDeviceActed& acted) {
  if (!acted.success || acted.action == "on" || acted.action == "monitor") return;
  auto& fences = fences_[acted.target];
  fences.push_back(now_);
  const auto recent =
      std::count_if(fences.begin(), fences.end(), [&](SimTime at) { return now_ - at <= kLoopTime; });
  if (static_cast<std::size_t>(recent) < kLoopFences) return;
  breaks("fence_loop", acted.target,
         acted.target + " was fenced " + std::to_string(recent) + " times within half an hour");
}

// The node came back into the cluster, and is asked what runs there.
void InvariantRules::see(const backend::StackChanged& change) {
  if (!change.up) {
    quorate_.erase(change.node);
    return;
  }
  uncertain_.erase(change.node);
  std::erase_if(lost_with_, [&](const auto& lost) { return lost.second == change.node; });
}

void InvariantRules::see(const backend::MembershipSeen& seen) { quorate_[seen.node] = seen.quorate; }

void InvariantRules::check_start(const backend::RoleChanged& change) {
  const auto quorate = quorate_.find(change.node);
  if (options_.service_needs_quorum && quorate != quorate_.end() && !quorate->second) {
    breaks("no_quorum_service", change.resource,
           change.resource + " became " + change.role + " on " + change.node + ", which had no quorum");
  }
  if (options_.clones.contains(change.resource) && change.role != kPromoted) return;
  const auto lost = lost_with_.find(change.resource);
  if (lost != lost_with_.end() && lost->second != change.node) {
    breaks("start_before_fence", change.resource,
           change.resource + " became " + change.role + " on " + change.node +
               " before anybody had made certain of " + lost->second + ", where it ran");
  }
  if (lost != lost_with_.end()) lost_with_.erase(lost);
  const std::set<std::string>& elsewhere =
      change.role == kPromoted ? promoted_[change.resource] : active_[change.resource];
  if (elsewhere.size() > 1) {
    breaks("start_before_fence", change.resource,
           change.resource + " became " + change.role + " on " + change.node +
               " while it was still running elsewhere");
  }
}

// --- Liveness ---

void InvariantRules::see(const backend::ServiceChanged& change) {
  if (change.available)
    served_[change.resource] = true;
  else if (served_.contains(change.resource))
    served_[change.resource] = false;
}

Hindrance InvariantRules::hindrance(const std::string&, const FailedFences&) const {
  return {.why = "what stands in its way cannot be seen from outside", .wanted = false};
}

RecoveryBound InvariantRules::bound(const std::string& resource) const {
  return recovery_bound(configuration(), {}, {}, resource);
}

void InvariantRules::judge_liveness(SimTime now) {
  for (const auto& [resource, served] : served_) {
    if (!served) judge_liveness(now, resource);
  }
}

// Within its bound anything may still come; after it, something stands in the way.
void InvariantRules::judge_liveness(SimTime now, const std::string& resource) {
  const Hindrance in_the_way = hindrance(resource, failed_fences_);
  if (in_the_way.wanted) return;
  const RecoveryBound limit = bound(resource);
  const Duration since = now - last_fault_;
  const std::string text = resource + " is not served " + std::to_string(since / 1s) +
                           " s after the last fault: " + in_the_way.why + " (bound: " + to_string(limit) +
                           ")";
  if (since >= limit.total()) return breaks("recovers", resource, text);
  auto& verdict = verdicts_["recovers"];
  if (verdict.kind == InvariantVerdict::Kind::held)
    verdict = {InvariantVerdict::Kind::undecided, "recovers", text};
}

// --- Verdicts ---

void InvariantRules::see(const backend::InvariantBroken& broken) {
  auto& verdict = verdicts_[broken.invariant];
  if (verdict.kind != InvariantVerdict::Kind::broken) {
    verdict = {InvariantVerdict::Kind::broken, broken.invariant, broken.text};
  }
}

// Written down after what is being observed now: other observers must see both in their order.
void InvariantRules::breaks(std::string_view invariant, const std::string& thing, std::string text) {
  if (!known_.emplace(std::string(invariant), thing).second) return;
  pending_.push_back({.invariant = std::string(invariant), .text = std::move(text)});
  found();
}

std::vector<backend::InvariantBroken> InvariantRules::take_found() { return std::exchange(pending_, {}); }

std::vector<InvariantVerdict> InvariantRules::verdicts() const {
  std::vector<InvariantVerdict> all;
  for (const std::string& name : names()) {
    const auto found = verdicts_.find(name);
    all.push_back(found == verdicts_.end() ? InvariantVerdict{InvariantVerdict::Kind::held, name, {}}
                                           : found->second);
  }
  return all;
}

}  // namespace fencepost::models
