// How a clone is shown: which instances stand for themselves, and which nodes are only listed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/policy/cluster_state.h"

namespace fencepost::crm_simulate {

struct CloneView {
  std::string child;  // configured id of what is cloned
  std::vector<policy::ResourceId> individually;
  std::vector<std::string> promoted;  // node names, in the order of nodes
  std::vector<std::string> started;
  std::map<std::string, std::vector<std::string>> stopped;  // by text: "Stopped", "Stopped (disabled)", …
};
CloneView view_clone(const policy::ClusterState& state, policy::ResourceId clone, bool pending);

// Whose target role counts for what a clone's instances do: its own, or that of what it clones.
const policy::ResourceState& target_of_clone(const policy::ClusterState& state, policy::ResourceId clone);
// Whether a group or clone is titled as disabled, by its own target role.
bool is_disabled(const policy::ResourceState& resource);

// Whether it runs anywhere: for what holds others, whether any of them does.
bool is_active(const policy::ClusterState& state, policy::ResourceId id);

// Whether all it is known to run as is out of anybody's hands: nobody manages it and the nodes are down. A
// group or clone of which that is true is not listed.
bool is_out_of_reach(const policy::ClusterState& state, policy::ResourceId collective);

// The role as people read it: in a promotable clone, what is merely started is unpromoted.
policy::Role shown_role(const policy::ClusterState& state, const policy::ResourceState& resource);

// A probe that found the agent unusable on this node; any node's when none is named. It must have said where
// it was.
const policy::MaskedProbeFailure* masked_failure(const policy::ResourceState& resource, policy::NodeId node);

}  // namespace fencepost::crm_simulate
