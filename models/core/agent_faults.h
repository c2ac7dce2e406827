// What is wrong with agents: the lab's `agent` fault, laid over any agent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/node/ids.h"
#include "models/agent.h"
#include "models/faults.h"
#include "models/process.h"

namespace fencepost::models {

class AgentFaults {
 public:
  explicit AgentFaults(World& world) : world_(world) {}

  // The newest rule that fits is asked first, as in the lab. Returns the rule's number.
  std::uint64_t add(const fault::AgentFault& fault, std::optional<node::NodeId> node);
  void remove(std::uint64_t rule);
  // Takes rules away and lets stuck processes of these nodes go.
  void clear(const fault::AgentClear& which, std::optional<node::NodeId> node);

  // The fault that this run meets, and counts it.
  std::optional<AgentFaultRule> match(const Machine& machine, const AgentRun& run);

 private:
  struct Rule {
    std::uint64_t number = 0;
    fault::AgentFault fault;
    std::optional<node::NodeId> node;  // none: everywhere
    std::map<node::NodeId, int> used;  // `count` is per node
  };

  static bool fits(const Rule& rule, const Machine& machine, const AgentRun& run);

  World& world_;
  std::vector<Rule> rules_;  // newest first
  std::uint64_t next_ = 0;
};

// Runs the agent with the fault on it: forwards everything but what is broken.
Script faulty(Process& self, AgentRun& run, Agent& agent, AgentFaultRule fault);

}  // namespace fencepost::models
