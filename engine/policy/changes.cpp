// What a decision means for each resource in a word: start, move, recover … (§8.5).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/graph_parts.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

using What = Change::Kind;

// The actions that tell what becomes of a primitive.
struct Involved {
  const PlanAction* start = nullptr;
  const PlanAction* stop = nullptr;
  const PlanAction* promote = nullptr;
  const PlanAction* demote = nullptr;
  const PlanAction* migrate = nullptr;
};

// One without a node takes the node that is asked about: drawings show it.
const PlanAction* oldest(Draft& d, ResourceId id, Key key, NodeId node) {
  const ActionId found = find_oldest(d, id, key, node);
  return found.valid() ? &d[found] : nullptr;
}

class ResourceChange {
 public:
  ResourceChange(Draft& d, ResourceId id, std::vector<Change>& changes)
      : d_(d), r_(d[id]), id_(id), changes_(changes) {}

  void list() {
    const bool idle = r_.active_on.empty();
    if (r_.orphan && idle) return;
    current_ = current_node(d_, id_);
    next_ = r_.assigned;
    role_ = r_.role;
    if (current_.valid() && role_ == Role::stopped) role_ = Role::started;
    role_ = std::max(role_, Role::stopped);
    if (!r_.managed || (!current_.valid() && !next_.valid())) return;
    find_involved();
    if (role_ == r_.next_role) {
      in_role();
    } else {
      other_role();
    }
  }

 private:
  void find_involved();
  void in_role();
  void other_role();
  void stop_everywhere();
  void add(What kind, const PlanAction* reason, const PlanAction* blocking, NodeId origin,
           NodeId destination);
  bool moving() const { return current_.valid() && next_.valid() && current_ != next_; }

  Draft& d_;
  const Resource& r_;
  ResourceId id_;
  std::vector<Change>& changes_;
  NodeId current_, next_;
  Role role_ = Role::stopped;
  Involved by_;
};

void ResourceChange::find_involved() {
  by_.start = oldest(d_, id_, kStart, next_);
  by_.promote = oldest(d_, id_, kPromote, next_);
  by_.demote = oldest(d_, id_, kDemote, next_);
  if (by_.start == nullptr || !by_.start->runnable) {
    by_.stop = oldest(d_, id_, kStop, NodeId{});
  } else if (current_.valid()) {
    by_.stop = oldest(d_, id_, kStop, current_);
    if (by_.stop == nullptr && r_.multiple_active == MultipleActive::stop_unexpected) {
      by_.stop = oldest(d_, id_, kStop, NodeId{});
    }
  }
}

void ResourceChange::add(What kind, const PlanAction* reason, const PlanAction* blocking, NodeId origin,
                         NodeId destination) {
  Change change;
  change.kind = kind;
  change.resource = r_.spec->id;
  change.resource_id = id_;
  change.origin = origin;
  change.destination = destination;
  change.role = role_;
  change.next_role = r_.next_role;
  if (reason != nullptr) change.reason = reason->reason;
  change.blocked = blocking != nullptr && !blocking->runnable;
  changes_.push_back(std::move(change));
}

const PlanAction* with_reason(const PlanAction* first, const PlanAction* second) {
  if (first != nullptr && !first->reason.empty()) return first;
  return second != nullptr ? second : first;
}

void ResourceChange::in_role() {
  if (next_.valid()) by_.migrate = oldest(d_, id_, kMigrateFrom, next_);
  const bool migrates = by_.migrate != nullptr && by_.migrate->runnable && current_.valid();
  if (migrates) return add(What::migrate, by_.start, by_.start, current_, next_);
  if (r_.reload) return add(What::reload, by_.start, by_.start, current_, next_);
  if (by_.start == nullptr || by_.start->optional) {
    const bool again =
        by_.demote != nullptr && by_.promote != nullptr && !by_.demote->optional && !by_.promote->optional;
    if (again) add(What::repromote, by_.demote, by_.promote, current_, next_);
    return;
  }
  if (!by_.start->runnable)
    return add(What::stop, with_reason(by_.stop, by_.start), by_.stop, current_, NodeId{});
  if (moving()) return add(r_.failed ? What::recover : What::move, by_.stop, by_.stop, current_, next_);
  if (r_.failed) return add(What::recover, by_.stop, by_.stop, current_, NodeId{});
  add(What::restart, by_.start, by_.start, current_, next_);
}

void ResourceChange::stop_everywhere() {
  for (const NodeId node : r_.active_on) {
    const PlanAction* stop = oldest(d_, id_, kStop, node);
    add(What::stop, with_reason(stop, by_.start), stop, node, NodeId{});
  }
}

