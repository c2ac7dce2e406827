// Named real machines, reached by ssh. Each says by a file of its own that it may be used so: see files/host,
// which does there what is done there. The stack and the agents' wrappers are the lab's; disks, networks and
// fence devices are the machines' own.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/live/child_process.h"
#include "engine/live/descriptor.h"
#include "engine/live/event_loop.h"
#include "tools/lab/machines.h"
#include "tools/lab/support.h"

namespace fencepost::lab {

struct Hosts {
  std::vector<std::string> targets;  // by node, as ssh takes them: "root@10.0.0.1"; none: no hosts are used
  std::string ssh_config;            // ssh -F; empty: this user's own

  std::vector<std::string> ssh(std::vector<std::string> options, std::size_t machine) const;
};

// "n1=root@10.0.0.1,n2=db2": one for each node.
Result<Hosts> parse_hosts(const std::string& text, const std::vector<std::string>& nodes);

// Asks each host whether it may be used, and what it can; ends what an earlier rehearsal left there. What
// stands against it, a line each.
struct HostsAnswer {
  std::vector<std::string> against;
  Abilities abilities;
};
HostsAnswer ask_hosts(const Hosts& hosts, const std::vector<std::string>& nodes,
                      const std::vector<std::string>& programs);

// A line to a host's watcher: an ssh that stays.
class HostLine {
 public:
  using Heard = std::function<void(const std::string& bytes)>;
  HostLine(live::EventLoop& loop, const std::vector<std::string>& words, const std::string& log, Heard heard);
  ~HostLine();
  HostLine(const HostLine&) = delete;
  HostLine& operator=(const HostLine&) = delete;

  void say(const std::string& text) const;
  void hang_up() { to_.close(); }  // the watcher cleans up, and then it has ended
  bool ended() const { return !from_; }

 private:
  void read();

  live::EventLoop& loop_;
  Heard heard_;
  pid_t pid_ = -1;
  live::Descriptor to_, from_;
};

class HostMachines : public Machines {
 public:
  HostMachines(live::EventLoop& loop, std::string directory, Hosts hosts, MachinesConfig config);
  ~HostMachines() override;  // waits until all hosts are clean again

  Result<void> build() override;
  void tick() override;

  // The cluster stack starts as soon as the host answers.
  Result<void> power_on(std::size_t machine) override;
  // A reset, if the host still speaks.
  void power_off(std::size_t machine) override;
  std::vector<std::size_t> ended() const override;
  bool is_on(std::size_t machine) const override { return hosts_[machine].on; }
  bool is_inside(std::size_t machine) const override { return hosts_[machine].inside; }
  void believed_off(std::size_t machine) override;

  std::string control_socket(std::size_t machine) const override;
  std::vector<std::string> command_on(std::size_t machine, std::vector<std::string> words) const override;
  std::string seen(std::size_t machine, const std::string& resource, const Sign& sign) const override;
  void hand_over(std::size_t machine, const std::string& file) override;
  Duration clock_offset(std::size_t machine) const override;

  void freeze(std::size_t machine, bool frozen) override;
  void let_go_of_stuck(std::size_t machine, const std::string& resource) override;

  Result<void> split(std::size_t network, const std::vector<int>& side_of) override;
  Result<void> set_link(std::size_t machine, std::size_t network, bool up) override;
  Result<void> seat_client(const std::string& service_address) override;

 private:
  struct Host {
    bool on = false, inside = false;
    SimTime next_try{};
    std::unique_ptr<live::ChildProcess> laying_out;
    bool laid_out = false;
    std::unique_ptr<HostLine> line;
    std::string unread;
    std::map<std::string, std::string> roles;
    std::optional<Duration> clock;  // ours less its own; the least that was seen: a word takes its time
    SimTime spoke{};                // its last word left it, by our clock
    SimTime believed_off = kNever;
    std::string cut;  // the addresses that it is cut from
  };

  void lay_out(std::size_t machine);
  void call(std::size_t machine);
  void hear(std::size_t machine, const std::string& bytes);
  bool take(std::size_t machine, std::string_view line, std::string_view rest, std::size_t& used);
  void keep(const std::string& name, std::uint64_t offset, std::string_view bytes) const;
  void cut_links();
  void order(std::size_t machine, const std::string& words) const;
  int lives_of(std::size_t machine) const;
  std::string socket_of(std::size_t machine) const { return directory_ + "/" + name(machine) + ".ssh"; }

  live::EventLoop& loop_;
  std::string directory_;
  Hosts targets_;
  std::vector<Host> hosts_;
};

}  // namespace fencepost::lab
