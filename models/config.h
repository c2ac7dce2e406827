// What a simulated world is made of, before anything happens: plain values, all with defaults.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/node/ids.h"
#include "engine/sim/random.h"
#include "models/agent.h"
#include "models/fencing/sbd_config.h"
#include "models/network/corosync_options.h"

namespace fencepost::cib {
struct Cib;
}
namespace fencepost::node {
struct Profile;
}

namespace fencepost::models {

// How long things take that are nobody's decision. Figures are of the lab's machine: Corosync 3.1.7,
// Pacemaker 2.1.5 on 2 CPUs (docs/fidelity.md), n > 1000 agent runs unless said otherwise.
struct Latencies {
  // Order to run an agent -> its own first line: fork, exec, interpreter. The quantiles of 176 runs beside
  // which nothing else started; what those cost each other is in models/core/cores.h.
  sim::Distribution agent_spawn = sim::Empirical{
      {18700us, 19800us, 20100us, 20500us, 21300us, 21700us, 22100us, 22400us, 22600us, 23200us,
       23600us, 24000us, 24300us, 24600us, 25400us, 26200us, 27400us, 29900us, 32100us, 43600us}};
  Duration agent_spawn_min = 17ms;
  // What an agent's shell or Python reads and checks before its own work (assumed; with spawn 25-60 ms).
  sim::Distribution agent_overhead = sim::Uniform{.min = 3ms, .max = 15ms};
  // Its end -> the executor knows. Median 1 ms.
  sim::Distribution agent_report = sim::LogNormal{.median = 1ms, .sigma = 0.6};
  // fork and exec of a small program, as an agent does many times (assumed).
  sim::Distribution child_spawn = sim::LogNormal{.median = 2ms, .sigma = 0.3};
  // A group message, from send to delivery everywhere, in an idle ring (assumed; the turn it waits for in the
  // controller is the engine's: node::Profile::controller_turn).
  sim::Distribution message = sim::LogNormal{.median = 400us, .sigma = 0.4};
  // crm_attribute as agents call it: how long the agent waits for it. 13-29 ms, median 17, n = 45.
  sim::Distribution attribute_tool = sim::LogNormal{.median = 17ms, .sigma = 0.25};
  // crm_attribute started -> its request is there. With the attribute manager's own 1-4 ms a promotion score
  // is in the CIB 10-20 ms after the agent's call, while the agent still waits (start-normal, dc-crash-3).
  sim::Distribution attribute_command = sim::Uniform{8ms, 15ms};
  // A request of a person's tool -> the engine has it, on top of what its profile says
  // tools take.
  sim::Distribution command = sim::Constant{};
  // The CIB to disk: written to a new file, synced, renamed (assumed).
  sim::Distribution persist = sim::LogNormal{.median = 8ms, .sigma = 0.5};
  // On top of `boot`: the lab's switch and the node's set-up. 33-113 ms, n = 15.
  sim::Distribution boot = sim::Uniform{.min = 35ms, .max = 110ms};
  // The system boots -> corosync runs: all 15 boots. Somebody orders it: 1-6 ms (shutdown-standby, n = 3).
  // -> its own membership, 0.34-0.38 s after that (n = 18).
  sim::Distribution corosync_start = sim::Empirical{
      {49ms, 52ms, 61ms, 62ms, 64ms, 66ms, 68ms, 70ms, 70ms, 72ms, 84ms, 87ms, 92ms, 101ms, 126ms}};
  sim::Distribution corosync_start_by_hand = sim::Uniform{.min = 1ms, .max = 6ms};
  sim::Distribution corosync_first_membership = sim::Uniform{.min = 335ms, .max = 375ms};
  // -> pacemakerd starts its daemons: Booted. 10-18 ms.
  sim::Distribution pacemaker_start = sim::Uniform{.min = 10ms, .max = 18ms};
  // Pacemaker gone -> the others see corosync's announced leave, 86, 193 and 256 ms later -> it is gone, 815
  // to 1016 ms after that (shutdown-standby).
  sim::Distribution leave = sim::Uniform{.min = 80ms, .max = 270ms};
  sim::Distribution corosync_stop = sim::Uniform{.min = 810ms, .max = 1020ms};
  // A new membership of Corosync -> the engine hears of it, on top of the turn that its profile says it waits
  // for.
  sim::Distribution membership_notice = sim::Constant{};
};

// The machine under a node.
struct HardwareConfig {
  // Power-on -> the operating system starts the cluster stack: firmware and boot. The lab's boot_s.
  sim::Distribution boot = sim::Constant{.value = 5s};
  bool stack_starts_at_boot = true;  // systemctl enable pacemaker
  // Its power supplies, by the fence device or PDU that switches them (resource id or `ip`). It runs while
  // one of them has power. None: one, switched by whatever switches this node.
  std::vector<std::string> supplies;
  std::string bmc_address;       // what `ip` of fence_ipmilan says; empty: the fencing target tells
  bool bmc_shares_power = true;  // a BMC without power answers nothing
  std::string bmc_network;       // it must be reached over this network; empty: it always is
  int cores = 2;
};

// Power switches and what they do to nodes. The lab's `power`.
struct PowerConfig {
  sim::Distribution off = sim::Constant{.value = 300ms};  // order -> power is off (off_s); fence_lab
  // The switch answers so much later when it had something to switch off. 9-46 ms after the power went, n =
  // 12; at once when the node was off already (dc-crash-3).
  sim::Distribution answer = sim::Uniform{.min = 9ms, .max = 46ms};
  bool on_after_fence = true;  // after_fence: on, or stays off
  // One question or order to a management board: ipmitool, ssh or http with login (assumed, as that reboot
  // then takes 4-12 s).
  sim::Distribution query = sim::LogNormal{.median = 450ms, .sigma = 0.35};
  // A board's "off" -> the machine is off (assumed).
  sim::Distribution board_off = sim::Uniform{.min = 1s, .max = 4s};
  // virsh destroy -> the guest is gone (assumed).
  sim::Distribution hypervisor_off = sim::LogNormal{.median = 400ms, .sigma = 0.4};
  Duration poll = 1s;               // fence agents ask for the status each second
  Duration unreachable_after = 8s;  // ipmitool -N 2, four tries
  Duration power_timeout = 20s;     // fence agents wait that long for "off"
};

// world: {switches: {sw1: {network: lan, hosts: [db1, db2]}}}: what goes down together.
struct SwitchConfig {
  std::string name;
  std::string network;             // empty: all networks
  std::vector<std::string> hosts;  // whose links are plugged into it
};

struct WorldConfig {
  std::uint64_t seed = 1;
  node::Nodelist nodes;
  std::map<std::string, HardwareConfig> hardware;  // by node; missing ones have the defaults
  CorosyncOptions corosync;                        // its nodes may be empty: `nodes` with one vote each
  std::vector<std::string> networks = {"lan"};     // corosync uses the first `rings`
  int rings = 1;
  // The nodes are namespaces of one machine, as the lab's are, and share the cores of the first.
  bool one_machine = false;
  std::vector<std::string> hosts;  // others on the networks: hypervisors, clients
  std::vector<SwitchConfig> switches;
  PowerConfig power;
  std::optional<SbdConfig> sbd;  // none: no watchdogs
  Latencies latencies;
  AgentDurations agents;
  std::shared_ptr<const node::Profile> profile;
  std::shared_ptr<const cib::Cib> stored_cib;  // on every node's disk before the first boot; may be null
  WallSeconds start{1'767'225'600};            // 2026-01-01 00:00:00 UTC: no run depends on today
};

}  // namespace fencepost::models
