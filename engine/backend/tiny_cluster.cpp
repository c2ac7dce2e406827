#include "engine/backend/tiny_cluster.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/base/assert.h"

namespace fencepost::backend {
namespace {

constexpr std::int64_t kEpoch = 1'700'000'000;  // of the wall clock at the start
constexpr int kOk = 0, kNotRunning = 7, kPromoted = 8;

}  // namespace

struct TinyCluster::Machine {
  struct Process {
    node::AgentCommandPtr command;
    std::string target;
    int rc = 0;
    bool hangs = false;
    bool unkillable = false;
    bool killed = false;
    sim::EventHandle end, overdue;
  };

  node::NodeId id;
  std::string name;
  std::unique_ptr<node::Node> engine;  // none: switched off
  std::unique_ptr<Seam> seam;
  int life = 0;
  bool in_group = false;
  std::vector<node::MessagePtr> unsent;  // while there is no ring
  std::map<node::TimerId, sim::EventHandle> timers;
  std::map<node::CallId, Process> processes;
  std::map<std::string, int> roles;  // what runs here: 1 started, 2 promoted
  std::shared_ptr<const cib::Cib> store;
};

// What one engine stands on.
class TinyCluster::Seam final : public Timers,
                                public Group,
                                public Agents,
                                public FenceAgents,
                                public Store,
                                public Supervisor {
 public:
  Seam(TinyCluster& cluster, Machine& machine) : c_(cluster), m_(machine) {}
  Backend backend() { return {this, this, this, this, this, this}; }

  void arm(node::TimerId timer, SimTime at) override {
    cancel(timer);
    m_.timers[timer] = c_.later(at - c_.now_, [this, timer] {
      m_.timers.erase(timer);
      c_.step(m_.id, node::TimerFired{timer});
    });
  }
  void cancel(node::TimerId timer) override {
    const auto found = m_.timers.find(timer);
    if (found == m_.timers.end()) return;
    c_.queue_.cancel(found->second);
    m_.timers.erase(found);
  }
  void join() override { c_.join(m_.id, true); }
  void leave() override { c_.join(m_.id, false); }
  void send(node::MessagePtr message) override { c_.send(m_.id, std::move(message)); }
  void run(node::CallId call, node::AgentCommandPtr command) override {
    c_.run_agent(m_.id, call, std::move(command), {});
  }
  void run(node::CallId call, node::AgentCommandPtr command, const std::string& target) override {
    c_.run_agent(m_.id, call, std::move(command), target);
  }
  void kill(node::CallId call) override { c_.kill_agent(m_.id, call); }
  void persist(std::shared_ptr<const cib::Cib> cib) override { m_.store = std::move(cib); }
  void record(node::JournalEntry entry) override {
    c_.journal_.push_back({c_.now_, m_.name, std::move(entry)});
  }
  void stop_stack(node::StopStack::How how, const std::string&) override {
    const bool reset = how == node::StopStack::How::panic;
    // Not now: the engine is in the middle of a step.
    c_.later({}, [this, reset] {
      if (!reset) {
        c_.stack_ends(m_.id);
        return;
      }
      c_.power_off(m_.name);
      if (c_.fenced_nodes_boot) c_.later(c_.boot_takes, [this] { c_.boot(m_.name); });
    });
  }

 private:
  TinyCluster& c_;
  Machine& m_;
};

TinyCluster::TinyCluster(TinyClusterOptions options) : options_(std::move(options)) {
  auto nodelist = std::make_shared<node::Nodelist>();
  for (std::size_t i = 0; i < options_.nodes.size(); ++i)
    nodelist->push_back({options_.nodes[i], static_cast<std::uint32_t>(i + 1)});
  nodelist_ = nodelist;
  profile_ = std::make_shared<const node::Profile>(options_.profile);
  for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
    auto machine = std::make_unique<Machine>();
    machine->id = node::NodeId{i};
    machine->name = options_.nodes[i];
    machine->store = options_.cib;
    machine->seam = std::make_unique<Seam>(*this, *machine);
    machines_.push_back(std::move(machine));
  }
  side_.assign(options_.nodes.size(), 0);
}

TinyCluster::~TinyCluster() = default;

// --- Time ---

sim::EventHandle TinyCluster::later(Duration in, std::function<void()> what) {
  return queue_.push(now_ + std::max(in, Duration::zero()), {std::move(what)});
}

void TinyCluster::run_until(SimTime limit) {
  while (auto event = queue_.pop_until(limit)) {
    now_ = event->at;
    event->payload.what();
  }
  now_ = limit;
}

