// Everything the engine of a node can want done. A backend performs effects in their order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/node/agent_run.h"
#include "engine/node/event.h"
#include "engine/node/ids.h"
#include "engine/node/journal.h"

namespace fencepost::node {

struct ArmTimer {
  TimerId timer;
  SimTime at;
};
struct CancelTimer {
  TimerId timer;
};

struct JoinGroup {};
struct LeaveGroup {};
// To the whole group, in total order. Messages for one peer go this way too; the others ignore them.
struct SendMessage {
  MessagePtr message;
};

// Answered by AgentExited, once, and before that by AgentOverdue if the timeout passes.
struct RunAgent {
  CallId call;
  AgentCommandPtr command;
};
// SIGKILL to the run's process group. The answer is AgentExited, when the processes are really gone: for a
// process in uninterruptible sleep that may be never.
struct KillAgent {
  CallId call;
};
// A fence agent; answered and killed like any other agent.
struct RunFenceAgent {
  CallId call;
  AgentCommandPtr command;
  std::string target;  // the node to be fenced; empty for monitor, list, status
};

// Write the configuration to the store. A later Persist replaces an earlier one.
struct Persist {
  std::shared_ptr<const cib::Cib> cib;
};

// The record of what this node's engine thought and did.
struct Journal {
  JournalEntry entry;
};

// The cluster stack of this node ends.
struct StopStack {
  enum class How : std::uint8_t {
    orderly,  // everything stopped, leave announced
    failed,   // it gives up; to the others a crash of the stack
    panic,    // reset the machine at once (no-quorum-policy=suicide, told that it was fenced)
  };
  How how = How::orderly;
  std::string why;
};

using Effect = std::variant<ArmTimer, CancelTimer, JoinGroup, LeaveGroup, SendMessage, RunAgent, KillAgent,
                            RunFenceAgent, Persist, Journal, StopStack>;
using Effects = std::vector<Effect>;

}  // namespace fencepost::node
