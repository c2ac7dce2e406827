#include <cstdio>

#include "tools/commands/commands.h"
#include "tools/node/node_process.h"

namespace fencepost::tools {

int node_command(const NodeArguments& arguments) {
  // The journal's writer may still have something to say when all else has ended.
  static NodeLog log(arguments.syslog_prefixes,
                     arguments.verbose ? reporters::Weight::noise : reporters::Weight::normal);
  NodeSettings settings;
  settings.state_directory = arguments.state_directory;
  settings.paths.run_directory = arguments.run_directory;
  settings.paths.ocf_root = arguments.ocf_root;
  settings.paths.fence_agents = arguments.fence_agents;
  settings.paths.tools = arguments.agent_tools;
  settings.first_cib = arguments.first_cib;
  settings.tape = arguments.tape;
  settings.watchdog = arguments.watchdog;
  settings.corosync_wait = std::chrono::seconds(arguments.corosync_wait_s);
  settings.reset_on_panic = arguments.reset_on_panic;
  NodeProcess process(settings, log);
  if (const Result<void> started = process.start(); !started) {
    log.say(LogLevel::error, to_string(started.error()));
    return kCannotStart;
  }
  return process.run();
}

}  // namespace fencepost::tools
