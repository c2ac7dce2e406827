// Which program an action of a resource is, and what it finds in its environment.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/live/child_process.h"
#include "engine/node/agent_run.h"

namespace fencepost::live {

// Where things are on this machine.
struct AgentPaths {
  std::string ocf_root = "/usr/lib/ocf";
  std::string fence_agents = "/usr/sbin";
  std::string lsb_scripts = "/etc/init.d";
  // Stand-ins for the tools by which agents set attributes (crm_attribute, crm_master …); searched first.
  std::string tools = "/usr/lib/fencepost/bin";
  std::string run_directory = "/run/fencepost";
};

// The program for an action of an OCF or LSB resource. An Error when the configuration names something that
// can be no agent ("../../bin/sh").
Result<Program> resource_program(const node::AgentCommand& command, const AgentPaths& paths,
                                 const std::string& node_name);

// What the agent said after "ocf-exit-reason:", the last of them, in one clean line.
std::string exit_reason_in(std::string_view errors);

// Valid UTF-8 without control characters, of at most so many bytes: fit for a CIB.
std::string clean_line(std::string_view text, std::size_t size_max);

// LSB status to OCF: refspecs.linuxbase.org, iniscrptact.
int ocf_code_of_lsb(const std::string& action, int code);

}  // namespace fencepost::live
