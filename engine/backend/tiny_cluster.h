// A cluster of engines with no world: ordered messages, a simple membership, and agents that do as they are
// told. For tests of engine/node as short stories.
//
//   TinyCluster cluster{{.nodes = {"n1", "n2"}, .cib = cib}};
//   cluster.boot_all();
//   cluster.run_for(1min);
//   cluster.agent("n1", "db", "monitor").rc = 7;
//   cluster.run_for(30s);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/record.h"
#include "engine/cib/cib.h"
#include "engine/node/node.h"
#include "engine/node/profile.h"
#include "engine/sim/event_queue.h"

namespace fencepost::backend {

struct TinyClusterOptions {
  std::vector<std::string> nodes;
  std::shared_ptr<const cib::Cib> cib;  // what every node's store holds
  node::Profile profile = node::pacemaker_profile();
  std::uint64_t seed = 1;
  Duration message_delay = 500us;
  Duration membership_delay = 2s;  // from a change of the network to the new membership
  bool two_node = false;
};

// How an action of an agent goes. Without any of this it succeeds, and monitors tell the truth.
struct AgentHabit {
  Duration takes = 20ms;
  std::optional<int> rc;    // instead of the truth; the action is not done
  int times = -1;           // so many calls, then as usual; -1: always
  bool hangs = false;       // until it is killed
  bool unkillable = false;  // not even then, until let_go()
};

struct JournalLine {
  SimTime at;
  std::string node;
  node::JournalEntry entry;
};

class TinyCluster {
 public:
  explicit TinyCluster(TinyClusterOptions options);
  ~TinyCluster();
  TinyCluster(const TinyCluster&) = delete;
  TinyCluster& operator=(const TinyCluster&) = delete;

  // --- Time ---
  SimTime now() const { return now_; }
  void run_for(Duration duration) { run_until(now_ + duration); }
  void run_until(SimTime limit);
  // Until a condition holds; false if it does not within the time given.
  bool run_until(Duration at_most, const std::function<bool()>& condition);

  // --- What happens to nodes ---
  void boot_all();
  void boot(const std::string& node);
  void power_off(const std::string& node);
  void partition(const std::vector<std::vector<std::string>>& groups);
  void heal();
  void command(const std::string& node, node::Command command);
  void daemon_dies(const std::string& node, node::DaemonDied::Daemon daemon);

  // --- Agents ---
  // To be changed; applies to runs that begin from now on. An empty node or action means any.
  AgentHabit& agent(const std::string& node, const std::string& resource, const std::string& action);
  void let_go();  // every process that could not be killed ends now
  // Removes what an agent started, without its knowledge.
  void break_resource(const std::string& node, const std::string& resource);
  AgentHabit& fence_device(const std::string& device);
  bool fenced_nodes_boot = true;
  Duration boot_takes = 5s;

  // --- What is true ---
  bool is_up(const std::string& node) const;
  std::string dc() const;  // as a quorum of believers; empty if nobody or more than one believes to be it
  std::string role(const std::string& node, const std::string& resource) const;  // Stopped, Started, …
  std::string where(const std::string& resource) const;  // "n1", "n1 n2", "": where it is active
  const cib::Cib& cib(const std::string& node) const;
  const std::vector<JournalLine>& journal() const { return journal_; }
  // One line for each action that ended, fencing, and other things worth telling: "12.345 n1 db stop 0".
  std::vector<std::string> story() const;
  template <class Entry>
  std::vector<std::pair<JournalLine, Entry>> all() const {
    std::vector<std::pair<JournalLine, Entry>> result;
    for (const JournalLine& line : journal_) {
      if (const auto* entry = std::get_if<Entry>(&line.entry)) result.emplace_back(line, *entry);
    }
    return result;
  }

 private:
  struct Machine;
  struct Ring {
    std::uint64_t id = 0;
    std::vector<node::NodeId> members;
    bool broken = false;  // nothing moves until there is a new one
  };
  struct Happening {
    std::function<void()> what;
  };
  class Seam;

  sim::EventHandle later(Duration in, std::function<void()> what);
  void step(node::NodeId node, const node::Event& event);
  void send(node::NodeId from, node::MessagePtr message);
  void join(node::NodeId node, bool in);
  void run_agent(node::NodeId node, node::CallId call, node::AgentCommandPtr command, std::string target);
  void kill_agent(node::NodeId node, node::CallId call);
  void agent_ends(node::NodeId node, node::CallId call);
  int act(Machine& machine, const node::AgentCommand& command);
  void stack_ends(node::NodeId node);
  void network_changed();
  void form_rings();
  void tell_group(const Ring& ring);
  Ring* ring_of(node::NodeId node);
  node::NodeId find(const std::string& node) const;
  AgentHabit* habit(const std::string& node, const node::AgentCommand& command);

  TinyClusterOptions options_;
  std::shared_ptr<const node::Nodelist> nodelist_;
  std::shared_ptr<const node::Profile> profile_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Ring> rings_;
  std::vector<int> side_;  // by node: nodes of one number see each other
  std::uint64_t last_ring_ = 0;
  sim::EventHandle forming_;

  sim::EventQueue<Happening> queue_;
  SimTime now_ = kSimStart;
  std::map<std::tuple<std::string, std::string, std::string>, AgentHabit> habits_;
  std::map<std::string, AgentHabit> fence_habits_;
  std::vector<JournalLine> journal_;
};

}  // namespace fencepost::backend
