// Everything that can happen to the engine of a node. Answers to effects come back as events, never as return
// values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/node/agent_run.h"
#include "engine/node/command.h"
#include "engine/node/ids.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::node {

struct Message;  // engine/node/message.h; opaque to backends
using MessagePtr = std::shared_ptr<const Message>;

// The cluster stack of this node starts. What the store held comes with it (nothing on a new node).
struct Booted {
  std::shared_ptr<const cib::Cib> stored;
};

struct TimerFired {
  TimerId timer;
};

// Corosync formed a new membership; messages sent in the old one were delivered before, or never will be.
struct MembershipFormed {
  std::uint64_t ring = 0;       // grows with every membership
  std::vector<NodeId> members;  // sorted
  bool quorate = false;         // votequorum's verdict for this membership
};

// votequorum changed its mind without a new membership (qdevice, expected votes).
struct QuorumChanged {
  bool quorate = false;
};

// The process group (libcpg): which members of the membership have their cluster manager running.
struct GroupChanged {
  std::vector<NodeId> members;  // sorted
};

// A group message, in the one order that all members see; senders get their own messages too.
struct MessageDelivered {
  NodeId from;
  MessagePtr message;
};

// The process is gone, whatever ended it.
struct AgentExited {
  CallId call;
  AgentExit exit;
};

// The command's timeout has passed and its process is still there. Sent once.
struct AgentOverdue {
  CallId call;
};

// An agent, or somebody on this node, set or deleted a transient attribute of this node: what crm_attribute
// and crm_master ask of the attribute manager, when the request reaches it. Promotion scores come this way
// (master-drbd).
struct AttributeRequested {
  std::string name;
  std::optional<std::string> value;  // nothing: delete
  Duration dampening{};              // attrd_updater --delay
};

// Somebody asked this node for something.
struct CommandReceived {
  Command command;
};

// A daemon of the cluster stack died here and its supervisor noticed (what the lab's kill_daemon does).
struct DaemonDied {
  enum class Daemon : std::uint8_t {
    controller,
    executor,
    fencer,
    attribute_manager,
    cib_manager,
    scheduler
  };
  Daemon daemon = Daemon::controller;
};

using Event =
    std::variant<Booted, TimerFired, MembershipFormed, QuorumChanged, GroupChanged, MessageDelivered,
                 AgentExited, AgentOverdue, AttributeRequested, CommandReceived, DaemonDied>;

}  // namespace fencepost::node
