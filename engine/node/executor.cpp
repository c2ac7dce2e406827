#include "engine/node/executor.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace fencepost::node {
namespace {

constexpr int kNotRunning = 7;    // OCF_NOT_RUNNING
constexpr int kUnknownError = 1;  // OCF_ERR_GENERIC

std::string readable(Duration timeout) {
  const std::int64_t ms = to_ms(timeout);
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

bool is_fence_device(const AgentCommand& command) { return command.standard == AgentClass::stonith; }

}  // namespace

ActionName name_of(const Step& step, const Job& job) {
  return {step.self.name(), job.command->resource, job.command->action, job.command->interval};
}

// --- Asking ---

void Executor::request(Step& step, JobPtr job) {
  const AgentCommand& command = *job->command;
  if (command.interval > Duration::zero()) {  // asked again: the newer one counts
    const Slot old = find_op(command.resource, command.action, command.interval);
    if (old != kNone) cancel(step, old);
  }
  const Slot slot = make_op(step, std::move(job));
  const Op& op = ops_[slot];
  if (op.job->start_delay > Duration::zero()) {
    ops_[slot].state = State::delayed;
    step.arm(TimerKind::start_delay, op.job->start_delay, which(slot, op.generation));
    return;
  }
  enqueue(step, slot);
}

bool Executor::cancel(Step& step, const std::string& name, const std::string& action, Duration interval) {
  const Slot slot = find_op(name, action, interval);
  if (slot == kNone) return false;
  cancel(step, slot);
  return true;
}

void Executor::cancel_recurring(Step& step, const std::string& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  for (Slot slot = 0; slot < ops_.size(); ++slot) {
    if (recurs(ops_[slot], found->second)) cancel(step, slot);
  }
}

bool Executor::has_recurring(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() &&
         std::any_of(ops_.begin(), ops_.end(), [&](const Op& op) { return recurs(op, found->second); });
}

bool Executor::recurs(const Op& op, std::size_t resource) {
  return op.state != State::free && !op.cancelled && op.resource == resource &&
         op.job->command->interval > Duration::zero();
}

void Executor::cancel_all_recurring(Step& step) {
  for (const Resource& each : std::vector<Resource>(resources_)) cancel_recurring(step, each.name);
}

// A fence device is registered no more: a probe does not find it (threshold-and-cleanup).
void Executor::forget(Step& step, const std::string& name) {
  cancel_recurring(step, name);
  if (const auto found = by_name_.find(name); found != by_name_.end())
    resources_[found->second].device_started = false;
}

void Executor::cancel(Step& step, Slot slot) {
  Op& op = ops_[slot];
  if (op.cancelled) return;
  if (!op.job->internal) report(step, slot, std::nullopt, OpStatus::cancelled, {});
  Resource& owner = resources_[op.resource];
  switch (op.state) {
    case State::delayed:
      step.cancel(TimerKind::start_delay, which(slot, op.generation));
      release(slot);
      return;
    case State::queued:
      owner.queue.erase(std::remove(owner.queue.begin(), owner.queue.end(), slot), owner.queue.end());
      release(slot);
      return;
    case State::resting:
      step.cancel(TimerKind::recurring, which(slot, op.generation));
      release(slot);
      return;
    case State::running:
      // What asked for the cancellation begins when the process is gone.
      op.cancelled = true;
      if (!op.overdue) kill(step, slot);
      if (step.profile.executor_waits_for_cancelled) stuck_on(step);
      return;
    case State::free:
      return;
  }
}

// --- Running ---

void Executor::enqueue(Step& step, Slot slot) {
  Op& op = ops_[slot];
  op.state = State::queued;
  op.asked = step.now.time;
  Resource& owner = resources_[op.resource];
  owner.queue.push_back(slot);
  run_next(step, owner);
}

void Executor::run_next(Step& step, Resource& owner) {
  if (owner.running != kNone || stuck()) return;
  while (owner.running == kNone && !owner.queue.empty()) {
    const Slot slot = owner.queue.front();
    owner.queue.erase(owner.queue.begin());
    start(step, slot);
  }
}

void Executor::start(Step& step, Slot slot) {
  Op& op = ops_[slot];
  const Job& job = *op.job;
  op.state = State::running;
  op.started = step.now.time;
  op.started_wall = step.now.wall;
  op.overdue = false;
  op.run = next_run();
  if (!job.internal && (!op.repeat || step.self.journal_repeats)) {
    step.journal(ActionStarted{.transition = job.id.transition,
                               .action = job.id.action,
                               .name = name_of(step, job),
                               .expected_rc = job.expected_rc,
                               .notify = job.notify,
                               .repeat = op.repeat,
                               .call = op.run});
  }
  if (is_fence_device(*job.command) && answer_for_device(step, slot)) return;
  resources_[op.resource].running = slot;
  runs_.push_back({op.run, slot});
  if (is_fence_device(*job.command)) {
    step.effects.emplace_back(RunFenceAgent{op.run, job.command, {}});
  } else {
    step.effects.emplace_back(RunAgent{op.run, job.command});
  }
}

// A fence device is no process: probing and stopping it is a matter of the fencer's list of devices. Starting
// and monitoring it asks the device.
bool Executor::answer_for_device(Step& step, Slot slot) {
  const AgentCommand& command = *ops_[slot].job->command;
  Resource& device = resources_[ops_[slot].resource];
  if (command.action == "stop") {
    device.device_started = false;
    finish(step, slot, 0, OpStatus::done, {});
    return true;
  }
  if (command.action == "monitor" && command.interval == Duration::zero()) {
    finish(step, slot, device.device_started ? 0 : kNotRunning, OpStatus::done, {});
    return true;
  }
  return false;
}

void Executor::exited(Step& step, CallId call, const AgentExit& exit) {
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.call == call; });
  HA_ASSERT(run != runs_.end());
  const Slot slot = run->slot;
  *run = runs_.back();
  runs_.pop_back();
  if (slot == kNone) return;  // reported long ago

  Op& op = ops_[slot];
  const std::uint32_t owner = op.resource;
  resources_[owner].running = kNone;
  if (op.overdue || op.cancelled) {
    step.cancel(TimerKind::will_not_die, which(slot, op.generation));
    step.cancel(TimerKind::unkillable, which(slot, op.generation));
  }
  if (op.cancelled) {
    release(slot);
    if (step.profile.executor_waits_for_cancelled) {
      unstuck(step);
      return;
    }
  } else if (op.overdue) {
    finish(step, slot, kUnknownError, OpStatus::timeout,
           "Resource agent did not complete within " + readable(op.job->command->timeout));
  } else if (!exit.code) {
    finish(step, slot, kUnknownError, OpStatus::error, "Process interrupted by signal");
  } else {
    finish(step, slot, *exit.code, OpStatus::done, exit.exit_reason);
  }
  run_next(step, resources_[owner]);
}