bool TinyCluster::run_until(Duration at_most, const std::function<bool()>& condition) {
  const SimTime limit = now_ + at_most;
  while (!condition()) {
    auto event = queue_.pop_until(limit);
    if (!event) {
      now_ = limit;
      return condition();
    }
    now_ = event->at;
    event->payload.what();
  }
  return true;
}

void TinyCluster::step(node::NodeId id, const node::Event& event) {
  Machine& machine = *machines_[id.index()];
  if (!machine.engine) return;
  const node::Now now{
      now_, WallSeconds{kEpoch +
                        std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count()}};
  perform(machine.engine->step(now, event), machine.seam->backend());
}

// --- Nodes ---

node::NodeId TinyCluster::find(const std::string& name) const {
  for (const auto& machine : machines_) {
    if (machine->name == name) return machine->id;
  }
  HA_ASSERT(false);
  return {};
}

void TinyCluster::boot_all() {
  for (const std::string& name : options_.nodes) boot(name);
}

void TinyCluster::boot(const std::string& name) {
  Machine& machine = *machines_[find(name).index()];
  if (machine.engine) return;
  ++machine.life;
  machine.engine = std::make_unique<node::Node>(
      node::NodeOptions{machine.id, nodelist_, profile_,
                        options_.seed + static_cast<std::uint64_t>(machine.life) * 1000, 2, false});
  step(machine.id, node::Booted{machine.store});
  network_changed();
}

void TinyCluster::power_off(const std::string& name) {
  Machine& machine = *machines_[find(name).index()];
  machine.roles.clear();
  stack_ends(machine.id);
}

void TinyCluster::stack_ends(node::NodeId id) {
  Machine& machine = *machines_[id.index()];
  if (!machine.engine) return;
  machine.engine.reset();
  for (const auto& [timer, handle] : machine.timers) queue_.cancel(handle);
  for (const auto& [call, process] : machine.processes) {
    queue_.cancel(process.end);
    queue_.cancel(process.overdue);
  }
  machine.timers.clear();
  machine.processes.clear();
  machine.unsent.clear();
  machine.in_group = false;
  network_changed();
}

void TinyCluster::command(const std::string& name, node::Command command) {
  step(find(name), node::CommandReceived{std::move(command)});
}

void TinyCluster::daemon_dies(const std::string& name, node::DaemonDied::Daemon daemon) {
  step(find(name), node::DaemonDied{daemon});
}

// --- The group ---

void TinyCluster::partition(const std::vector<std::vector<std::string>>& groups) {
  for (std::size_t side = 0; side < groups.size(); ++side) {
    for (const std::string& name : groups[side]) side_[find(name).index()] = static_cast<int>(side);
  }
  network_changed();
}

void TinyCluster::heal() {
  std::fill(side_.begin(), side_.end(), 0);
  network_changed();
}

// Rings that are no longer what the network allows are broken at once; the new ones form later.
void TinyCluster::network_changed() {
  for (Ring& ring : rings_) {
    std::vector<node::NodeId> reachable;
    const int side = ring.members.empty() ? 0 : side_[ring.members.front().index()];
    for (const auto& machine : machines_) {
      if (machine->engine && side_[machine->id.index()] == side) reachable.push_back(machine->id);
    }
    if (reachable != ring.members) ring.broken = true;
  }
  queue_.cancel(forming_);
  forming_ = later(options_.membership_delay, [this] { form_rings(); });
}

void TinyCluster::form_rings() {
  std::map<int, std::vector<node::NodeId>> sides;
  for (const auto& machine : machines_) {
    if (machine->engine) sides[side_[machine->id.index()]].push_back(machine->id);
  }
  const std::vector<Ring> before = std::exchange(rings_, {});
  for (auto& [side, members] : sides) {
    const auto same = std::find_if(before.begin(), before.end(), [&here = members](const Ring& ring) {
      return !ring.broken && ring.members == here;
    });
    rings_.push_back(same != before.end() ? *same : Ring{++last_ring_, members, false});
  }
  for (const Ring& ring : std::vector<Ring>(rings_)) {
    if (std::any_of(before.begin(), before.end(), [&](const Ring& old) { return old.id == ring.id; }))
      continue;
    const std::size_t needed = machines_.size() / 2 + 1;
    const bool quorate = ring.members.size() >= needed || (options_.two_node && machines_.size() == 2);
    for (const node::NodeId member : ring.members)
      step(member, node::MembershipFormed{ring.id, ring.members, quorate});
    tell_group(ring);
    for (const node::NodeId member : ring.members) {
      for (node::MessagePtr& message : std::exchange(machines_[member.index()]->unsent, {}))
        send(member, std::move(message));
    }
  }
}

