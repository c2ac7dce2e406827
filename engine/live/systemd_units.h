// Units of systemd, over D-Bus: start, stop and their state. A job is done when systemd says so (JobRemoved),
// and then the unit's state is looked at.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/live/event_loop.h"
#include "engine/node/agent_run.h"

namespace fencepost::live {

class SystemdUnits {
 public:
  using Answer = std::function<void(node::AgentExit)>;

  // On the system bus, opened when first needed; an address given is for tests.
  explicit SystemdUnits(EventLoop& loop, std::string address = {});
  ~SystemdUnits();
  SystemdUnits(const SystemdUnits&) = delete;
  SystemdUnits& operator=(const SystemdUnits&) = delete;

  // The answer comes later, from the loop.
  void run(const node::AgentCommand& command, Answer answer);

 private:
  class Bus;
  std::unique_ptr<Bus> bus_;
};

// "db" is "db.service"; what has a suffix of systemd's keeps it.
std::string unit_name(const std::string& type);

// OCF code of ActiveState, as the answer to a monitor. systemd.unit(5), org.freedesktop.systemd1(5).
int ocf_code_of_state(const std::string& active_state);

}  // namespace fencepost::live
