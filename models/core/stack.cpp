#include "models/core/stack.h"

#include <algorithm>
#include <utility>

#include "models/fencing/sbd.h"
#include "models/machine.h"
#include "models/network/corosync.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// A free object of the pool, or a new one, moved to those in use.
template <class T, class... Arguments>
T& take(std::vector<std::unique_ptr<T>>& idle, std::vector<std::unique_ptr<T>>& used,
        Arguments&... arguments) {
  if (idle.empty()) idle.push_back(std::make_unique<T>(arguments...));
  used.push_back(std::move(idle.back()));
  idle.pop_back();
  return *used.back();
}

template <class T>
void put_back(const T& object, std::vector<std::unique_ptr<T>>& idle, std::vector<std::unique_ptr<T>>& used) {
  const auto found = std::ranges::find(used, &object, &std::unique_ptr<T>::get);
  HA_ASSERT(found != used.end());
  std::swap(*found, used.back());
  idle.push_back(std::move(used.back()));
  used.pop_back();
}

}  // namespace

Stack::Stack(Machine& machine)
    : machine_(machine),
      backend_{.timers = this,
               .group = this,
               .agents = this,
               .fence_agents = this,
               .store = this,
               .supervisor = this},
      inbox_(machine.world(), &machine, rings<&Stack::deliver_posted>(this)),
      next_stage_(machine.world(), &machine, rings<&Stack::stage_rang>(this)),
      stored_(machine.world().config().stored_cib),
      written_(machine.world(), &machine, rings<&Stack::write_done>(this)) {}

Stack::~Stack() = default;

World& Stack::world() const { return machine_.world(); }

// --- Starting and stopping, in stages ---

void Stack::start(std::string_view why, bool boots) {
  if (state_ == State::engine_down) return start_engine();
  if (state_ != State::down) return;
  state_ = State::starting;
  reason_ = why;
  // systemd starts sbd first, and waits for it.
  Sbd& sbd = world().part<Sbd>();
  sbd.started(machine_);
  const Latencies& latencies = world().config().latencies;
  in(sbd.start_delay() + machine_.sample(boots ? latencies.corosync_start : latencies.corosync_start_by_hand),
     &Stack::start_corosync);
}

void Stack::start_corosync() {
  world().corosync().start(machine_.id());
  in(machine_.sample(world().config().latencies.corosync_first_membership), &Stack::form_alone);
}

void Stack::form_alone() {
  world().corosync().form_alone(machine_.id());
  in(machine_.sample(world().config().latencies.pacemaker_start), &Stack::start_engine);
}

void Stack::start_engine() {
  state_ = State::up;
  posted_.clear();
  inbox_.disarm();
  engine_ = world().make_engine(machine_);
  world().observe(backend::StackChanged{.node = machine_.name(), .up = true, .why = reason_});
  deliver(node::Booted{.stored = stored_});
  world().corosync().introduce(machine_.id());
  tell_parts();
}

void Stack::stop_now() {
  end_engine(reason_);
  state_ = State::stopping;
  in(machine_.sample(world().config().latencies.leave), &Stack::leave_now);
}

void Stack::leave_now() {
  world().corosync().leave(machine_.id());
  in(machine_.sample(world().config().latencies.corosync_stop), &Stack::corosync_gone);
}

void Stack::corosync_gone() {
  state_ = State::down;
  world().part<Sbd>().stopped(machine_);
  if (when_down_) std::exchange(when_down_, nullptr)();
}

void Stack::fail_now() {
  end_engine(reason_);
  state_ = State::engine_down;
  tell_parts();
}

void Stack::panic_now() { machine_.reset(reason_); }

void Stack::crash(std::string_view why) {
  if (state_ == State::down) return;
  next_stage_.disarm();
  when_down_ = nullptr;
  world().corosync().crash(machine_.id());
  end_engine(why);
  state_ = State::down;
  tell_parts();
}

void Stack::vanish(std::string_view why) {
  crash(why);
  written_.disarm();
  writing_.reset();
}

void Stack::shut_down(std::function<void()> then) {
  when_down_ = std::move(then);
  if (state_ == State::up) return post(node::CommandReceived{node::Shutdown{}}, 1ms);
  if (state_ == State::stopping) return;
  crash("shutdown");
  world().part<Sbd>().stopped(machine_);
}

void Stack::in(Duration delay, void (Stack::*stage)()) {
  stage_ = stage;
  next_stage_.arm_in(std::max(delay, Duration::zero()));
}

void Stack::tell_parts() {
  world().for_each_part([&](WorldPart& part) { part.cluster_changed(machine_); });
}

void Stack::stage_rang() { (this->*stage_)(); }

