// SBD: a daemon on each node that feeds a watchdog while it trusts its node, and slots on shared disks in
// which peers leave orders. Behaviour: sbd(8); docs/models.md.
//
// Who may not feed is reset by the hardware, one watchdog timeout after the last time. That holds for a
// daemon that stands still, too: nothing on the node itself can prevent it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sim/random.h"
#include "models/fencing/sbd_config.h"
#include "models/part.h"

namespace fencepost::models {

class World;

class Sbd final : public WorldPart {
 public:
  explicit Sbd(World& world);
  ~Sbd() override;

  bool configured() const { return config_ != nullptr; }
  const SbdConfig& config() const { return *config_; }

  // --- The daemon: comes before Corosync and goes after it ---
  Duration start_delay() const;  // for which the cluster stack waits
  void started(Machine& machine);
  void stopped(Machine& machine);

  // --- Slots ---
  enum class Order : std::uint8_t { none, reset, off };
  // Written to the target's slot on every device that `from` reaches. False: those are no majority.
  bool leave_order(const Machine& from, const Machine& target, Order order, std::string device);
  bool reaches_majority(const Machine& machine) const;

  // --- Faults ---
  // A node, or all (null), lose a device, or all of them (""), or have it back. False: there is no such
  // device.
  bool set_reachable(const Machine* machine, std::string_view device, bool reachable);

  void machine_down(Machine& machine) override;
  void machine_frozen(Machine& machine) override;
  void cluster_changed(Machine& machine) override;

 private:
  struct Guard;

  Guard& guard(const Machine& machine) const;
  bool trusts(const Guard& guard) const;
  bool holds_devices(const Guard& guard) const;
  bool healthy_cluster(const Machine& machine) const;
  void look(Guard& guard);
  void tell(const Guard& guard, const std::string& device, bool reachable) const;
  void bite(Guard& guard);
  void read_slot(Guard& guard);

  World& world_;
  const SbdConfig* config_;
  sim::Stream chance_;
  std::vector<std::unique_ptr<Guard>> guards_;  // by node; none if SBD is not configured
};

}  // namespace fencepost::models
