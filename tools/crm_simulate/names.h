// The words Pacemaker's tools use for nodes, resources and results.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cib/outcome.h"
#include "engine/policy/cluster_state.h"

namespace fencepost::crm_simulate {

using cib::rc_text;
std::string status_text(int status);  // op-status 4: "Error"
// As ctime(3) has it, in UTC: "Sun Sep 13 12:26:40 2020".
std::string clock_text(std::int64_t seconds);
std::string agent_name(const policy::ResourceState& resource);    // ocf:heartbeat:IPaddr2
std::string pending_text(const policy::ResourceState& resource);  // "Starting"; "" if nothing is pending

// "[ n1 n2 ]"
std::string bracketed(const std::vector<std::string>& names);
// " (promotable, unique)"; "" if there are none
std::string in_parentheses(const std::vector<std::string>& words);

// What a node is called in a list where it stands for itself: "UNCLEAN (offline)", "standby", "online", …
std::string node_status(const policy::NodeState& node);
std::string node_kind_prefix(const policy::NodeState& node);  // "", "Remote" or "Guest"

// Everything below a resource, itself included, that is a primitive.
std::vector<policy::ResourceId> leaves(const policy::ClusterState& state, policy::ResourceId id);

}  // namespace fencepost::crm_simulate
