#include "models/machine.h"

#include <algorithm>
#include <utility>

#include "models/core/agent_faults.h"
#include "models/core/cores.h"
#include "models/core/service_watch.h"
#include "models/core/stack.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

Duration stretched(Duration duration, double factor) {
  return Duration(static_cast<std::int64_t>(static_cast<double>(duration.count()) * factor));
}

}  // namespace

Machine::Machine(World& world, node::NodeId id, std::string name, HardwareConfig hardware, Cores& cores)
    : world_(world),
      id_(id),
      name_(std::move(name)),
      hardware_(std::move(hardware)),
      cores_(cores),
      supplies_(std::max<std::size_t>(hardware_.supplies.size(), 1), true),
      power_alarm_(world, nullptr, rings<&Machine::booted>(this)),
      back_alarm_(world, nullptr, rings<&Machine::is_back>(this)),
      off_alarm_(world, nullptr, rings<&Machine::power_off_now>(this)),
      latency_(world.stream("machine:" + name_ + "/latency")),
      stack_(std::make_unique<Stack>(*this)) {}

Machine::~Machine() {
  power_ = Power::off;  // who is told of what ends now need not look at the others
  stack_->vanish("");
  destroy_processes();
  // Parts of the world outlive their machines, and so may alarms that wait for this one to thaw.
  for (Alarm* alarm : std::exchange(held_, {})) alarm->state_ = Alarm::State::idle;
}

// --- Power ---

void Machine::power_on(std::string_view why) {
  if (power_ != Power::off || !has_supply()) return;
  back_alarm_.disarm();
  power_ = Power::booting;
  world_.observe(backend::PowerChanged{.node = name_, .on = true, .why = std::string(why)});
  power_alarm_.arm_in(sample(hardware_.boot) + sample(world_.config().latencies.boot));
}

void Machine::up_in(Duration delay, std::string_view why) {
  boot_reason_ = why;
  back_alarm_.arm_in(delay);
}

void Machine::is_back() { up_at_once(boot_reason_); }

void Machine::booted() {
  power_ = Power::on;
  ++boots_;
  world_.network().set_power(endpoint(id_), true);
  world_.for_each_part([&](WorldPart& part) { part.machine_up(*this); });
  if (hardware_.stack_starts_at_boot) start_stack("boot", true);
}

void Machine::up_at_once(std::string_view why) {
  if (power_ == Power::on || !has_supply()) return;
  back_alarm_.disarm();
  power_alarm_.disarm();
  if (power_ == Power::off)
    world_.observe(backend::PowerChanged{.node = name_, .on = true, .why = std::string(why)});
  booted();
}

// What runs on this machine may be what took its power; it must be off the stack before it can go.
void Machine::power_off(std::string_view why) {
  off_reason_ = why;
  if (executing_ > 0) {
    off_alarm_.arm_in(Duration::zero());
  } else {
    power_off_now();
  }
}

void Machine::power_off_now() {
  off_alarm_.disarm();
  power_alarm_.disarm();
  if (power_ == Power::off) return;
  const bool was_up = std::exchange(power_, Power::off) == Power::on;
  frozen_ = false;
  world_.observe(backend::PowerChanged{.node = name_, .on = false, .why = off_reason_});
  if (!was_up) return;
  world_.network().set_power(endpoint(id_), false);
  stack_->vanish(off_reason_);
  destroy_processes();
  clear_roles();
  world_.for_each_part([&](WorldPart& part) { part.machine_down(*this); });
  parts_.clear();
  HA_ASSERT(held_.empty());
  if (std::exchange(boot_after_off_, false)) power_on(off_reason_);
}

void Machine::reset(std::string_view why) {
  power_off(why);
  boot_after_off(why);
}

// A machine whose own processes took its power is off only when they are off the stack.
void Machine::boot_after_off(std::string_view why) {
  if (power_ == Power::off) return power_on(why);
  boot_after_off_ = off_alarm_.armed();
}

void Machine::set_supply(std::string_view supply, bool present, std::string_view why) {
  for (std::size_t i = 0; i < supplies_.size(); ++i) {
    if (supply.empty() || hardware_.supplies.empty() || hardware_.supplies[i] == supply)
      supplies_[i] = present;
  }
  if (!has_supply()) power_off(why);
}

