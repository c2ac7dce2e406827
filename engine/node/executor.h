// Runs the agents of this node: one action at a time for each resource, recurring actions again and again,
// everything against its timeout.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/node/agent_run.h"
#include "engine/node/journal.h"
#include "engine/node/message.h"
#include "engine/node/step.h"

namespace fencepost::node {

// What the controller asks of its executor. Made once, also for an action that recurs for years.
struct Job {
  AgentCommandPtr command;
  ActionId id;
  NodeId ordered_by;  // the DC that waits for it
  int expected_rc = 0;
  std::string notify;      // "pre-promote" …; empty unless a notification
  Duration start_delay{};  // before the first run
  bool internal = false;   // meta-data: no result of a resource
  std::shared_ptr<const policy::Action> action;
  std::string digest;  // of its parameters, for the history; empty for what leaves none
};
using JobPtr = std::shared_ptr<const Job>;

struct JobResult {
  JobPtr job;
  int call_id = 0;  // as the history counts them: one for each job
  CallId run;
  std::optional<int> rc;
  OpStatus status = OpStatus::done;
  std::string exit_reason;
  WallSeconds started;
  Duration queued{};
  Duration ran{};
  bool repeat = false;  // a later run of a recurring action
};

class Executor {
 public:
  void request(Step& step, JobPtr job);
  // Ends a recurring action, or one that waits; a run in flight is killed. False if there is none.
  bool cancel(Step& step, const std::string& resource, const std::string& action, Duration interval);
  // All recurring actions of a resource: before its role changes.
  void cancel_recurring(Step& step, const std::string& resource);
  bool has_recurring(const std::string& resource) const;
  void forget(Step& step, const std::string& resource);

  bool knows_run(CallId call) const { return find_run(call) != nullptr; }
  void exited(Step& step, CallId call, const AgentExit& exit);
  void overdue(Step& step, CallId call);
  void fired(Step& step, TimerKind kind, std::uint64_t which);

  // It died and is back: whatever it was doing has failed.
  void respawn(Step& step);
  // Its controller died: nothing recurs any more.
  void cancel_all_recurring(Step& step);

  // What happened since somebody last took it.
  std::vector<JobResult> take_results() { return std::exchange(results_, {}); }
  bool has_results() const { return !results_.empty(); }

  CallId next_run() { return CallId{++last_run_}; }
  bool device_started(const std::string& device) const;
  // A supervisor would find it stuck: it waits for a cancelled process that does not die.
  bool stuck() const { return stuck_runs_ > 0; }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = ~Slot{0};

  enum class State : std::uint8_t { free, delayed, queued, running, resting };
  struct Op {
    State state = State::free;
    std::uint32_t generation = 0;  // tells timers of an earlier user of the slot
    JobPtr job;
    int call_id = 0;
    std::uint32_t resource = 0;
    CallId run;
    SimTime asked{};
    SimTime started{};
    WallSeconds started_wall;
    bool repeat = false;
    bool overdue = false;
    bool cancelled = false;
    std::optional<int> last_rc;
    OpStatus last_status = OpStatus::done;
  };
  struct Resource {
    std::string name;
    std::vector<Slot> queue;
    Slot running = kNone;
    bool device_started = false;  // fence devices: registered here
  };
  struct Run {
    CallId call;
    Slot slot = kNone;  // none: nobody waits for it any more
  };

  Resource& resource(const std::string& name);
  Slot make_op(Step& step, JobPtr job);
  void release(Slot slot);
  Slot find_op(const std::string& resource, const std::string& action, Duration interval) const;
  static bool recurs(const Op& op, std::size_t resource);
  void cancel(Step& step, Slot slot);
  void enqueue(Step& step, Slot slot);
  void run_next(Step& step, Resource& resource);
  void start(Step& step, Slot slot);
  bool answer_for_device(Step& step, Slot slot);
  void finish(Step& step, Slot slot, std::optional<int> rc, OpStatus status, const std::string& reason);
  void rest(Step& step, Slot slot);
  void report(Step& step, Slot slot, std::optional<int> rc, OpStatus status, const std::string& reason);
  void kill(Step& step, Slot slot);
  void stuck_on(Step& step);
  void unstuck(Step& step);
  const Run* find_run(CallId call) const;
  static std::uint64_t which(Slot slot, std::uint32_t generation) {
    return (std::uint64_t{generation & 0xffffff} << 32) | slot;
  }
  Slot slot_of(std::uint64_t which) const;

  std::vector<Op> ops_;
  std::vector<Slot> free_;
  std::vector<Resource> resources_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::vector<Run> runs_;  // few at a time
  std::vector<JobResult> results_;
  std::uint64_t last_run_ = 0;
  int last_call_id_ = 0;
  int stuck_runs_ = 0;
};

ActionName name_of(const Step& step, const Job& job);

}  // namespace fencepost::node
