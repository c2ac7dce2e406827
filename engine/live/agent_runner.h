// Runs what the engine asks of agents: resource agents, fence agents and systemd units. Says when a timeout
// passes; kills only when asked; tells of an end when the process is really gone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/backend/backend.h"
#include "engine/live/child_process.h"
#include "engine/live/event_loop.h"
#include "engine/live/ocf.h"
#include "engine/node/event.h"

namespace fencepost::live {

class SystemdUnits;  // engine/live/systemd_units.h

class AgentRunner final : public backend::Agents, public backend::FenceAgents {
 public:
  using Take = std::function<void(node::Event)>;

  AgentRunner(EventLoop& loop, AgentPaths paths, std::string node_name, Take take);
  ~AgentRunner() override;

  // Where running agents are written down, for the next life.
  static std::string register_directory(const AgentPaths& paths) { return paths.run_directory + "/agents"; }

  void run(node::CallId call, node::AgentCommandPtr command) override;
  void run(node::CallId call, node::AgentCommandPtr command, const std::string& target) override;
  void kill(node::CallId call) override;

 private:
  struct Running {
    node::AgentCommandPtr command;
    std::unique_ptr<ChildProcess> process;  // none: a systemd job, or an answer that is on its way
    sim::EventHandle overdue;
    bool timed = false;
  };
  struct MetaData {
    std::int64_t changed = 0;  // when the agent was last changed, in nanoseconds since 1970
    std::string text;
  };

  void begin(node::CallId call, node::AgentCommandPtr command);
  void start(node::CallId call, Running& running, const Result<Program>& program);
  bool answer_from_cache(node::CallId call, const std::string& path, const std::string& action);
  void ended(node::CallId call, const std::string& path, ProgramEnd end);
  void answer_soon(node::CallId call, node::AgentExit exit);
  void finish(node::CallId call, node::AgentExit exit);
  bool is_systemd(const node::AgentCommand& command) const;

  EventLoop& loop_;
  AgentPaths paths_;
  std::string node_name_;
  Take take_;
  std::map<node::CallId, Running> running_;
  std::map<std::string, MetaData> meta_data_;  // by path
  std::unique_ptr<SystemdUnits> systemd_;
};

}  // namespace fencepost::live
