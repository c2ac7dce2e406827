// One node of a real cluster as one process: the parts of engine/live put together, from the first look at
// the machine to the exit code.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/live/agent_runner.h"
#include "engine/live/corosync_group.h"
#include "engine/live/descriptor.h"
#include "engine/live/event_loop.h"
#include "engine/live/live_node.h"
#include "engine/live/ocf.h"
#include "engine/live/store/store_writer.h"
#include "tools/node/attendants.h"
#include "tools/node/node_log.h"

namespace fencepost::tools {

struct NodeSettings {
  std::string state_directory = "/var/lib/fencepost";
  live::AgentPaths paths;
  std::string watchdog;          // a device; empty: none
  std::string tape;              // a file to be made: all that the engine is told; empty: none
  std::string first_cib;         // for a node whose store is empty; none: an empty configuration
  Duration corosync_wait = 60s;  // until it answers
  bool reset_on_panic = true;    // false: only exit, for tests
};

// Exit codes of `fencepost node`. The unit of systemd starts it again after 1, not after 0, 2 and 70.
inline constexpr int kStoppedInOrder = 0;
inline constexpr int kStackFailed = 1;  // Corosync went away, or the engine gave up
inline constexpr int kCannotStart = 2;  // something a person has to put right
inline constexpr int kPanicked = 70;    // the machine should be reset, and could not be

class NodeProcess {
 public:
  NodeProcess(NodeSettings settings, NodeLog& log);
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  // Everything up to the first event. An Error says what a person has to do.
  Result<void> start();
  // Until the node has stopped; returns the exit code.
  int run();

  live::EventLoop& loop() { return loop_; }
  live::LiveNode& node() { return *node_; }

 private:
  Result<void> take_the_lock();
  Result<void> know_thyself();
  void end_what_ran_before();
  Result<std::shared_ptr<const cib::Cib>> first_cib();
  void signalled(int signal);
  void stopped(node::StopStack::How how, const std::string& why);
  void end(int code, LogLevel level, const std::string& text);

  NodeSettings settings_;
  NodeLog& log_;
  live::EventLoop loop_;
  live::Descriptor lock_;
  live::Identity identity_;
  std::unique_ptr<live::StoreWriter> store_;
  std::unique_ptr<live::AgentRunner> agents_;
  std::unique_ptr<live::CorosyncGroup> group_;
  std::unique_ptr<live::TapeWriter> tape_;
  std::unique_ptr<live::LiveNode> node_;
  std::unique_ptr<Attendants> attendants_;
  int exit_code_ = kStackFailed;
  bool told_to_stop_ = false;
};

}  // namespace fencepost::tools
