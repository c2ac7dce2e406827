// The machines of a lab and the networks between them: power, links, freezing. Namespaces of this machine
// (namespaces.h), or named machines that are reached by ssh (hosts.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "models/network/corosync_options.h"
#include "tools/lab/cell.h"
#include "tools/lab/sign.h"

namespace fencepost::lab {

struct Plug {  // of a machine into a network
  std::string address;
  int bridge = 0;     // machines on one bridge see each other
  bool down = false;  // pulled out
};

struct MachinesConfig {
  std::vector<std::string> names;
  std::vector<std::string> networks;  // Corosync's rings are the first ones
  int rings = 1;
  models::CorosyncOptions corosync;
};

class Machines {
 public:
  explicit Machines(MachinesConfig config);
  virtual ~Machines() = default;
  Machines(const Machines&) = delete;
  Machines& operator=(const Machines&) = delete;

  std::size_t size() const { return config_.names.size(); }
  const std::string& name(std::size_t machine) const { return config_.names[machine]; }
  std::optional<std::size_t> find(const std::string& name) const;
  std::optional<std::size_t> find_network(const std::string& name) const;
  std::size_t networks() const { return config_.networks.size(); }

  // Once, when all that the machines are to find is in the lab's directory.
  virtual Result<void> build() = 0;
  // Hears what there is to hear. To be called every few milliseconds.
  virtual void tick() {}

  // --- Power ---
  virtual Result<void> power_on(std::size_t machine) = 0;
  virtual void power_off(std::size_t machine) = 0;
  // Those that went off by themselves. They count as on until power_off().
  virtual std::vector<std::size_t> ended() const = 0;
  virtual bool is_on(std::size_t machine) const = 0;
  // It is booted so far that programs can be run there.
  virtual bool is_inside(std::size_t machine) const = 0;

  // The cluster holds it for fenced.
  virtual void believed_off(std::size_t) {}

  // --- What it is asked ---
  // The control socket of its `fencepost node`, as a path here. It must be inside.
  virtual std::string control_socket(std::size_t machine) const = 0;
  // The words with which a program is run there. It must be inside.
  virtual std::vector<std::string> command_on(std::size_t machine, std::vector<std::string> words) const = 0;
  // The role of a resource as its sign shows it; "Stopped" while nothing can be seen.
  virtual std::string seen(std::size_t machine, const std::string& resource, const Sign& sign) const = 0;
  // A file of the lab's directory has changed, and the machine should have it.
  virtual void hand_over(std::size_t machine, const std::string& file) = 0;
  // What to add to a time of its clock.
  virtual Duration clock_offset(std::size_t machine) const = 0;

  // --- Standing still ---
  virtual void freeze(std::size_t machine, bool frozen) = 0;
  virtual void let_go_of_stuck(std::size_t machine, const std::string& resource) = 0;  // empty: all

  // --- Networks ---
  // Machines of one number see each other on this network.
  virtual Result<void> split(std::size_t network, const std::vector<int>& side_of) = 0;
  virtual Result<void> set_link(std::size_t machine, std::size_t network, bool up) = 0;
  // A place for clients on the network that an address belongs to; in a partition, with the first group.
  virtual Result<void> seat_client(const std::string& service_address) = 0;

 protected:
  // What the scenario says, and nothing else that would change what a cluster does. `state_directory`: of
  // Corosync; empty: its usual one.
  std::string corosync_conf(const std::string& state_directory) const;
  bool addresses_are_given() const { return !config_.corosync.nodes.empty(); }
  std::vector<Plug>& plugs(std::size_t machine) { return plugs_[machine]; }
  const std::vector<Plug>& plugs(std::size_t machine) const { return plugs_[machine]; }

 private:
  MachinesConfig config_;
  std::vector<std::vector<Plug>> plugs_;  // by machine, network
};

}  // namespace fencepost::lab
