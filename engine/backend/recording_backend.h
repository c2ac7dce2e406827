// A backend that does nothing but remember what it was asked to do: what a single engine wanted, with no
// world at all.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/backend/backend.h"

namespace fencepost::backend {

class RecordingBackend final : public Timers,
                               public Group,
                               public Agents,
                               public FenceAgents,
                               public Store,
                               public Supervisor {
 public:
  struct RunningAgent {
    node::CallId call;
    node::AgentCommandPtr command;
    std::string target;  // of a fence agent
    bool killed = false;
  };

  Backend backend() { return {this, this, this, this, this, this}; }

  // --- What was asked ---
  std::map<node::TimerId, SimTime> timers;  // armed and not cancelled
  std::vector<node::MessagePtr> messages;
  std::vector<RunningAgent> agents;  // in the order of their start
  std::vector<node::JournalEntry> journal;
  std::shared_ptr<const cib::Cib> stored;
  bool in_group = false;
  bool stopped = false;
  std::string stopped_because;

  // --- The seam ---
  void arm(node::TimerId timer, SimTime at) override { timers[timer] = at; }
  void cancel(node::TimerId timer) override { timers.erase(timer); }
  void join() override { in_group = true; }
  void leave() override { in_group = false; }
  void send(node::MessagePtr message) override { messages.push_back(std::move(message)); }
  void run(node::CallId call, node::AgentCommandPtr command) override {
    agents.push_back({call, std::move(command), {}});
  }
  void run(node::CallId call, node::AgentCommandPtr command, const std::string& target) override {
    agents.push_back({call, std::move(command), target});
  }
  void kill(node::CallId call) override {
    for (RunningAgent& each : agents) {
      if (each.call == call) each.killed = true;
    }
  }
  void persist(std::shared_ptr<const cib::Cib> cib) override { stored = std::move(cib); }
  void record(node::JournalEntry entry) override { journal.push_back(std::move(entry)); }
  void stop_stack(node::StopStack::How, const std::string& why) override {
    stopped = true;
    stopped_because = why;
  }
};

}  // namespace fencepost::backend