void TinyCluster::tell_group(const Ring& ring) {
  node::GroupChanged event;
  for (const node::NodeId member : ring.members) {
    if (machines_[member.index()]->in_group) event.members.push_back(member);
  }
  for (const node::NodeId member : ring.members) step(member, event);
}

TinyCluster::Ring* TinyCluster::ring_of(node::NodeId node) {
  for (Ring& ring : rings_) {
    if (std::find(ring.members.begin(), ring.members.end(), node) != ring.members.end()) return &ring;
  }
  return nullptr;
}

void TinyCluster::join(node::NodeId id, bool in) {
  machines_[id.index()]->in_group = in;
  later(options_.message_delay, [this, id] {
    const Ring* ring = ring_of(id);
    if (ring != nullptr && !ring->broken) tell_group(Ring(*ring));
  });
}

// One queue and one delay for all: the order of sending is the order of delivery.
void TinyCluster::send(node::NodeId from, node::MessagePtr message) {
  const int life = machines_[from.index()]->life;
  later(options_.message_delay, [this, from, life, message] {
    Machine& sender = *machines_[from.index()];
    if (!sender.engine || sender.life != life) return;
    const Ring* ring = ring_of(from);
    if (ring == nullptr || ring->broken) {
      sender.unsent.push_back(message);
      return;
    }
    for (const node::NodeId member : std::vector<node::NodeId>(ring->members)) {
      if (machines_[member.index()]->in_group) step(member, node::MessageDelivered{from, message});
    }
  });
}

// --- Agents ---

AgentHabit& TinyCluster::agent(const std::string& node, const std::string& resource,
                               const std::string& action) {
  return habits_[{node, resource, action}];
}

AgentHabit& TinyCluster::fence_device(const std::string& device) { return fence_habits_[device]; }

AgentHabit* TinyCluster::habit(const std::string& node, const node::AgentCommand& command) {
  for (const std::string& at : {node, std::string()}) {
    for (const std::string& action : {command.action, std::string()}) {
      const auto found = habits_.find({at, command.resource, action});
      if (found != habits_.end() && found->second.times != 0) return &found->second;
    }
  }
  return nullptr;
}

void TinyCluster::run_agent(node::NodeId id, node::CallId call, node::AgentCommandPtr command,
                            std::string target) {
  Machine& machine = *machines_[id.index()];
  Machine::Process process;
  process.command = command;
  process.target = std::move(target);
  AgentHabit* how = nullptr;
  if (command->standard == node::AgentClass::stonith) {
    const auto found = fence_habits_.find(command->resource);
    const bool acts = !process.target.empty();
    if (found != fence_habits_.end() && found->second.times != 0 && acts) how = &found->second;
  } else {
    how = habit(machine.name, *command);
  }
  Duration takes = 20ms;
  process.rc = -1;  // what is true when it ends
  if (how != nullptr) {
    takes = how->takes;
    if (how->rc) process.rc = *how->rc;
    process.hangs = how->hangs;
    process.unkillable = how->unkillable;
    if ((how->rc || how->hangs || how->unkillable) && how->times > 0) --how->times;
  }
  if (!process.hangs && !process.unkillable)
    process.end = later(takes, [this, id, call] { agent_ends(id, call); });
  process.overdue = later(command->timeout, [this, id, call] { step(id, node::AgentOverdue{call}); });
  machine.processes[call] = std::move(process);
}

void TinyCluster::kill_agent(node::NodeId id, node::CallId call) {
  Machine& machine = *machines_[id.index()];
  const auto found = machine.processes.find(call);
  if (found == machine.processes.end() || found->second.killed) return;
  found->second.killed = true;
  if (found->second.unkillable) return;
  queue_.cancel(found->second.end);
  found->second.end = later(1ms, [this, id, call] { agent_ends(id, call); });
}

void TinyCluster::let_go() {
  for (const auto& machine : machines_) {
    for (auto& [call, process] : machine->processes) {
      if (!process.unkillable) continue;
      process.unkillable = false;
      const node::CallId ended = call;
      const node::NodeId id = machine->id;
      process.end = later({}, [this, id, ended] { agent_ends(id, ended); });
    }
  }
}

