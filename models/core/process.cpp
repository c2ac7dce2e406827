#include "models/process.h"

#include <algorithm>
#include <utility>

#include "models/machine.h"
#include "models/world.h"

namespace fencepost::models {

// --- Waiting ---

WaitQueue::~WaitQueue() { HA_ASSERT(waiting_.empty()); }

void WaitQueue::wake_all() {
  const std::vector<Process*> woken = std::exchange(waiting_, {});
  for (Process* process : woken) {
    process->woken_ = true;
    process->leave_queue(process->kill_pending_);
    process->alarm_.arm_in(Duration::zero());
  }
}

void Process::Sleep::await_suspend(std::coroutine_handle<> here) const {
  process.suspend_until(here, process.world().now() + duration);
}

void Process::Wait::await_suspend(std::coroutine_handle<> here) const {
  process.block(here, queue, call, limit ? process.world().now() + *limit : kNever);
}

// A child may end before its first wait; then its parent need not wait either.
bool Process::WaitForExit::await_suspend(std::coroutine_handle<> here) {
  process.here_ = here;
  process.awaited_child_ = &child;
  if (limit) process.alarm_.arm_in(*limit);
  child.start_after_exec(std::move(script));
  return process.awaited_child_ != nullptr;
}

Process::Sleep Process::sleep(Duration duration) { return {*this, duration}; }

Process::Wait Process::wait(WaitQueue& queue, SystemCall call) { return {*this, queue, call, std::nullopt}; }

Process::Wait Process::wait_at_most(WaitQueue& queue, SystemCall call, Duration limit) {
  return {*this, queue, call, limit};
}

Process::WaitForExit Process::exec(Process& child, Script script) {
  return {*this, child, std::move(script), std::nullopt};
}

Process::WaitForExit Process::exec_at_most(Process& child, Script script, Duration limit) {
  return {*this, child, std::move(script), limit};
}

void Process::exec_in_background(Process& child, Script script) { child.start_after_exec(std::move(script)); }

Process& Process::fork(std::string command_line) {
  return machine_.new_process(std::move(command_line), this, run_);
}

void Process::suspend_until(std::coroutine_handle<> here, SimTime at) {
  here_ = here;
  alarm_.arm(at);
  if (run_) run_->waits_until(at);
}

void Process::block(std::coroutine_handle<> here, WaitQueue& queue, const SystemCall& call, SimTime limit) {
  here_ = here;
  queue_ = &queue;
  woken_ = false;
  call_killable_ = call.killable;
  blocked_call_ = call.call;
  blocked_object_ = call.object;
  queue.waiting_.push_back(this);
  if (limit != kNever) alarm_.arm(limit);
  if (run_) run_->waits_until(limit);
  world().observe(backend::ProcessBlocked{
      .node = machine_.name(),
      .pid = pid_,
      .command = command_line(),
      .call = blocked_call_,
      .object = blocked_object_,
      .killable = call.killable,
      .for_call = run_ ? run_->call() : node::CallId{},
      .resource = run_ ? run_->command().resource : "",
      .operation = run_ ? run_->command().action : "",
  });
}

void Process::leave_queue(bool killed) {
  if (!queue_) return;
  std::erase(std::exchange(queue_, nullptr)->waiting_, this);
  world().observe(backend::ProcessUnblocked{
      .node = machine_.name(), .pid = pid_, .killed = killed, .object = blocked_object_});
}

// --- Living and dying ---

Process::Process(Machine& machine)
    : machine_(machine), alarm_(machine.world(), &machine, rings<&Process::alarm_rang>(this)) {}

Process::~Process() = default;

World& Process::world() const { return machine_.world(); }

std::string Process::command_line() const {
  if (!command_line_.empty() || !run_) return command_line_;
  const node::AgentCommand& command = run_->command();
  return command.type + " " + command.action + " (" + command.resource + ")";
}

void Process::start(Script script) {
  HA_ASSERT(!script_.frame());
  script_ = std::move(script);
  here_ = script_.frame();
  go_on();
}

void Process::start_after_exec(Script script) {
  const Duration takes = machine_.sample(world().config().latencies.child_spawn);
  if (takes <= Duration::zero()) return start(std::move(script));
  script_ = std::move(script);
  suspend_until(script_.frame(), world().now() + takes);
}

void Process::alarm_rang() {
  if (queue_) leave_queue(kill_pending_);  // the limit of the wait has passed
  if (kill_pending_) return end({});
  if (!script_.frame()) return machine_.begin(*run_);
  if (awaited_child_) {
    awaited_child_ = nullptr;  // exec_at_most: the child goes on without us
    child_status_ = {};
  }
  go_on();
}

void Process::go_on() {
  HA_ASSERT(!running_);
  running_ = true;
  ++machine_.executing_;
  here_.resume();
  --machine_.executing_;
  running_ = false;
  if (script_.done()) return end({script_.value()});
  if (kill_pending_ && !in_d_state()) return end({});
}

void Process::kill() {
  kill_pending_ = true;
  if (running_ || in_d_state()) return;  // when it next comes back from the kernel
  end({});
}

void Process::child_ended(ExitStatus status) {
  awaited_child_ = nullptr;
  child_status_ = status;
  alarm_.disarm();
  if (!running_) go_on();  // otherwise its child never waited, and the parent is still on its way to wait
}

// From here on the process is no more: its locals are destroyed, it stands in no list, and its parent goes
// on.
void Process::end(ExitStatus status) {
  alarm_.disarm();
  leave_queue(true);
  script_.reset();
  machine_.reap(*this, status);
}

}  // namespace fencepost::models
