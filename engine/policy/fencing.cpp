// Fencing and shutdowns, and what waits for them (§5.3, §5.4, §5.8).
#include "engine/policy/fencing.h"

#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/notifications.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

bool anything_managed(const Draft& d) {
  return std::any_of(d.top_level.begin(), d.top_level.end(), [&d](ResourceId top) {
    bool managed = false;
    for_each_resource(d, top, [&](ResourceId id) { managed = managed || d[id].managed; });
    return managed;
  });
}

// ---------------------------------------------------------------- what a fenced node ran

// Whether it is known what the node did with it. Instances of an anonymous clone share what is known; members
// of cloned groups do not.
bool state_known(const Draft& d, ResourceId id, NodeId node) {
  const Resource& r = d[id];
  if (contains(r.known_on, node)) return true;
  return r.parent.valid() && d[r.parent].is_clone() && contains(d[r.parent].known_on, node);
}

void order_starts_after(Draft& d, ResourceId id, NodeId target, ActionId fencing) {
  const std::vector<ActionId> actions = d[id].actions;
  for (ActionId action_id : actions) {
    const PlanAction& action = d[action_id];
    switch (action.needs) {
      case Needs::fencing:
        link(d, fencing, action_id, kOrder);
        break;
      case Needs::quorum:
        // Without knowing what the node did with it, it cannot be started elsewhere.
        if (action.key == kStart && d[id].scores.has(target) && !state_known(d, id, target)) {
          link(d, fencing, action_id, kOrder | kRunnableLeft);
        }
        break;
      case Needs::nothing:
        break;
    }
  }
}

// Whether its being down for certain waits for the fencing of the node it was on.
bool waits_for_fencing(const Draft& d, ResourceId id, NodeId target) {
  return d[id].def->requires_fencing() || d[target].kind == NodeKind::guest;
}

void imply_stop(Draft& d, ResourceId id, NodeId target, ActionId stop, ActionId fencing) {
  PlanAction& action = d[stop];
  action.pseudo = true;
  action.runnable = true;
  action.implied_by_fencing = true;
  if (waits_for_fencing(d, id, target)) {
    if (!in_bundle(d, id)) link(d, fencing, stop, kPreserve);
    // Where the outermost resource is active on several nodes, its newest stop stands for all.
    const ActionId whole = find_action(d, top_of(d, id), kStop, NodeId{});
    if (whole.valid()) link(d, fencing, whole, kPreserve);
  }
  const std::string* notify = d[id].def->find_meta("notify");
  if (notify != nullptr && cib::is_true(*notify)) notify_of_fencing(d, id, stop, fencing);
}

void imply_stops(Draft& d, ResourceId id, NodeId target, ActionId fencing) {
  if (!d[id].managed) return;
  const std::vector<ActionId> stops = find_actions(d, id, kStop, target);
  const std::vector<ActionId> demotes = find_actions(d, id, kDemote, target);
  for (ActionId stop : stops) imply_stop(d, id, target, stop, fencing);
  for (ActionId demote : demotes) {
    const Node& node = d[target];
    if (!node.online || node.unclean || d[id].failed) {
      d[demote].pseudo = true;
      d[demote].runnable = true;
      if (!in_bundle(d, id) && waits_for_fencing(d, id, target)) link(d, fencing, demote, kPreserve | kOrder);
    }
  }
}

ActionId fence_guest(Draft& d, NodeId id) {
  const ResourceId container = guest_container(d, id);
  ActionId stop;
  std::string operation = "off";
  if (container.valid()) {
    stop = find_action(d, container, kStop, NodeId{});
    if (find_action(d, container, kStart, NodeId{}).valid()) operation = "reboot";
  }
  const ActionId fencing =
      fence_action(d, {.node = id, .operation = operation, .optional = false, .reason = "guest is unclean"});
  d[fencing].pseudo = true;
  d[fencing].runnable = true;
  d[fencing].optional = false;
  set_reason(d[fencing], "guest is unclean");
  if (stop.valid() && d[stop].pseudo) {
    // The container goes down with its host.
    const ActionId host =
        fence_action(d, {.node = d[stop].node, .operation = "", .optional = false, .reason = {}});
    link(d, host, fencing, kRunnableLeft | kImpliesThen);
  } else if (stop.valid()) {
    link(d, stop, fencing, kRunnableLeft | kImpliesThen);
  } else {
    const ResourceId connection = d[id].connection;
    const ActionId gone = find_action(d, connection, kStop, NodeId{});
    if (gone.valid()) link(d, gone, fencing, kOrder);
  }
  return fencing;
}