void TinyCluster::agent_ends(node::NodeId id, node::CallId call) {
  Machine& machine = *machines_[id.index()];
  const auto found = machine.processes.find(call);
  if (found == machine.processes.end()) return;
  const Machine::Process process = std::move(found->second);
  machine.processes.erase(found);
  queue_.cancel(process.overdue);
  node::AgentExit exit;
  if (!process.killed) exit.code = process.rc >= 0 ? process.rc : act(machine, *process.command);
  const bool fences = process.command->standard == node::AgentClass::stonith && !process.target.empty();
  step(id, node::AgentExited{call, exit});
  if (!fences || exit.code != kOk || process.command->action == "on") return;
  const std::string target = process.target;
  power_off(target);
  if (fenced_nodes_boot && process.command->action == "reboot")
    later(boot_takes, [this, target] { boot(target); });
}

// What an agent does and says when nothing is wrong with it.
int TinyCluster::act(Machine& machine, const node::AgentCommand& command) {
  if (command.standard == node::AgentClass::stonith) return kOk;
  int& role = machine.roles[command.resource];
  const auto prefers = [&](std::optional<std::string> score) {
    if (command.type == "Stateful")
      step(machine.id, node::AttributeRequested{"master-" + command.resource, std::move(score), {}});
  };
  if (command.action == "start" || command.action == "demote" || command.action == "migrate_from") {
    role = 1;
    prefers("5");
  } else if (command.action == "promote") {
    role = 2;
    prefers("10");
  } else if (command.action == "stop" || command.action == "migrate_to") {
    role = 0;
    prefers(std::nullopt);
  } else if (command.action == "monitor") {
    return role == 0 ? kNotRunning : role == 1 ? kOk : kPromoted;
  }
  return kOk;
}

void TinyCluster::break_resource(const std::string& node, const std::string& resource) {
  machines_[find(node).index()]->roles[resource] = 0;
}

// --- What is true ---

bool TinyCluster::is_up(const std::string& node) const {
  return machines_[find(node).index()]->engine != nullptr;
}

std::string TinyCluster::dc() const {
  std::string result;
  for (const auto& machine : machines_) {
    if (!machine->engine || !machine->engine->is_dc()) continue;
    if (!result.empty()) return {};
    result = machine->name;
  }
  return result;
}

std::string TinyCluster::role(const std::string& node, const std::string& resource) const {
  const Machine& machine = *machines_[find(node).index()];
  const auto found = machine.roles.find(resource);
  if (found == machine.roles.end() || found->second == 0) return "Stopped";
  return found->second == 2 ? "Promoted" : "Started";
}

std::string TinyCluster::where(const std::string& resource) const {
  std::string result;
  for (const std::string& name : options_.nodes) {
    if (role(name, resource) != "Stopped") result += (result.empty() ? "" : " ") + name;
  }
  return result;
}

const cib::Cib& TinyCluster::cib(const std::string& node) const {
  const Machine& machine = *machines_[find(node).index()];
  HA_ASSERT(machine.engine != nullptr);
  return machine.engine->cib();
}

namespace {

struct Tell {
  std::string operator()(const node::ActionFinished& e) const {
    if (e.status == node::OpStatus::cancelled) return {};
    const std::string interval =
        e.name.interval > Duration::zero() ? "_" + std::to_string(to_ms(e.name.interval)) : std::string();
    return e.name.resource + " " + (e.notify.empty() ? e.name.operation : e.notify) + interval + " " +
           (e.status == node::OpStatus::timeout ? "timed-out"
            : e.rc                              ? std::to_string(*e.rc)
                                                : "failed");
  }
  std::string operator()(const node::FenceRequested& e) const {
    return "fence " + e.target + " requested: " + e.reason;
  }
  std::string operator()(const node::FenceDeviceFinished& e) const {
    return "device " + e.device + " " + e.action + " " + e.target +
           (e.timed_out ? " timed-out"
            : e.rc      ? " " + std::to_string(*e.rc)
                        : " failed");
  }
  std::string operator()(const node::DcChanged& e) const { return e.dc.empty() ? "" : "DC is " + e.dc; }
  std::string operator()(const node::TransitionStarted& e) const {
    return "transition " + std::to_string(e.id) + " starts";
  }
  std::string operator()(const node::TransitionAborted& e) const { return "abort: " + e.reason; }
  std::string operator()(const node::ProcessWillNotDie& e) const {
    return e.name.resource + " " + e.name.operation + " will not die";
  }
  std::string operator()(const node::LogLine& e) const { return e.text; }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::vector<std::string> TinyCluster::story() const {
  std::vector<std::string> lines;
  for (const JournalLine& line : journal_) {
    const std::string text = std::visit(Tell{}, line.entry);
    if (text.empty()) continue;
    char time[32];
    std::snprintf(time, sizeof time, "%.3f ", to_seconds(line.at - kSimStart));
    lines.push_back(time + line.node + " " + text);
  }
  return lines;
}

}  // namespace fencepost::backend
