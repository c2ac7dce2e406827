// Machines that are namespaces of this one: cutting the power is killing the first process, after the links.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tools/lab/machines.h"

namespace fencepost::lab {

class NamespaceMachines : public Machines {
 public:
  NamespaceMachines(const Cell& cell, MachinesConfig config);
  ~NamespaceMachines() override;

  // corosync.conf and the bridges.
  Result<void> build() override;

  Result<void> power_on(std::size_t machine) override;
  void power_off(std::size_t machine) override;
  std::vector<std::size_t> ended() const override;
  bool is_on(std::size_t machine) const override { return inits_[machine] > 0; }
  // It has a disk of its own by now: until then its paths would be those of the machine around the lab.
  bool is_inside(std::size_t machine) const override;

  std::string control_socket(std::size_t machine) const override;
  std::vector<std::string> command_on(std::size_t machine, std::vector<std::string> words) const override;
  std::string seen(std::size_t machine, const std::string& resource, const Sign& sign) const override;
  void hand_over(std::size_t, const std::string&) override {}  // they all see the lab's directory
  Duration clock_offset(std::size_t) const override { return Duration::zero(); }

  void freeze(std::size_t machine, bool frozen) override;
  void let_go_of_stuck(std::size_t machine, const std::string& resource) override;

  Result<void> split(std::size_t network, const std::vector<int>& side_of) override;
  Result<void> set_link(std::size_t machine, std::size_t network, bool up) override;
  Result<void> seat_client(const std::string& service_address) override;

 private:
  bool can_freeze() const { return !cell_.freezer.empty(); }
  std::string root(std::size_t machine) const;
  std::string freezer(std::size_t machine) const;
  std::string port(std::size_t machine, std::size_t network) const;
  static std::string bridge(std::size_t network, int number);
  Result<void> plug_in(std::size_t machine);

  Cell cell_;
  std::vector<pid_t> inits_;  // the first processes; -1: off
};

}  // namespace fencepost::lab