void Executor::overdue(Step& step, CallId call) {
  const Run* run = find_run(call);
  HA_ASSERT(run != nullptr);
  if (run->slot == kNone) return;
  Op& op = ops_[run->slot];
  if (op.overdue || op.cancelled) return;
  op.overdue = true;
  kill(step, run->slot);
}

void Executor::kill(Step& step, Slot slot) {
  const Op& op = ops_[slot];
  step.effects.emplace_back(KillAgent{op.run});
  if (step.profile.will_not_die_after > Duration::zero())
    step.arm(TimerKind::will_not_die, step.profile.will_not_die_after, which(slot, op.generation));
  if (step.profile.unkillable_reported_after)
    step.arm(TimerKind::unkillable, *step.profile.unkillable_reported_after, which(slot, op.generation));
}

void Executor::fired(Step& step, TimerKind kind, std::uint64_t payload) {
  const Slot slot = slot_of(payload);
  if (slot == kNone) return;  // cancelled as it fired
  Op& op = ops_[slot];
  switch (kind) {
    case TimerKind::recurring:
    case TimerKind::start_delay:
      if (op.state == State::resting || op.state == State::delayed) enqueue(step, slot);
      return;
    case TimerKind::will_not_die:
      if (op.state != State::running || !(op.overdue || op.cancelled)) return;
      step.journal(ProcessWillNotDie{name_of(step, *op.job), op.run});
      return;
    case TimerKind::unkillable: {
      // The process may haunt the node for ever. Its result is known now: it did not do its work in time.
      if (op.state != State::running || !(op.overdue || op.cancelled)) return;
      const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.slot == slot; });
      run->slot = kNone;
      const std::uint32_t owner = op.resource;
      resources_[owner].running = kNone;
      step.cancel(TimerKind::will_not_die, which(slot, op.generation));
      if (op.cancelled) {
        release(slot);
        if (step.profile.executor_waits_for_cancelled) unstuck(step);
      } else {
        finish(step, slot, kUnknownError, OpStatus::timeout, "Resource agent did not end when it was killed");
      }
      run_next(step, resources_[owner]);
      return;
    }
    default:
      HA_ASSERT(false);
  }
}

void Executor::stuck_on(Step& step) {
  if (stuck_runs_++ == 0 && step.profile.stuck_daemon_killed)
    step.arm(TimerKind::stuck_daemon, step.sample(*step.profile.stuck_daemon_killed));
}

void Executor::unstuck(Step& step) {
  if (--stuck_runs_ > 0) return;
  step.cancel(TimerKind::stuck_daemon);
  for (Resource& each : resources_) run_next(step, each);
}

// --- Results ---

