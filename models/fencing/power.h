// Power switches: what fence devices do to machines, and what is wrong with them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sim/random.h"
#include "models/agent.h"
#include "models/alarm.h"
#include "models/faults.h"
#include "models/part.h"

namespace fencepost::models {

class Power final : public WorldPart {
 public:
  explicit Power(World& world);
  ~Power() override;

  // Key fence_mode: the newest that fits goes first, as in the lab.
  void add_mode(fault::FenceMode mode);
  struct Call {
    std::string_view device, resource;  // the `device` parameter, and the id of the stonith resource
    std::string_view target, requester;
  };
  bool has_modes() const { return !modes_.empty(); }
  // What this call of a device meets, and counts it. For monitors only fail_monitor matters.
  fault::FenceMode mode_for(const Call& call);
  bool monitor_fails(const Call& call) const;

  enum class Action : std::uint8_t { off, on, reboot };
  struct Order {
    std::string device, target, requester;
    std::string supply;  // a PDU: cut this supply instead of pressing the power button
    Action action = Action::off;
    bool up_at_once = false;  // "on": as the lab does it, without a boot
  };
  // Whoever has the order carries it out after `delay`, whatever becomes of the one who gave it.
  void order(Order order, Duration delay);

 private:
  struct Pending;
  void carry_out(const Order& order);

  World& world_;
  std::vector<fault::FenceMode> modes_;
  std::vector<std::unique_ptr<Pending>> pending_;
};

// fence_lab, boards (fence_ipmilan and everything like it), PDUs (fence_apc …).
void add_fence_agents(AgentRegistry& registry);

}  // namespace fencepost::models
