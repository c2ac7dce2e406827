#include "models/invariants/blocked.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/policy/decision.h"
#include "models/core/stack.h"
#include "models/invariants/recovery_path.h"
#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

using policy::ClusterState;
using policy::ResourceState;
using policy::Role;

void add(std::string& list, const std::string& text) { list += (list.empty() ? "" : "; ") + text; }

// The DC that may decide; of several, one that has quorum.
const Machine* find_dc(World& world) {
  const Machine* found = nullptr;
  for (const auto& machine : world.machines()) {
    const Engine* engine = machine->stack().engine();
    if (!engine || !machine->serves() || !engine->is_dc() || !engine->cib()) continue;
    if (engine->cib()->have_quorum.value_or(false)) return machine.get();
    if (!found) found = machine.get();
  }
  return found;
}

class Inquiry {
 public:
  Inquiry(World& world, const Machine& dc, const FailedFences& failed_fences)
      : world_(world), cib_(*dc.stack().engine()->cib()), failed_fences_(failed_fences) {
    policy::Snapshot snapshot;
    snapshot.cib = &cib_;
    snapshot.now = dc.wall();
    snapshot.want = {.actions = false, .attributes = false};
    decision_ = policy::decide(snapshot);
  }

  Hindrance about(std::string_view resource) const {
    const auto path = recovery_path(*cib_.configuration, resource);
    if (std::string waits = process_that_waits(path); !waits.empty()) return {.why = waits};
    if (std::string quorum = no_quorum(); !quorum.empty()) return {.why = quorum};
    for (const cib::Resource* needed : path) {
      Hindrance found = of(needed->id);
      if (found.why.empty()) continue;
      if (needed->id != resource)
        found.why = std::string(resource) + " needs " + needed->id + ": " + found.why;
      return found;
    }
    for (const cib::Resource* needed : path) {
      if (std::string hands_off = unmanaged(needed->id); !hands_off.empty()) return {.why = hands_off};
    }
    return {.why = "the cluster takes it for running: no monitor asks what clients ask"};
  }

 private:
  const ClusterState& state() const { return decision_.state; }

  // An agent of what it needs, or one of its programs, that is in the kernel and does not come back.
  std::string process_that_waits(const std::vector<const cib::Resource*>& path) const {
    for (const auto& machine : world_.machines()) {
      for (const Process* process : machine->processes()) {
        const AgentRun* run = process->run();
        const auto runs = [&](const cib::Resource* r) { return run->resource() == r->id; };
        if (!run || !process->blocked() || std::ranges::none_of(path, runs)) continue;
        return std::string(run->resource()) + ":" + run->action() + " hangs on " + machine->name() + ": " +
               process->command_line() + " waits in " + process->blocked_in() + " for " +
               process->blocked_on() + (process->in_d_state() ? ", and SIGKILL does not end it" : "");
      }
    }
    return {};
  }

  std::string no_quorum() const {
    const std::string* policy = cib::find_property(*cib_.configuration, "no-quorum-policy");
    if (state().have_quorum || (policy != nullptr && *policy == "ignore")) return {};
    return "no quorum, and no-quorum-policy is " + (policy == nullptr ? "stop" : *policy);
  }

  std::string fencing_impossible() const {
    for (const policy::NodeState& node : state().nodes) {
      if (!node.unclean) continue;
      const auto failed = failed_fences_.find(node.name);
      if (!state().stonith_enabled) return node.name + " is unclean, and fencing is disabled";
      if (failed != failed_fences_.end())
        return node.name + " must be fenced first, and that failed: " + failed->second;
      return node.name + " must be fenced first, and is not yet";
    }
    return {};
  }

  std::vector<const ResourceState*> instances(const std::string& id) const {
    std::vector<const ResourceState*> found;
    for (const ResourceState& resource : state().resources) {
      const bool numbered = resource.id.starts_with(id + ":");
      if (resource.id == id || resource.name == id || numbered) found.push_back(&resource);
    }
    return found;
  }

