// The seam. A backend is what a node's engine stands on: a simulated world, a recording, or a real machine.
// The engine never waits for one: it hands over effects, and answers come back as events.
#pragma once

#include <string>

#include "engine/node/effect.h"

namespace fencepost::backend {

class Timers {
 public:
  virtual ~Timers() = default;
  virtual void arm(node::TimerId timer, SimTime at) = 0;
  virtual void cancel(node::TimerId timer) = 0;
};

// Totally ordered messages with membership and quorum: Corosync's cpg and votequorum.
class Group {
 public:
  virtual ~Group() = default;
  virtual void join() = 0;
  virtual void leave() = 0;
  virtual void send(node::MessagePtr message) = 0;
};

class Agents {
 public:
  virtual ~Agents() = default;
  virtual void run(node::CallId call, node::AgentCommandPtr command) = 0;
  virtual void kill(node::CallId call) = 0;  // also of a fence agent
};

class FenceAgents {
 public:
  virtual ~FenceAgents() = default;
  virtual void run(node::CallId call, node::AgentCommandPtr command, const std::string& target) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual void persist(std::shared_ptr<const cib::Cib> cib) = 0;
};

class Supervisor {
 public:
  virtual ~Supervisor() = default;
  virtual void record(node::JournalEntry entry) = 0;
  virtual void stop_stack(node::StopStack::How how, const std::string& why) = 0;
};

// What one node's engine stands on. The pointed-to parts outlive it.
struct Backend {
  Timers* timers = nullptr;
  Group* group = nullptr;
  Agents* agents = nullptr;
  FenceAgents* fence_agents = nullptr;
  Store* store = nullptr;
  Supervisor* supervisor = nullptr;
};

// Hands each effect to the part it is for, in order.
void perform(const node::Effects& effects, const Backend& backend);

}  // namespace fencepost::backend
