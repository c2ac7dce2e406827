// Resource agents call Pacemaker's command line tools: to say how fit they are to be promoted, and to ask for
// this node's name. These take their place when a node of ours runs the agents. The options are those of
// crm_attribute(8), crm_master(8), attrd_updater(8) and crm_node(8) that are of use to an agent.
#pragma once

#include <string>
#include <vector>

namespace fencepost::agent_tools {

bool is_agent_tool(const std::string& name);
// `name` is how the program was called. Returns the exit code.
int run(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace fencepost::agent_tools
