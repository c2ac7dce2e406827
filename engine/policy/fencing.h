// Fencing: asking for it, being able to, and ordering it with everything else.
#pragma once

#include <string>

#include "engine/policy/draft.h"

namespace fencepost::policy {

struct FenceRequest {
  std::string reason;
  bool priority_delay = false;  // the peer was lost: the weightier side may take its time
};

// Marks the node unclean and asks for its fencing; a node already asked for keeps its first reason. For a
// guest node it means recovering its container.
void fence(Draft& d, NodeId node, const FenceRequest& request);

// Whether somebody could fence it (§5.1).
bool fence_device_exists(const Draft& d);
bool can_fence(const Draft& d, NodeId node);

struct FenceAction {
  NodeId node;
  std::string operation;  // empty: as configured
  bool optional = true;
  std::string reason;
  bool priority_delay = false;
};
ActionId fence_action(Draft& d, const FenceAction& wanted);

// What can be expected of a remote node's connection.
enum class Reach : std::uint8_t { failed, stopped, unknown, resting, alive };
Reach remote_reach(const Draft& d, NodeId remote);

// Not a node that is lost or goes.
bool can_be_unfenced(const Draft& d, NodeId node);
// Unfencing ("on") of a node: asked for by the start or probe of what needs it.
void require_unfencing(Draft& d, NodeId node, const std::string& reason, ActionId dependency);

// The stage after action creation: required fencing and shutdowns, in node order, and what waits for what.
void schedule_fencing_and_shutdowns(Draft& d);
void order_after_fencing(Draft& d, NodeId node, ActionId fencing);

}  // namespace fencepost::policy