void Machine::set_mains(bool present, std::string_view why) {
  mains_ = present;
  if (!has_supply()) power_off(why);
}

bool Machine::has_supply() const { return mains_ && std::ranges::count(supplies_, true) > 0; }

void Machine::freeze() {
  if (!up() || frozen_) return;
  frozen_ = true;
  world_.for_each_part([&](WorldPart& part) { part.machine_frozen(*this); });
}

// What was due meanwhile happens now, in the order in which it was due.
void Machine::thaw() {
  if (!frozen_) return;
  frozen_ = false;
  for (Alarm* alarm : std::exchange(held_, {})) {
    alarm->state_ = Alarm::State::idle;
    alarm->arm_in(Duration::zero());
  }
  world_.for_each_part([&](WorldPart& part) { part.machine_frozen(*this); });
}

void Machine::hold(Alarm& alarm) {
  alarm.state_ = Alarm::State::held;
  held_.push_back(&alarm);
}

void Machine::release(Alarm& alarm) { std::erase(held_, &alarm); }

void Machine::start_stack(std::string_view why, bool boots) {
  if (up()) stack_->start(why, boots);
}

// --- Processes ---

Process& Machine::spawn(std::string command_line) {
  return new_process(std::move(command_line), nullptr, nullptr);
}

void Machine::start(Process& process, Script script) { process.start(std::move(script)); }

Process& Machine::new_process(std::string command_line, Process* parent, AgentRun* run) {
  if (idle_processes_.empty()) idle_processes_.push_back(std::make_unique<Process>(*this));
  Process& process = *idle_processes_.back();
  process_pool_.push_back(std::move(idle_processes_.back()));
  idle_processes_.pop_back();

  process.pid_ = ++next_pid_;
  process.command_line_ = std::move(command_line);
  process.parent_ = parent;
  process.run_ = run;
  process.kill_pending_ = false;
  processes_.push_back(&process);
  if (run) run->group_.push_back(&process);
  return process;
}

// Out of every list before anybody hears of it: who hears may look, start and kill processes.
void Machine::reap(Process& process, ExitStatus status) {
  // The pool lies side by side with the list: what ends is mostly among the youngest.
  const auto from_youngest = std::find(processes_.rbegin(), processes_.rend(), &process);
  HA_ASSERT(from_youngest != processes_.rend());
  const auto place = processes_.rend() - from_youngest - 1;
  processes_.erase(processes_.begin() + place);
  const auto owned = process_pool_.begin() + place;
  idle_processes_.push_back(std::move(*owned));
  process_pool_.erase(owned);
  for (Process* other : processes_) {
    if (other->parent_ == &process) other->parent_ = nullptr;
  }
  AgentRun* run = std::exchange(process.run_, nullptr);
  Process* parent = std::exchange(process.parent_, nullptr);
  const bool leader = run && run->leader_ == &process;
  if (run) std::erase(run->group_, &process);

  if (parent && parent->awaited_child_ == &process) parent->child_ended(status);
  if (leader) leader_ended(*run, status);
}

void Machine::destroy_processes() {
  for (auto& run : runs_) {
    for (Process* process : run->group_) process->run_ = nullptr;
  }
  while (!runs_.empty()) forget(*runs_.back());
  while (!processes_.empty()) {
    Process& youngest = *processes_.back();
    youngest.parent_ = nullptr;
    youngest.end({});
  }
}

// --- Agent runs ---