bool needs_fencing(const Draft& d, NodeId id) {
  const Node& node = d[id];
  return (node.kind == NodeKind::guest ? node.needs_reset : node.unclean) && can_fence(d, id);
}

// ---------------------------------------------------------------- shutdowns

ActionId shut_down(Draft& d, NodeId id) {
  const ActionId shutdown =
      request_cluster(d, "do_shutdown-" + std::string{d[id].name()}, Task::shutdown, id, Demand::required);
  d[shutdown].set_meta("op_no_wait", "true");
  for (std::size_t i = 0; i < d.actions.size(); ++i) {
    PlanAction& action = d.actions[i];
    if (!action.resource.valid() || action.key != kStop || action.node != id) continue;
    const Resource& r = d[action.resource];
    if (r.maintenance || d[id].maintenance) continue;
    if (!r.managed && !r.blocked) continue;
    action.optional = false;
    order_actions(d, ActionId{i}, shutdown, kOrder | kRunnableLeft);
  }
  return shutdown;
}

// ---------------------------------------------------------------- the DC goes last

struct Fencings {
  std::vector<ActionId> others;  // in node order
  std::vector<ActionId> shutdowns;
  ActionId dc;
};

void order_dc_last(Draft& d, const Fencings& all) {
  if (!all.dc.valid()) return;
  if (d[all.dc].task == Task::shutdown) {
    for (ActionId shutdown : all.shutdowns) link(d, shutdown, all.dc, kOrder);
  }
  if (d.options.concurrent_fencing) {
    for (ActionId other : all.others) link(d, other, all.dc, kOrder);
  } else if (!all.others.empty()) {
    link(d, all.others.back(), all.dc, kOrder);
  }
}

}  // namespace

void order_after_fencing(Draft& d, NodeId node, ActionId fencing) {
  const std::vector<ResourceId> all = d.top_level;
  for (ResourceId top : all) {
    for_each_leaf(d, top, [&](ResourceId id) {
      if (!d[id].managed) return;
      order_starts_after(d, id, node, fencing);
    });
    for_each_leaf(d, top, [&](ResourceId id) { imply_stops(d, id, node, fencing); });
  }
}

bool can_be_unfenced(const Draft& d, NodeId node) {
  return d[node].online && !d[node].unclean && !d[node].shutting_down;
}

void require_unfencing(Draft& d, NodeId id, const std::string& reason, ActionId dependency) {
  if (!d.config->unfencing_in_use || !can_be_unfenced(d, id)) return;
  const Node& node = d[id];
  const ActionId on = fence_action(
      d, {.node = id, .operation = "on", .optional = true, .reason = dependency.valid() ? "" : reason});
  if (!d.options.stonith || !fence_device_exists(d)) return;  // there is nobody to ask
  const std::string* unfenced = node.attributes.find("#node-unfenced");
  const bool done = unfenced != nullptr && cib::parse_integer(*unfenced).value_or(0) != 0;
  if (dependency.valid()) {
    if (!done) require(d[on], "required by " + reason);
  } else {
    require(d[on], reason);
  }
}

void schedule_fencing_and_shutdowns(Draft& d) {
  const bool managed = anything_managed(d);
  Fencings all;
  ActionId previous;
  for (std::size_t i = 0; i < d.nodes.size(); ++i) {
    const NodeId id{i};
    const Node& node = d[id];
    if (node.kind == NodeKind::guest) {
      if (managed && needs_fencing(d, id)) order_after_fencing(d, id, fence_guest(d, id));
      continue;
    }
    if (needs_fencing(d, id) && managed) {
      const ActionId fencing = fence_action(d, {.node = id,
                                                .operation = "",
                                                .optional = false,
                                                .reason = "node is unclean",
                                                .priority_delay = false});
      order_after_fencing(d, id, fencing);
      if (node.is_dc) {
        all.dc = fencing;
        continue;
      }
      if (!d.options.concurrent_fencing && previous.valid()) link(d, previous, fencing, kOrder);
      previous = fencing;
      all.others.push_back(fencing);
    } else if (node.online && node.shutting_down && node.kind != NodeKind::remote) {
      const ActionId shutdown = shut_down(d, id);
      if (node.is_dc) {
        all.dc = shutdown;
      } else {
        all.shutdowns.push_back(shutdown);
      }
    }
  }
  order_dc_last(d, all);
}

}  // namespace fencepost::policy