void ResourceChange::other_role() {
  const bool start_unrunnable = by_.start == nullptr || !by_.start->runnable;
  if (by_.stop != nullptr && (r_.next_role == Role::stopped || (by_.start != nullptr && start_unrunnable))) {
    return stop_everywhere();
  }
  if (by_.stop != nullptr && r_.failed && r_.must_stop) {
    return add(What::recover, by_.start, by_.stop, current_, next_);
  }
  if (moving()) return add(What::move, by_.stop, by_.stop, current_, next_);
  if (r_.reload) return add(What::reload, by_.start, by_.start, current_, next_);
  if (by_.stop != nullptr && !by_.stop->optional)
    return add(What::restart, by_.start, by_.start, current_, next_);
  if (role_ == Role::promoted) return add(What::demote, by_.demote, by_.demote, current_, next_);
  if (r_.next_role == Role::promoted) return add(What::promote, by_.promote, by_.promote, current_, next_);
  // What is started and becomes unpromoted does nothing for it.
  if (role_ == Role::stopped && r_.next_role > Role::stopped)
    add(What::start, by_.start, by_.start, current_, next_);
}

void list_resource(Draft& d, ResourceId id, std::vector<Change>& changes) {
  if (d[id].is_primitive()) return ResourceChange(d, id, changes).list();
  if (!d[id].is_bundle()) {
    for (const ResourceId child : d[id].children) list_resource(d, child, changes);
    return;
  }
  for (const BundlePart& part : bundle_data(d, id)->parts)
    for (const ResourceId one :
         {part.spec->ip, part.spec->container, part.spec->connection, part.spec->inner})
      if (one.valid()) list_resource(d, one, changes);
}

void list_nodes(const Draft& d, std::vector<Change>& changes) {
  for (std::size_t i = d.actions.size(); i-- > 0;) {
    const PlanAction& action = d[ActionId{i}];
    const bool shutdown = action.task == Task::shutdown;
    if ((action.task != Task::stonith && !shutdown) || action.optional) continue;
    Change change;
    change.kind = shutdown ? What::shutdown : What::fence;
    const std::string* how = action.find_meta("stonith_action");
    if (how != nullptr) change.task = *how;
    change.origin = action.node;
    change.reason = action.reason;
    if (d[action.node].kind == NodeKind::guest) {
      const ResourceId container = guest_container(d, action.node);
      if (container.valid()) change.resource = d[container].spec->id;
    }
    changes.push_back(std::move(change));
  }
}

}  // namespace

std::vector<Change> list_changes(Draft& d) {
  std::vector<Change> changes;
  list_nodes(d, changes);
  for (const ResourceId id : d.top_level) list_resource(d, id, changes);
  return changes;
}

// ---------------------------------------------------------------- in words

std::string verb(const Change& change) {
  switch (change.kind) {
    case What::fence:
      return "Fence";
    case What::shutdown:
      return "Shutdown";
    case What::start:
      return "Start";
    case What::stop:
      return "Stop";
    case What::move:
      return "Move";
    case What::migrate:
      return "Migrate";
    case What::restart:
      return "Restart";
    case What::recover:
      return "Recover";
    case What::reload:
      return "Reload";
    case What::promote:
      return "Promote";
    case What::demote:
      return "Demote";
    case What::repromote:
      return "Re-promote";
  }
  return "";
}

std::string details(const Change& change, const ClusterState& state) {
  const bool with_roles = change.role > Role::started || change.next_role > Role::unpromoted;
  const bool same_role = change.role == change.next_role;
  const auto name = [&state](NodeId node) { return state[node].name; };
  const std::string role = to_string(change.role);
  const std::string next_role = to_string(change.next_role);
  if (!change.origin.valid())
    return (with_roles ? role + " -> " + next_role + " " : "") + name(change.destination);
  if (!change.destination.valid()) return (with_roles ? role + " " : "") + name(change.origin);
  const bool same_node = change.origin == change.destination;
  if (same_role && same_node) return (with_roles ? role + " " : "") + name(change.origin);
  if (same_role)
    return name(change.origin) + " -> " + name(change.destination) + (with_roles ? " " + role : "");
  if (same_node)
    return with_roles ? role + " -> " + next_role + " " + name(change.origin) : name(change.origin);
  if (!with_roles) return name(change.origin) + " -> " + name(change.destination);
  return role + " " + name(change.origin) + " -> " + next_role + " " + name(change.destination);
}

}  // namespace fencepost::policy
