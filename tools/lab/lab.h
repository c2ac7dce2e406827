// A lab: the machines of a scenario, their power switch and their disks, what is heard and seen of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/live/child_process.h"
#include "engine/live/event_loop.h"
#include "engine/node/command.h"
#include "engine/sim/random.h"
#include "scenarios/scenario.h"
#include "tools/lab/clients.h"
#include "tools/lab/hosts.h"
#include "tools/lab/images.h"
#include "tools/lab/listener.h"
#include "tools/lab/machines.h"
#include "tools/lab/power_switch.h"
#include "tools/lab/support.h"
#include "tools/lab/truth.h"

namespace fencepost::lab {

// What an agent is made to do: one line of the file that files/agent reads.
struct AgentRule {
  std::string id, resource = "*", action = "*", role, mode;
  std::optional<bool> probe;
  Duration seconds{};
  int rc = 0;
  std::optional<int> count;
};

// Who manages the cluster.
enum class Manager : std::uint8_t { fencepost, pacemaker };

// Where the machines of a scenario are.
struct Place {
  Cell cell;
  Hosts hosts;  // none: they are namespaces in the cell
};

class Lab {
 public:
  // Everything that is heard and seen; times are the monotonic clock's.
  using Take = std::function<void(backend::Record)>;

  Lab(live::EventLoop& loop, const Place& place, const scenarios::Scenario& scenario, Support support,
      std::uint64_t seed, Take take, Manager manager = Manager::fencepost);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  Result<void> build();
  // Hears, sees and serves what there is. To be called every few milliseconds.
  void tick();

  // --- Power ---
  void boot(std::size_t machine, const std::string& why, bool at_once = false);
  void cut_power(std::size_t machine, const std::string& why);
  bool has_power(std::size_t machine) const { return powered_[machine]; }

  // --- Asking ---
  Result<void> ask(std::size_t machine, const node::Command& command);
  // Who is online, as the manager of this machine says; nobody: it says nothing.
  using Names = std::set<std::string>;
  Names online(std::size_t machine) const;
  void run_on(std::size_t machine, const std::string& shell_text);
  bool people_at_work() const { return !children_.empty(); }  // what was run there has not ended
  // The cluster stack of a machine that is on.
  void start_stack(std::size_t machine);
  void stop_stack(std::size_t machine, bool power_off);

  // --- Agents ---
  void add_rule(std::optional<std::size_t> machine, AgentRule rule);
  void drop_rules(std::optional<std::size_t> machine, const std::function<bool(const AgentRule&)>& which);

  void observe(backend::Observation observation);

  Manager manager() const { return manager_; }
  bool on_hosts() const { return on_hosts_; }

  live::EventLoop& loop() { return loop_; }
  Machines& machines() { return *machines_; }
  const Machines& machines() const { return *machines_; }
  PowerSwitch& power_switch() { return switch_; }
  const PowerSwitch& power_switch() const { return switch_; }
  const Truth& truth() const { return truth_; }
  const Listener& listener() const { return listener_; }
  Clients& clients() { return clients_; }
  const std::string& directory() const { return directory_; }

 private:
  Result<void> write_files();
  Result<void> write_agents();
  void write_durations();
  void write_rules(std::size_t machine);
  void look_after_the_dead();
  void hear(backend::Record record);
  std::string control_folder(std::size_t machine) const;
  void hand_over(std::size_t machine, const std::string& name);

  live::EventLoop& loop_;
  std::string directory_;
  bool on_hosts_;
  const scenarios::Scenario& scenario_;
  Support support_;
  sim::Stream luck_;
  Take take_;
  std::unique_ptr<Machines> machines_;
  Truth truth_;
  Listener listener_;
  PowerSwitch switch_;
  Clients clients_;
  Manager manager_;
  std::unique_ptr<Images> images_;
  std::vector<bool> powered_;
  std::map<std::size_t, sim::EventHandle> booting_;
  std::set<std::size_t> off_when_stopped_;
  std::map<std::size_t, std::vector<AgentRule>> rules_;  // newest first
  std::vector<std::unique_ptr<live::ChildProcess>> children_;
};

}  // namespace fencepost::lab
