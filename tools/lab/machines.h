// The machines of a lab and the networks between them: power, links, freezing. A machine is a set of
// namespaces; cutting its power is killing its first process, after its links.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "models/network/corosync_options.h"
#include "tools/lab/cell.h"

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
  Machines(const Cell& cell, MachinesConfig config);
  ~Machines();
  Machines(const Machines&) = delete;
  Machines& operator=(const Machines&) = delete;

  std::size_t size() const { return config_.names.size(); }
  const std::string& name(std::size_t machine) const { return config_.names[machine]; }
  std::optional<std::size_t> find(const std::string& name) const;

  // corosync.conf and the bridges.
  Result<void> build();

  // --- Power ---
  Result<void> power_on(std::size_t machine);
  void power_off(std::size_t machine);
  // Those whose first process ended by itself. They count as on until power_off().
  std::vector<std::size_t> ended() const;
  bool is_on(std::size_t machine) const { return states_[machine].init > 0; }
  // It has a disk of its own by now: until then its paths would be those of the machine around the lab.
  bool is_inside(std::size_t machine) const;
  pid_t first_process(std::size_t machine) const { return states_[machine].init; }
  // A path on the machine as it is seen from here: "/proc/17/root/run/x"; empty while it is off or
  // not yet inside.
  std::string path(std::size_t machine, const std::string& on_it) const;
  // The words with which a program is run there. It must be inside.
  std::vector<std::string> command_on(std::size_t machine, std::vector<std::string> words) const;

  // --- Standing still ---
  bool can_freeze() const { return !cell_.freezer.empty(); }
  void freeze(std::size_t machine, bool frozen);
  bool is_frozen(std::size_t machine) const { return states_[machine].frozen; }
  void let_go_of_stuck(std::size_t machine, const std::string& resource);  // empty: all

  // --- Networks ---
  std::optional<std::size_t> find_network(const std::string& name) const;
  std::size_t networks() const { return config_.networks.size(); }
  // Machines of one number see each other on this network.
  Result<void> split(std::size_t network, const std::vector<int>& side_of);
  Result<void> set_link(std::size_t machine, std::size_t network, bool up);
  // A place for clients on the network that an address belongs to; in a partition, with the first group.
  Result<void> seat_client(const std::string& service_address);

 private:
  struct State {
    pid_t init = -1;
    bool frozen = false;
    std::vector<Plug> plugs;  // by network
  };

  std::string corosync_conf() const;
  std::string freezer(std::size_t machine) const;
  std::string port(std::size_t machine, std::size_t network) const;
  static std::string bridge(std::size_t network, int number);
  Result<void> plug_in(std::size_t machine);

  Cell cell_;
  MachinesConfig config_;
  std::vector<State> states_;
};

}  // namespace fencepost::lab
