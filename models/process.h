// Processes of a simulated machine: they sleep, wait in the kernel, run children, and end by themselves, by
// SIGKILL or with their machine.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/node/agent_run.h"
#include "models/alarm.h"
#include "models/script.h"

namespace fencepost::models {

class AgentRun;
class Process;

// What a process says it is doing when it waits in the kernel.
struct SystemCall {
  std::string_view call;    // "statfs", "umount", "read"
  std::string_view object;  // "/home (nfs filer:/home)", "drbd0"; must live until the wait is over
  bool killable = true;     // false: uninterruptible, not even SIGKILL ends it (D state)
};

// Something that processes wait for: an answer of an NFS server, a lock, a device. Whoever changes what they
// wait for wakes them; a woken process looks again, so wait in a loop:
//
//   while (!server.answers()) co_await self.wait(server.waiting, {"statfs", where, true});
class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue();  // nobody may be waiting any more

  void wake_all();  // in the order in which they came; they run at this instant, after what runs now
  bool empty() const { return waiting_.empty(); }
  const std::vector<Process*>& waiting() const { return waiting_; }

 private:
  friend class Process;
  std::vector<Process*> waiting_;
};

// How a process ended: by itself with an exit code, or by a signal.
struct ExitStatus {
  std::optional<int> code;
  bool killed() const { return !code; }
  bool success() const { return code == 0; }
};

class Process {
 public:
  explicit Process(Machine& machine);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  Machine& machine() const { return machine_; }
  World& world() const;
  std::uint64_t pid() const { return pid_; }
  std::string command_line() const;
  Process* parent() const { return parent_; }
  AgentRun* run() const { return run_; }  // the agent run that it works for; null for others

  // --- For scripts: co_await these ---
  struct Sleep;
  struct Wait;
  struct WaitForExit;

  Sleep sleep(Duration duration);
  // Until the queue is woken. True, always: a killed process does not come back.
  Wait wait(WaitQueue& queue, SystemCall call);
  // The same, but no longer than `limit`; false if that passed first.
  Wait wait_at_most(WaitQueue& queue, SystemCall call, Duration limit);

  // A child in the same process group: Process& df = self.fork("df /srv");
  //                                    const ExitStatus status = co_await self.exec(df, run_df(df));
  // The parent waits for it, as a shell does, and SIGKILL ends that wait whatever the child does.
  Process& fork(std::string command_line);
  WaitForExit exec(Process& child, Script script);
  // Runs it in the background: nobody waits for it.
  void exec_in_background(Process& child, Script script);
  // For timeout(1) and the like: waits no longer than `limit`; the child goes on. Killed status if it did not
  // end.
  WaitForExit exec_at_most(Process& child, Script script, Duration limit);

  // --- For everybody else ---
  void kill();  // SIGKILL; at once, or as soon as an unkillable wait is over
  bool blocked() const { return queue_ != nullptr; }
  bool in_d_state() const { return blocked() && !call_killable_; }
  const std::string& blocked_in() const { return blocked_call_; }  // "statfs"; while blocked
  const std::string& blocked_on() const { return blocked_object_; }

 private:
  friend class Machine;
  friend class AgentRun;
  friend class WaitQueue;

  void start(Script script);
  void start_after_exec(Script script);
  void go_on();  // the innermost coroutine, from where it waits
  void suspend_until(std::coroutine_handle<> here, SimTime at);
  void block(std::coroutine_handle<> here, WaitQueue& queue, const SystemCall& call, SimTime limit);
  void leave_queue(bool killed);
  void end(ExitStatus status);
  void child_ended(ExitStatus status);
  void alarm_rang();

  Machine& machine_;
  std::uint64_t pid_ = 0;
  std::string command_line_;
  Process* parent_ = nullptr;
  AgentRun* run_ = nullptr;

  Script script_;
  std::coroutine_handle<> here_;  // where it waits
  bool running_ = false;          // its coroutine is on the stack
  bool kill_pending_ = false;

  Alarm alarm_;
  WaitQueue* queue_ = nullptr;
  bool woken_ = false;
  bool call_killable_ = true;
  std::string blocked_call_, blocked_object_;

  Process* awaited_child_ = nullptr;
  ExitStatus child_status_;
};

struct Process::Sleep {
  Process& process;
  Duration duration;
  bool await_ready() const { return duration <= Duration::zero(); }
  void await_suspend(std::coroutine_handle<> here) const;
  void await_resume() const {}
};

struct Process::Wait {
  Process& process;
  WaitQueue& queue;
  SystemCall call;
  std::optional<Duration> limit;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> here) const;
  bool await_resume() const { return process.woken_; }
};

struct Process::WaitForExit {
  Process& process;
  Process& child;
  Script script;
  std::optional<Duration> limit;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> here);
  ExitStatus await_resume() const { return process.child_status_; }
};

}  // namespace fencepost::models
