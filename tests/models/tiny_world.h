// A small world for short stories: nodes n1, n2 …, engines that only listen, and what they heard.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/stack.h"
#include "models/faults.h"
#include "models/network/corosync.h"
#include "models/world.h"

namespace fencepost::models {

struct Heard {
  SimTime at;
  node::NodeId node;
  node::Event event;
};

// Joins the group when it is told of a membership, and writes down everything else.
class ListeningEngine final : public Engine {
 public:
  ListeningEngine(node::NodeId self, std::vector<Heard>& heard) : self_(self), heard_(heard) {}
  const node::Effects& step(node::Now now, const node::Event& event) override;

 private:
  node::NodeId self_;
  std::vector<Heard>& heard_;
  node::Effects effects_;
  bool joined_ = false;
};

WorldConfig tiny_config(int nodes, std::uint64_t seed = 7);

class TinyWorld : public backend::Observer {
 public:
  explicit TinyWorld(WorldConfig config);
  explicit TinyWorld(int nodes = 2) : TinyWorld(tiny_config(nodes)) {}

  void observe(const backend::Record& record) override { records.push_back(record); }

  Machine& machine(std::string_view name) { return *world.find_machine(name); }
  node::NodeId id(std::string_view name) { return machine(name).id(); }
  // All stacks up, all nodes in one membership; returns at a round time, with nothing heard or recorded so
  // far.
  void form();
  void run(Duration duration) { world.run_for(duration); }
  void inject(Fault fault);
  // "n1 n2", or "-" while it gathers.
  std::string members(std::string_view name);

  // Runs an agent as an engine would. The answer is heard.
  node::CallId run_agent(std::string_view node, node::AgentCommand command);

  template <class T>
  std::vector<std::pair<Duration, T>> heard_by(std::string_view name, SimTime since = kSimStart) {
    std::vector<std::pair<Duration, T>> found;
    for (const Heard& one : heard) {
      if (one.node != id(name) || one.at < since) continue;
      if (const T* event = std::get_if<T>(&one.event)) found.emplace_back(one.at - since, *event);
    }
    return found;
  }
  template <class T>
  std::vector<std::pair<Duration, T>> seen(SimTime since = kSimStart) {
    std::vector<std::pair<Duration, T>> found;
    for (const backend::Record& record : records) {
      const auto* what = std::get_if<backend::Observation>(&record.what);
      if (!what || record.time < since) continue;
      if (const T* observation = std::get_if<T>(what)) found.emplace_back(record.time - since, *observation);
    }
    return found;
  }
  // Those with no answer yet have none.
  std::optional<int> exit_code(std::string_view node, node::CallId call);
  std::optional<Duration> exit_time(std::string_view node, node::CallId call, SimTime since);

  std::vector<Heard> heard;
  std::vector<backend::Record> records;
  World world;

 private:
  std::uint64_t calls_ = 0;
};

// An agent of which a test says what it does.
class ScriptedAgent final : public Agent {
 public:
  using Body = Script (*)(Process& self, AgentRun& run);
  explicit ScriptedAgent(Body body) : body_(body) {}
  Script run(Process& self, AgentRun& run) override { return body_(self, run); }
  Duration head_start(Machine&, const AgentRun&) override { return {}; }

 private:
  Body body_;
};

node::AgentCommand ocf_command(std::string type, std::string resource, std::string action,
                               Duration timeout = 20s);

}  // namespace fencepost::models
