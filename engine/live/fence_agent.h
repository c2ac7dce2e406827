// How a fence agent is asked: the fence agents' API (ClusterLabs FenceAgentAPI). Options go to its standard
// input as name=value lines, so that no secret is ever seen on a command line.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/live/child_process.h"
#include "engine/live/ocf.h"
#include "engine/node/agent_run.h"

namespace fencepost::live {

Result<Program> fence_program(const node::AgentCommand& command, const AgentPaths& paths);

// What the agent complained of, in one clean line without the values of options that may be secret.
std::string complaint_in(std::string_view errors, const node::AgentCommand& command);

// Whether the value of an option by this name may be shown: fences' logins, passwords, keys and communities
// may not.
bool may_be_secret(std::string_view option);

// The agent's meta-data says that it knows this action: <action name="reboot"/>.
bool knows_action(std::string_view meta_data, std::string_view action);

}  // namespace fencepost::live