// What the engine held is gone, and the processes that it started run on without anybody waiting for them.
void Stack::end_engine(std::string_view why) {
  if (!engine_) return;
  world().corosync().leave_group(machine_.id());
  engine_.reset();
  while (!timers_.empty()) {
    timers_.back()->alarm.disarm();
    put_back(*timers_.back(), idle_timers_, timers_);
  }
  while (!asked_.empty()) {
    asked_.back()->alarm.disarm();
    put_back(*asked_.back(), idle_asked_, asked_);
  }
  posted_.clear();
  inbox_.disarm();
  world().observe(backend::StackChanged{.node = machine_.name(), .up = false, .why = std::string(why)});
}

// --- Events for the engine ---

void Stack::deliver(const node::Event& event) {
  if (!engine_) return;
  ++machine_.executing_;
  const node::Now now{.time = world().now(), .wall = machine_.wall()};
  backend::perform(engine_->step(now, event), backend_);
  --machine_.executing_;
}

void Stack::post(node::Event event, Duration delay) {
  if (!engine_) return;
  SimTime at = world().now() + delay;
  if (!posted_.empty()) at = std::max(at, posted_.back().at);
  posted_.push_back({at, std::move(event)});
  if (!inbox_.armed()) inbox_.arm(at);
}

void Stack::deliver_posted() {
  const node::Event event = std::move(posted_.front().event);
  posted_.pop_front();
  if (!posted_.empty()) inbox_.arm(posted_.front().at);
  deliver(event);
}

bool Stack::command(node::Command command, const sim::Distribution& delay) {
  if (!engine_) return false;
  Asked& asked = take(idle_asked_, asked_, *this);
  asked.command = std::move(command);
  asked.alarm.arm_in(machine_.sample(delay));
  return true;
}

void Stack::attribute(node::AttributeRequested request, Duration delay) {
  if (engine_) post(std::move(request), delay);
}

Stack::Asked::Asked(Stack& of) : stack(of), alarm(of.world(), &of.machine_, rings<&Asked::ring>(this)) {}

void Stack::Asked::ring() {
  node::Command what = std::move(*command);
  command.reset();
  Stack& of = stack;
  put_back(*this, of.idle_asked_, of.asked_);
  of.deliver(node::CommandReceived{std::move(what)});
}

void Stack::daemon_died(node::DaemonDied::Daemon daemon) { post(node::DaemonDied{daemon}, 1ms); }

// --- The seam: timers ---

Stack::Timer::Timer(Stack& of) : stack(of), alarm(of.world(), &of.machine_, rings<&Timer::ring>(this)) {}

void Stack::Timer::ring() {
  const node::TimerId fired = id;
  Stack& of = stack;
  put_back(*this, of.idle_timers_, of.timers_);
  of.deliver(node::TimerFired{fired});
}

void Stack::arm(node::TimerId timer, SimTime at) {
  const auto known = std::ranges::find(timers_, timer, [](const auto& armed) { return armed->id; });
  Timer& to_arm = known != timers_.end() ? **known : take(idle_timers_, timers_, *this);
  to_arm.id = timer;
  to_arm.alarm.arm(at);
}

void Stack::cancel(node::TimerId timer) {
  const auto known = std::ranges::find(timers_, timer, [](const auto& armed) { return armed->id; });
  if (known == timers_.end()) return;  // it has fired meanwhile
  (*known)->alarm.disarm();
  put_back(**known, idle_timers_, timers_);
}

// --- The seam: group, agents, store, supervisor ---

void Stack::join() { world().corosync().join_group(machine_.id()); }
void Stack::leave() { world().corosync().leave_group(machine_.id()); }
void Stack::send(node::MessagePtr message) { world().corosync().send(machine_.id(), std::move(message)); }

void Stack::run(node::CallId call, node::AgentCommandPtr command) {
  machine_.run_agent(call, std::move(command), {});
}
void Stack::run(node::CallId call, node::AgentCommandPtr command, const std::string& target) {
  machine_.run_agent(call, std::move(command), target);
}
void Stack::kill(node::CallId call) { machine_.kill_agent(call); }

void Stack::persist(std::shared_ptr<const cib::Cib> cib) {
  writing_ = std::move(cib);
  if (!written_.armed()) written_.arm_in(machine_.sample_io(world().config().latencies.persist));
}

void Stack::write_done() { stored_ = std::exchange(writing_, nullptr); }

void Stack::record(node::JournalEntry entry) { world().record(machine_.id(), std::move(entry)); }

// The engine that asks for this is in the middle of a step: it ends at this instant, but after that.
void Stack::stop_stack(node::StopStack::How how, const std::string& why) {
  using How = node::StopStack::How;
  reason_ = why;
  in(Duration::zero(), how == How::orderly  ? &Stack::stop_now
                       : how == How::failed ? &Stack::fail_now
                                            : &Stack::panic_now);
}

}  // namespace fencepost::models
