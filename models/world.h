// The simulated world: machines, networks and what happens to them, in virtual time, one event after the
// other.
//
//   World world{config, real_engines()};
//   world.add_observer(record);
//   world.power_on_all();
//   world.at(kSimStart + 60s, [&] { … });
//   world.run_until(kSimStart + 10min);
//
// The same configuration and seed give the same records in the same order: see fingerprint().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/record.h"
#include "engine/base/time.h"
#include "engine/node/command.h"
#include "engine/node/effect.h"
#include "engine/node/event.h"
#include "engine/node/node.h"
#include "engine/sim/event_queue.h"
#include "engine/sim/fingerprint.h"
#include "engine/sim/random.h"
#include "models/agent.h"
#include "models/alarm.h"
#include "models/config.h"
#include "models/machine.h"
#include "models/network/network.h"
#include "models/part.h"

namespace fencepost::models {

class Cores;
class Corosync;
class AgentFaults;

// What decides on a node: node::Node, or a scripted stand-in in tests of the world.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual const node::Effects& step(node::Now now, const node::Event& event) = 0;
  virtual const cib::Cib* cib() const { return nullptr; }
  virtual bool is_dc() const { return false; }
};
using EngineFactory = std::function<std::unique_ptr<Engine>(const node::NodeOptions&)>;

EngineFactory real_engines();  // engine/node

// Sees when agents themselves begin and end, which no engine knows to the millisecond. For traces and
// triggers.
class AgentWatcher {
 public:
  virtual ~AgentWatcher() = default;
  virtual void agent_began(const Machine& machine,
                           const AgentRun& run) = 0;  // forked; its first line at run.began()
  virtual void agent_ended(const Machine& machine, const AgentRun& run, const ExitStatus& status) = 0;
};

class World {
 public:
  World(WorldConfig config, EngineFactory engines);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const WorldConfig& config() const { return config_; }

  // --- Time ---
  SimTime now() const { return now_; }
  void run_until(SimTime limit);  // everything due up to and including then; now() is `limit` afterwards
  void run_for(Duration duration) { run_until(now_ + duration); }
  bool step();                 // one event; false if nothing will ever happen again
  SimTime next_event() const;  // kNever if none
  std::uint64_t events() const { return events_; }
  // Something outside the world happens then (a fault, a check). Never earlier than now.
  void at(SimTime when, std::function<void()> what);
  int scheduled() const { return scheduled_; }  // calls of at() still to come

  // --- The world's parts ---
  const std::vector<std::unique_ptr<Machine>>& machines() const { return machines_; }
  Machine& machine(node::NodeId node) { return *machines_[node.index()]; }
  const Machine& machine(node::NodeId node) const { return *machines_[node.index()]; }
  Machine* find_machine(std::string_view name);
  Network& network() { return *network_; }
  Corosync& corosync();
  AgentRegistry& agents() { return agents_; }
  AgentFaults& agent_faults() { return *agent_faults_; }
  template <class T>
  T& part() {
    return parts_.get<T>(*this);
  }
  template <class F>
  void for_each_part(F&& visit) {
    parts_.for_each(std::forward<F>(visit));
  }
  sim::Stream stream(std::string_view purpose) const { return chance_.fork(purpose); }

  void power_on_all();  // at this instant, operating systems already running: only the stacks take their time
  // A person or a tool asks: the command reaches this node's engine a moment later. False if no stack runs
  // there.
  bool command(node::NodeId node, node::Command command);

  // --- The record ---
  void add_observer(backend::Observer& observer) { observers_.push_back(&observer); }
  void add_agent_watcher(AgentWatcher& watcher) { watchers_.push_back(&watcher); }
  void observe(backend::Observation what);                   // what really happened
  void record(node::NodeId node, node::JournalEntry entry);  // what an engine wrote down
  std::uint64_t records() const { return next_record_; }
  bool ending() const { return ending_; }  // it is being taken apart: nothing that happens means anything
  std::uint64_t fingerprint() const;       // of every record and event so far

  // --- Rest ---
  // Since when nothing but recurring monitors without news has happened: no fault, no transition, no action,
  // no membership change; now() while an agent works on something else. Says nothing about what is to come:
  // see scheduled().
  SimTime quiet_since() const;

 private:
  friend class Alarm;
  friend class Machine;
  friend class Stack;

  struct Call {
    explicit Call(World& of);
    void ring();
    World& world;
    std::function<void()> what;
    Alarm alarm;
  };

  void ring(SimTime at, Alarm& alarm);
  void emit(backend::Record record);
  std::unique_ptr<Engine> make_engine(Machine& machine);
  void agent_began(const Machine& machine, const AgentRun& run);
  void agent_ended(const Machine& machine, const AgentRun& run, const ExitStatus& status);

  WorldConfig config_;
  EngineFactory engines_;
  sim::EventQueue<Alarm*> queue_;
  SimTime now_ = kSimStart;
  std::uint64_t events_ = 0;
  std::uint64_t event_hash_ = 0;
  sim::Fingerprint fingerprint_;
  sim::Stream chance_;
  std::vector<backend::Observer*> observers_;
  std::vector<AgentWatcher*> watchers_;
  std::uint64_t next_record_ = 0;
  SimTime last_news_ = kSimStart;
  std::vector<std::unique_ptr<Call>> calls_;  // some waiting, some to be used again
  std::vector<Call*> idle_calls_;
  int scheduled_ = 0;
  bool ending_ = false;

  AgentRegistry agents_;
  std::unique_ptr<AgentFaults> agent_faults_;
  std::unique_ptr<Network> network_;
  std::shared_ptr<const node::Nodelist> nodelist_;
  Parts<World, WorldPart> parts_;
  std::vector<std::unique_ptr<Cores>> cores_;  // of each machine, or the one that all share
  std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace fencepost::models