void Machine::run_agent(node::CallId call, node::AgentCommandPtr command, std::string target) {
  if (idle_runs_.empty()) idle_runs_.push_back(std::make_unique<AgentRun>(*this));
  runs_.push_back(std::move(idle_runs_.back()));
  idle_runs_.pop_back();
  AgentRun& run = *runs_.back();
  run.reset(call, std::move(command), std::move(target));
  run.leader_ = &new_process({}, nullptr, &run);

  // Fork, exec and interpreter, and what the agent does before it looks at anything: one wait for both.
  const Latencies& latencies = world_.config().latencies;
  Duration spawn = std::max(sample(latencies.agent_spawn), latencies.agent_spawn_min);
  run.agent_ = &world_.agents().find_or_generic(run.command());
  if (const Duration cpu = run.agent_->cpu_to_first_line(); cpu > Duration::zero()) {
    if (const sim::Uniform delay = cores_.delay(world_.now(), cpu); delay.max > Duration::zero())
      spawn += sample(delay);
    cores_.busy(cpu, world_.now(), world_.now() + spawn);
  }
  run.fault_ = world_.agent_faults().match(*this, run);
  run.began_ = world_.now() + spawn;
  const SimTime looks = run.fault_ ? run.began_ : run.began_ + run.agent_->head_start(*this, run);
  run.leader_->alarm_.arm(looks);
  run.waits_until(looks);
  world_.agent_began(*this, run);
}

void Machine::begin(AgentRun& run) {
  Process& leader = *run.leader_;
  leader.start(run.fault_ ? faulty(leader, run, *run.agent_, *run.fault_) : run.agent_->run(leader, run));
}

// The executor waits for the process that it started. Children that linger are nobody's concern any more.
void Machine::leader_ended(AgentRun& run, ExitStatus status) {
  run.leader_ = nullptr;
  run.overdue_.disarm();
  run.exit_.code = status.code;
  world_.agent_ended(*this, run, status);
  if (status.killed()) {
    run.report_.arm_in(sample(world_.config().latencies.agent_report));
  } else {
    run.report();
  }
}

void Machine::kill_agent(node::CallId call) {
  const auto found = std::ranges::find(runs_, call, [](const auto& run) { return run->call(); });
  if (found == runs_.end()) return;  // it has ended meanwhile
  const std::vector<Process*> group = (*found)->group_;
  for (Process* process : group) {
    if (std::ranges::count(processes_, process) > 0) process->kill();
  }
}

void Machine::forget(AgentRun& run) {
  run.overdue_.disarm();
  run.report_.disarm();
  for (Process* process : run.group_) process->run_ = nullptr;
  run.group_.clear();
  const auto owned = std::ranges::find(runs_, &run, &std::unique_ptr<AgentRun>::get);
  HA_ASSERT(owned != runs_.end());
  idle_runs_.push_back(std::move(*owned));
  runs_.erase(owned);
}

void Machine::set_attribute(node::AttributeRequested request) {
  stack_->attribute(std::move(request), sample(world_.config().latencies.attribute_command));
}

void Machine::command(node::Command command) {
  stack_->command(std::move(command), world_.config().latencies.command);
}

// --- Clock, chance, roles ---

Duration Machine::sample(const sim::Distribution& distribution) {
  const Duration drawn = sim::sample(distribution, latency_);
  const double factor = slowness_ * cpu_load_;
  return factor == 1 ? drawn : stretched(drawn, factor);
}

Duration Machine::sample_io(const sim::Distribution& distribution) {
  const double factor = slowness_ * disk_load_;
  const Duration drawn = sim::sample(distribution, latency_);
  return factor == 1 ? drawn : stretched(drawn, factor);
}

WallSeconds Machine::wall() const {
  const auto elapsed = (world_.now() - kSimStart) + clock_offset_;
  return {world_.config().start.since_epoch + std::chrono::floor<std::chrono::seconds>(elapsed).count()};
}

sim::Stream Machine::stream(std::string_view purpose) const {
  return world_.stream("machine:" + name_).fork(purpose);
}

void Machine::set_role(std::string_view resource, std::string_view role) {
  auto known = roles_.find(resource);
  if (known == roles_.end()) {
    if (role == kStopped) return;
    known = roles_.emplace(resource, kStopped).first;
  }
  if (known->second == role) return;
  known->second = role;
  world_.observe(
      backend::RoleChanged{.node = name_, .resource = std::string(resource), .role = std::string(role)});
  world_.part<ServiceWatch>().role_changed(resource, role);
}

const std::string& Machine::role(std::string_view resource) const {
  static const std::string stopped{kStopped};
  const auto known = roles_.find(resource);
  return known == roles_.end() ? stopped : known->second;
}

void Machine::clear_roles() {
  for (const auto& [resource, role] : std::map(roles_)) set_role(resource, kStopped);
}

}  // namespace fencepost::models