void Executor::finish(Step& step, Slot slot, std::optional<int> rc, OpStatus status,
                      const std::string& reason) {
  Op& op = ops_[slot];
  const AgentCommand& command = *op.job->command;
  if (is_fence_device(command) && command.action == "start")
    resources_[op.resource].device_started = rc == 0 && status == OpStatus::done;
  const bool recurs = command.interval > Duration::zero();
  const bool news = !op.repeat || rc != op.last_rc || status != op.last_status;
  if (news || (step.self.journal_repeats && !op.job->internal)) {
    report(step, slot, rc, status, reason);
    if (!news) results_.pop_back();  // journaled, and nobody's business
  }
  op.last_rc = rc;
  op.last_status = status;
  if (recurs) {
    rest(step, slot);
  } else {
    release(slot);
  }
}

// The interval counts from the end of the run.
void Executor::rest(Step& step, Slot slot) {
  Op& op = ops_[slot];
  op.state = State::resting;
  op.repeat = true;
  op.overdue = false;
  step.arm(TimerKind::recurring, op.job->command->interval, which(slot, op.generation));
}

void Executor::report(Step& step, Slot slot, std::optional<int> rc, OpStatus status,
                      const std::string& reason) {
  const Op& op = ops_[slot];
  const Job& job = *op.job;
  const bool news = !op.repeat || rc != op.last_rc || status != op.last_status;
  if (!job.internal) {
    step.journal(ActionFinished{.transition = job.id.transition,
                                .action = job.id.action,
                                .name = name_of(step, job),
                                .rc = status == OpStatus::done ? rc : std::nullopt,
                                .status = status,
                                .exit_reason = reason,
                                .notify = job.notify,
                                .repeat = op.repeat,
                                .news = news,
                                .started = op.started,
                                .call = op.run});
  }
  results_.push_back({.job = op.job,
                      .call_id = op.call_id,
                      .run = op.run,
                      .rc = rc,
                      .status = status,
                      .exit_reason = reason,
                      .started = op.started_wall,
                      .queued = op.started - op.asked,
                      .ran = step.now.time - op.started,
                      .repeat = op.repeat});
}

// --- Daemons that die ---

void Executor::respawn(Step& step) {
  stuck_runs_ = 0;
  step.cancel(TimerKind::stuck_daemon);
  for (Slot slot = 0; slot < ops_.size(); ++slot) {
    Op& op = ops_[slot];
    if (op.state == State::free) continue;
    if (op.state == State::running) {
      for (Run& run : runs_) {
        if (run.slot == slot) run.slot = kNone;
      }
      resources_[op.resource].running = kNone;
      step.cancel(TimerKind::will_not_die, which(slot, op.generation));
      step.cancel(TimerKind::unkillable, which(slot, op.generation));
    } else if (op.state == State::resting) {
      step.cancel(TimerKind::recurring, which(slot, op.generation));
    }
    const bool one_off = op.job->command->interval == Duration::zero();
    if (one_off && !op.cancelled) report(step, slot, kUnknownError, OpStatus::error, "Executor died");
    release(slot);
  }
  for (Resource& each : resources_) {
    each.queue.clear();
    each.device_started = false;
  }
}

bool Executor::device_started(const std::string& device) const {
  const auto found = by_name_.find(device);
  return found != by_name_.end() && resources_[found->second].device_started;
}

// --- Keeping track ---

Executor::Resource& Executor::resource(const std::string& name) {
  const auto [at, made] = by_name_.try_emplace(name, static_cast<std::uint32_t>(resources_.size()));
  if (made) {
    resources_.emplace_back();
    resources_.back().name = name;
  }
  return resources_[at->second];
}

Executor::Slot Executor::make_op(Step& step, JobPtr job) {
  Slot slot = kNone;
  if (free_.empty()) {
    slot = static_cast<Slot>(ops_.size());
    ops_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  const std::uint32_t generation = ops_[slot].generation;
  Op& op = ops_[slot] = Op{};
  op.generation = generation;
  op.state = State::queued;
  op.call_id = ++last_call_id_;
  op.resource = static_cast<std::uint32_t>(&resource(job->command->resource) - resources_.data());
  op.job = std::move(job);
  op.asked = step.now.time;
  return slot;
}

void Executor::release(Slot slot) {
  Op& op = ops_[slot];
  op.state = State::free;
  op.job.reset();
  ++op.generation;
  free_.push_back(slot);
}

Executor::Slot Executor::find_op(const std::string& name, const std::string& action,
                                 Duration interval) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return kNone;
  for (Slot slot = 0; slot < ops_.size(); ++slot) {
    const Op& op = ops_[slot];
    if (op.state != State::free && !op.cancelled && op.resource == found->second &&
        op.job->command->action == action && op.job->command->interval == interval)
      return slot;
  }
  return kNone;
}

const Executor::Run* Executor::find_run(CallId call) const {
  const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.call == call; });
  return run == runs_.end() ? nullptr : &*run;
}

Executor::Slot Executor::slot_of(std::uint64_t payload) const {
  const Slot slot = static_cast<Slot>(payload & 0xffffffffu);
  if (slot >= ops_.size()) return kNone;
  const Op& op = ops_[slot];
  return op.state != State::free && which(slot, op.generation) == payload ? slot : kNone;
}

}  // namespace fencepost::node
