// One simulated server: power, operating system, processes, and the cluster stack that runs on it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/node/command.h"
#include "engine/node/effect.h"
#include "engine/node/ids.h"
#include "engine/sim/random.h"
#include "models/agent.h"
#include "models/alarm.h"
#include "models/config.h"
#include "models/part.h"
#include "models/process.h"

namespace fencepost::models {

class Cores;
class Stack;

// What is really the case with a resource on a machine.
inline constexpr std::string_view kStopped = "Stopped";
inline constexpr std::string_view kStarted = "Started";
inline constexpr std::string_view kUnpromoted = "Unpromoted";
inline constexpr std::string_view kPromoted = "Promoted";

class Machine {
 public:
  // `cores` may be shared with others, and outlive it.
  Machine(World& world, node::NodeId id, std::string name, HardwareConfig hardware, Cores& cores);
  ~Machine();

  World& world() const { return world_; }
  node::NodeId id() const { return id_; }
  const std::string& name() const { return name_; }
  const HardwareConfig& hardware() const { return hardware_; }

  // --- Power ---
  enum class Power : std::uint8_t { off, booting, on };
  Power power() const { return power_; }
  bool up() const { return power_ == Power::on; }  // the operating system runs
  bool frozen() const { return frozen_; }
  bool serves() const { return up() && !frozen_; }  // it could answer a client
  std::uint64_t boots() const { return boots_; }    // how often it came up: tells one life from the next

  void power_on(std::string_view why);               // boots; the stack follows if enabled
  void up_at_once(std::string_view why);             // without a boot
  void up_in(Duration delay, std::string_view why);  // repaired, say: up after that long
  void power_off(std::string_view why);              // everything in memory is gone at once
  void boot_after_off(std::string_view why);         // as soon as it is off
  void reset(std::string_view why);                  // off and on again
  // Of its power supplies (HardwareConfig), or of all; without any nothing runs, nor does a BMC that shares
  // them.
  void set_supply(std::string_view supply, bool present, std::string_view why);
  // What feeds all its supplies: without it an outlet that is switched on gives nothing.
  void set_mains(bool present, std::string_view why);
  bool has_supply() const;
  void freeze();  // all of it stops; clocks go on
  void thaw();

  // --- The cluster stack ---
  Stack& stack() { return *stack_; }
  const Stack& stack() const { return *stack_; }
  void start_stack(std::string_view why, bool boots = false);

  // --- Operating system ---
  // A process outside any agent run: a daemon, a client. Give it a script with start().
  Process& spawn(std::string command_line);
  void start(Process& process, Script script);
  // Of living processes, oldest first.
  const std::vector<Process*>& processes() const { return processes_; }
  // What the operating system knows in memory (mount table, kernel modules): made when first asked for, gone
  // when the power is.
  template <class T>
  T& part() {
    return parts_.get<T>(*this);
  }

  WallSeconds wall() const;
  void jump_clock(Duration by) { clock_offset_ += by; }
  // This machine's own chance, by purpose.
  sim::Stream stream(std::string_view purpose) const;
  // How long something takes here: drawn, and stretched if the machine is slow.
  Duration sample(const sim::Distribution& distribution);
  // The same of something that waits for local disks: fsync, journals, checkpoints.
  Duration sample_io(const sim::Distribution& distribution);
  void set_slowness(double factor) { slowness_ = factor; }
  // Pressure by other work: what computes, and what waits for disks, takes so many times as long.
  void set_load(double cpu, double disk) {
    cpu_load_ = cpu;
    disk_load_ = disk;
  }

  // --- Truth about resources ---
  // "Stopped", "Started", "Unpromoted", "Promoted": what is really the case, whoever knows it. Agents and
  // models of services say it; power-off makes everything Stopped.
  void set_role(std::string_view resource, std::string_view role);
  const std::string& role(std::string_view resource) const;
  const std::map<std::string, std::string, std::less<>>& roles() const { return roles_; }

  // --- Agent runs, for the stack ---
  void run_agent(node::CallId call, node::AgentCommandPtr command, std::string target);
  void kill_agent(node::CallId call);
  const std::vector<std::unique_ptr<AgentRun>>& agent_runs() const { return runs_; }
  // As crm_attribute, called by an agent, would: it reaches this node's engine a little later.
  void set_attribute(node::AttributeRequested request);
  // As cibadmin or crm_resource, called by a handler, would.
  void command(node::Command command);

 private:
  friend class World;
  friend class Process;
  friend class AgentRun;
  friend class Alarm;
  friend class Stack;

  void booted();
  void is_back();
  void power_off_now();
  Process& new_process(std::string command_line, Process* parent, AgentRun* run);
  void reap(Process& process, ExitStatus status);
  void begin(AgentRun& run);
  void leader_ended(AgentRun& run, ExitStatus status);
  void forget(AgentRun& run);
  void destroy_processes();
  void clear_roles();
  void hold(Alarm& alarm);  // it was due while frozen
  void release(Alarm& alarm);

  World& world_;
  node::NodeId id_;
  std::string name_;
  HardwareConfig hardware_;
  Cores& cores_;
  Power power_ = Power::off;
  std::vector<bool> supplies_;
  bool mains_ = true;
  bool frozen_ = false;
  std::uint64_t boots_ = 0;
  std::string boot_reason_, off_reason_;
  Alarm power_alarm_;  // while it boots: the operating system runs
  Alarm back_alarm_;
  Alarm off_alarm_;
  bool boot_after_off_ = false;
  int executing_ = 0;  // something of this machine is on the stack: its engine, a process
  sim::Stream latency_;
  double slowness_ = 1, cpu_load_ = 1, disk_load_ = 1;
  Duration clock_offset_{};

  std::uint64_t next_pid_ = 0;
  std::vector<Process*> processes_;
  std::vector<std::unique_ptr<Process>> process_pool_, idle_processes_;
  std::vector<std::unique_ptr<AgentRun>> runs_, idle_runs_;
  std::vector<Alarm*> held_;
  std::map<std::string, std::string, std::less<>> roles_;
  Parts<Machine> parts_;
  std::unique_ptr<Stack> stack_;
};

}  // namespace fencepost::models
