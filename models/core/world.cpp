#include "models/world.h"

#include <algorithm>
#include <utility>

#include "models/core/agent_faults.h"
#include "models/core/cores.h"
#include "models/core/record_hash.h"
#include "models/core/stack.h"
#include "models/fencing/power.h"
#include "models/network/corosync.h"

namespace fencepost::models {

World::World(WorldConfig config, EngineFactory engines)
    : config_(std::move(config)), engines_(std::move(engines)), chance_(config_.seed) {
  HA_ASSERT(!config_.nodes.empty());
  HA_ASSERT(config_.rings >= 1 && static_cast<std::size_t>(config_.rings) <= config_.networks.size());
  network_ = std::make_unique<Network>(*this, config_.networks);
  agent_faults_ = std::make_unique<AgentFaults>(*this);
  nodelist_ = std::make_shared<const node::Nodelist>(config_.nodes);
  for (std::size_t i = 0; i < config_.nodes.size(); ++i) {
    const std::string& name = config_.nodes[i].name;
    const auto hardware = config_.hardware.find(name);
    const EndpointId host = network_->add_endpoint(name);
    HA_ASSERT(host.index() == i);
    HardwareConfig machine = hardware == config_.hardware.end() ? HardwareConfig{} : hardware->second;
    if (!config_.one_machine) {
      cores_.push_back(std::make_unique<Cores>(machine.cores));
    } else if (cores_.empty()) {
      cores_.push_back(std::make_unique<Cores>(machine.cores, stream("cores")));
    }
    machines_.push_back(
        std::make_unique<Machine>(*this, node::NodeId{i}, name, std::move(machine), *cores_.back()));
    network_->set_power(host, false);
  }
  for (const auto& machine : machines_) {
    if (!machine->hardware().bmc_network.empty()) network_->add_endpoint("bmc-" + machine->name());
  }
  for (const std::string& host : config_.hosts) network_->add_endpoint(host);
  if (config_.corosync.quorum.qdevice) network_->add_endpoint(config_.corosync.quorum.qdevice->host);
  part<Corosync>();
  add_generic_agents(agents_);
  add_fence_agents(agents_);
}

// Machines first: what ends with them still finds the rest of the world.
World::~World() {
  ending_ = true;
  observers_.clear();
  watchers_.clear();
  machines_.clear();
}

// --- Time ---

void World::run_until(SimTime limit) {
  while (auto event = queue_.pop_until(limit)) ring(event->at, *event->payload);
  now_ = std::max(now_, limit);
}

bool World::step() {
  auto event = queue_.pop();
  if (!event) return false;
  ring(event->at, *event->payload);
  return true;
}

SimTime World::next_event() const { return queue_.next_time(); }

void World::ring(SimTime at, Alarm& alarm) {
  now_ = at;
  ++events_;
  event_hash_ =
      (event_hash_ ^ static_cast<std::uint64_t>(at.time_since_epoch().count())) * 0x9E3779B97F4A7C15ULL;
  event_hash_ ^= event_hash_ >> 32;
  alarm.state_ = Alarm::State::idle;
  if (alarm.machine_ && alarm.machine_->frozen()) return alarm.machine_->hold(alarm);
  const Bell bell = alarm.bell_;  // the alarm may be gone before the bell has rung out
  bell.ring(bell.owner);
}

void World::at(SimTime when, std::function<void()> what) {
  if (idle_calls_.empty()) {
    calls_.push_back(std::make_unique<Call>(*this));
    idle_calls_.push_back(calls_.back().get());
  }
  Call& call = *idle_calls_.back();
  idle_calls_.pop_back();
  call.what = std::move(what);
  call.alarm.arm(when);
  ++scheduled_;
}

World::Call::Call(World& of) : world(of), alarm(of, nullptr, rings<&Call::ring>(this)) {}

void World::Call::ring() {
  const std::function<void()> now = std::exchange(what, nullptr);
  world.idle_calls_.push_back(this);
  --world.scheduled_;
  now();
}

// --- Machines ---

Machine* World::find_machine(std::string_view name) {
  const auto found =
      std::ranges::find_if(machines_, [&](const auto& machine) { return machine->name() == name; });
  return found == machines_.end() ? nullptr : found->get();
}

Corosync& World::corosync() { return part<Corosync>(); }

void World::power_on_all() {
  for (const auto& machine : machines_) machine->up_at_once("start of the run");
}

bool World::command(node::NodeId node, node::Command command) {
  Machine& machine = *machines_[node.index()];
  return !machine.frozen() && machine.stack().command(std::move(command), config_.latencies.command);
}

std::unique_ptr<Engine> World::make_engine(Machine& machine) {
  return engines_(node::NodeOptions{
      .self = machine.id(),
      .nodelist = nodelist_,
      .profile = config_.profile,
      .seed = machine.stream("engine").fork(machine.boots()).next(),
      .watchdog_timeout = config_.sbd ? config_.sbd->watchdog_timeout : Duration::zero(),
  });
}

// --- The record ---

void World::observe(backend::Observation what) {
  last_news_ = now_;
  emit({.sequence = next_record_, .time = now_, .node = {}, .what = std::move(what)});
}

void World::record(node::NodeId node, node::JournalEntry entry) {
  if (is_news(entry)) last_news_ = now_;
  emit({.sequence = next_record_, .time = now_, .node = node, .what = std::move(entry)});
}

void World::emit(backend::Record record) {
  ++next_record_;
  add_to(fingerprint_, record);
  for (backend::Observer* observer : observers_) observer->observe(record);
}

std::uint64_t World::fingerprint() const {
  sim::Fingerprint all = fingerprint_;
  return all.add(event_hash_).add(events_).value();
}

void World::agent_began(const Machine& machine, const AgentRun& run) {
  for (AgentWatcher* watcher : watchers_) watcher->agent_began(machine, run);
}

void World::agent_ended(const Machine& machine, const AgentRun& run, const ExitStatus& status) {
  for (AgentWatcher* watcher : watchers_) watcher->agent_ended(machine, run, status);
}

// As the lab sees it: an agent that has been at work for less than 15 s keeps the run going; one that hangs
// does not.
SimTime World::quiet_since() const {
  constexpr Duration kHangs = 15s;
  for (const auto& machine : machines_) {
    for (const auto& run : machine->agent_runs()) {
      const bool routine = run->action() == "monitor" && run->command().interval > Duration::zero();
      if (!routine && now_ - run->started() < kHangs) return now_;
    }
  }
  return last_news_;
}

}  // namespace fencepost::models
