// What all fence agents have in common: actions, exit codes, and what is wrong with the device (fault
// fence_mode).
#pragma once

#include <string>
#include <string_view>

#include "models/agent.h"
#include "models/fencing/power.h"
#include "models/machine.h"

namespace fencepost::models {

class FenceAgent : public Agent {
 public:
  Script run(Process& self, AgentRun& run) final;

 protected:
  // fence agents exit with 1 on failure, and status with 2 for "off".
  static constexpr int kOk = 0;
  static constexpr int kFailed = 1;
  static constexpr int kIsOff = 2;

  // Connects and logs in. False: it could not, and has said why.
  virtual Task<bool> reach(Process& self, AgentRun& run) = 0;
  virtual Script act(Process& self, AgentRun& run, Machine& target, const fault::FenceMode& mode) = 0;
  // A slow device has the order and is slow to carry it out; otherwise it is slow to answer at all.
  virtual bool slows_switch() const { return false; }

  static Power::Action asked(const AgentRun& run);
  static std::string_view target_of(const AgentRun& run);
  static std::string device_of(const AgentRun& run) { return run.command().resource; }
  static int fail(AgentRun& run, std::string why);
  static int refused(Process& self, AgentRun& run, std::string why);  // and the record says so
};

// fence_sbd and external/sbd.
std::unique_ptr<Agent> make_sbd_agent();

}  // namespace fencepost::models