  // Empty if it is where it should be.
  Hindrance of(const std::string& id) const {
    const auto all = instances(id);
    const auto some = [&](const auto& fits) { return std::ranges::any_of(all, fits); };
    const bool promotable = is_promotable(id);
    const Role needed = promotable ? Role::promoted : Role::started;
    const auto sure = [&](policy::NodeId node) { return state()[node].online && !state()[node].unclean; };
    if (some([&](const ResourceState* r) {
          return r->role >= needed && !r->failed && std::ranges::any_of(r->active_on, sure);
        }))
      return {};

    if (some([](const ResourceState* r) { return r->target == Role::stopped; }))
      return {.why = "its target-role is Stopped", .wanted = true};
    if (some([](const ResourceState* r) { return r->blocked; }))
      return {.why = id + " is blocked: " + failures_of(id)};
    if (std::string hands_off = unmanaged(id); !hands_off.empty()) return {.why = hands_off};
    if (std::string fence = fencing_impossible(); !fence.empty()) return {.why = fence};
    for (const policy::Placement& placement : decision_.placement) {
      const ResourceState& resource = state()[placement.resource];
      const bool this_one = std::ranges::count(all, &resource) > 0;
      if (this_one && placement.to.valid() && placement.next_role >= needed)
        return {.why = "the cluster is about to start " + id + " on " + state()[placement.to].name};
    }
    if (promotable && some([](const ResourceState* r) { return r->role > Role::stopped; }))
      return {.why = id + " may be promoted nowhere: " + promotions(id)};
    return {.why = id + " may run nowhere: " + bans(id)};
  }

  std::string unmanaged(const std::string& id) const {
    if (state().maintenance_mode) return "maintenance-mode is on: nobody looks after " + id;
    const auto all = instances(id);
    const bool found =
        std::ranges::any_of(all, [](const ResourceState* r) { return r->maintenance || !r->managed; });
    return found ? id + " is not managed: maintenance, or is-managed false" : "";
  }

  bool is_promotable(const std::string& id) const {
    const std::string* promotable = find_meta(*cib_.configuration, id, "promotable");
    return promotable != nullptr && cib::is_true(*promotable);
  }

  std::string failures_of(const std::string& id) const {
    std::string text;
    for (const policy::FailedOperation& failed : state().failed_operations) {
      if (failed.resource == id || failed.resource.starts_with(id + ":"))
        add(text, failed.key + " failed on " + state()[failed.node].name);
    }
    return text.empty() ? "by an earlier failure" : text;
  }

  std::string promotions(const std::string& id) const {
    std::string text;
    for (const policy::ScoreLine& line : decision_.scores) {
      if (line.kind != policy::ScoreLine::Kind::promotion || !line.node.valid()) continue;
      if (line.resource == id || line.resource.starts_with(id + ":"))
        add(text, "score " + to_string(line.score) + " on " + state()[line.node].name);
    }
    return text.empty() ? "no instance has a promotion score" : text;
  }

  std::string bans(const std::string& id) const {
    std::string text;
    for (std::size_t n = 0; n < state().nodes.size(); ++n) {
      const policy::NodeId node{static_cast<std::uint32_t>(n)};
      add(text, ban(id, node));
    }
    return text;
  }

  std::string ban(const std::string& id, policy::NodeId node) const {
    const policy::NodeState& there = state()[node];
    if (!there.online) return there.name + " is offline";
    if (there.standby) return there.name + " is in standby";
    if (there.maintenance) return there.name + " is in maintenance";
    for (const policy::FailCount& failures : state().fail_counts) {
      if (failures.node == node && failures.resource == id && failures.count >= failures.migration_threshold)
        return "banned from " + there.name + " by fail count " + to_string(failures.count);
    }
    for (const policy::ScoreReason& reason : decision_.score_reasons) {
      const ResourceState& resource = state()[reason.resource];
      const bool this_one = resource.id == id || resource.name == id;
      if (this_one && reason.node == node && reason.result == -Score::infinity())
        return "banned from " + there.name + " by " + to_string(reason.cause) +
               (reason.because.empty() ? "" : " " + reason.because);
    }
    return "not placed on " + there.name;
  }

  World& world_;
  const cib::Cib& cib_;
  const FailedFences& failed_fences_;
  policy::Decision decision_;
};

}  // namespace

Hindrance find_hindrance(World& world, std::string_view resource, const FailedFences& failed_fences) {
  if (const Machine* dc = find_dc(world)) return Inquiry(world, *dc, failed_fences).about(resource);
  std::string states;
  for (const auto& machine : world.machines()) {
    if (!machine->up()) {
      add(states, machine->name() + " is off");
    } else if (machine->frozen()) {
      add(states, machine->name() + " stands still");
    } else {
      add(states, machine->name() + (machine->stack().up() ? " has no DC" : " runs no cluster stack"));
    }
  }
  return {.why = "nobody decides: " + states};
}

}  // namespace fencepost::models
