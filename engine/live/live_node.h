// One node of a real cluster: the unchanged engine/node, and under it the parts that make its effects real.
//
//   class            file              is                       made real with
//   EventLoop        event_loop.h      where the process waits  epoll, timerfd, signalfd
//   (functions)      clock.h           the two clocks           CLOCK_MONOTONIC, CLOCK_REALTIME
//   CorosyncGroup    corosync_group.h  backend::Group           libcpg, libquorum, libcmap; codec.h says what
//   the
//                                                               messages look like
//   AgentRunner      agent_runner.h    backend::Agents and      child processes (child_process.h), the OCF
//   environment
//                                      backend::FenceAgents     (ocf.h), the fence agents' API
//                                      (fence_agent.h),
//                                                               systemd over D-Bus (systemd_units.h)
//   CibStore         cib_store.h       backend::Store           files written atomically
//   LiveNode         here              backend::Timers,         the loop; the journal goes to
//   backend::Observers, as
//                                      backend::Supervisor      the simulator's does, so that the same
//                                      recorder works
//   (the control socket, ctl, status)  attach to a LiveNode: they feed it CommandReceived and
//   AttributeRequested by
//                                      take(), read cib() and is_dc(), and observe its records
//
// How a second passes: the loop wakes up, somebody (a timer, the group, a child's end, the control socket)
// calls take(event); the engine's effects are performed at once, in order; nobody waits for anything. A part
// that has an answer ready at once says it with loop().soon(), never from inside perform(): an engine takes
// one event at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/record.h"
#include "engine/live/event_loop.h"
#include "engine/live/tape.h"
#include "engine/node/node.h"

namespace fencepost::live {

class LiveNode final : public backend::Timers, public backend::Supervisor {
 public:
  // The other parts of the seam; all outlive the node.
  struct Parts {
    backend::Group* group = nullptr;
    backend::Agents* agents = nullptr;
    backend::FenceAgents* fence_agents = nullptr;
    backend::Store* store = nullptr;
  };
  using Stopped = std::function<void(node::StopStack::How, const std::string& why)>;

  LiveNode(EventLoop& loop, node::NodeOptions options, Parts parts, Stopped stopped);
  LiveNode(const LiveNode&) = delete;
  LiveNode& operator=(const LiveNode&) = delete;

  // The first event: what the store held, or nothing on a new node.
  void boot(std::shared_ptr<const cib::Cib> stored);
  // Gives the engine an event and performs what it wants done. After StopStack nothing is taken any more.
  void take(const node::Event& event);

  void add_observer(backend::Observer* observer) { observers_.push_back(observer); }
  // Everything the engine is told goes on it. Before boot(); outlives the node.
  void record_on(TapeWriter* tape) { tape_ = tape; }
  // What the backend itself saw, for the same observers: memberships, notes.
  void observe(backend::Observation observation);

  // When an event has been taken and its effects performed: for those who show what the engine knows.
  void after_each_step(std::function<void()> call) { after_step_ = std::move(call); }

  EventLoop& loop() { return loop_; }
  const cib::Cib& cib() const { return engine_.cib(); }
  bool is_dc() const { return engine_.is_dc(); }
  bool stopped() const { return has_stopped_; }
  const std::string& name() const;
  const node::Nodelist& nodelist() const { return *options_.nodelist; }

  // --- The seam ---
  void arm(node::TimerId timer, SimTime at) override;
  void cancel(node::TimerId timer) override;
  void record(node::JournalEntry entry) override;
  void stop_stack(node::StopStack::How how, const std::string& why) override;

 private:
  void tell(backend::Record record);

  EventLoop& loop_;
  node::NodeOptions options_;
  node::Node engine_;
  backend::Backend backend_;
  Stopped on_stop_;
  std::function<void()> after_step_;
  std::vector<backend::Observer*> observers_;
  TapeWriter* tape_ = nullptr;
  std::map<node::TimerId, sim::EventHandle> timers_;
  std::uint64_t records_ = 0;
  SimTime step_at_{};
  bool stepping_ = false;
  bool has_stopped_ = false;
};

}  // namespace fencepost::live
