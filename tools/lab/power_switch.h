// The power switch of a lab, which the fence agents of its nodes ask. It is outside of everything that a
// scenario can break, but for what the scenario says of fencing itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/live/event_loop.h"
#include "engine/sim/random.h"
#include "models/config.h"
#include "models/faults.h"
#include "tools/lab/machines.h"

namespace fencepost::lab {

class PowerSwitch {
 public:
  struct Hands {  // how it does what it is asked for
    std::function<void(std::size_t machine, const std::string&why)> off, on;
    std::function<void(backend::Observation)> observe;
  };

  PowerSwitch(live::EventLoop& loop, std::string directory, const Machines& machines,
              models::PowerConfig config, sim::Stream luck, Hands hands);

  // By the parameter that a device is asked with (`device`, `ip`) there may be a resource id for it.
  void name_device(const std::string& parameter, const std::string& resource) {
    resources_[parameter] = resource;
  }
  void add_mode(models::fault::FenceMode mode) { modes_.insert(modes_.begin(), std::move(mode)); }
  // Takes the requests that have come.
  void look();
  bool at_work() const { return at_work_ > 0; }

 private:
  struct Request {
    std::string action, target, requester, agent, device;
    std::string id;  // of the file
  };

  void take(const Request& request);
  void as_the_lab_does(const Request& request, std::size_t target, Duration slower, bool lies);
  void as_boards_do(const Request& request, std::size_t target, bool lies);
  models::fault::FenceMode mode_for(const Request& request);
  bool fits(const models::fault::FenceMode& mode, const Request& request) const;
  Duration query() { return sim::sample(config_.query, luck_); }
  void after(Duration delay, std::function<void()> what);
  void answer(const Request& request, int code, const std::string& text = "");
  void tell(const Request& request, bool success);

  live::EventLoop& loop_;
  std::string directory_;
  const Machines& machines_;
  models::PowerConfig config_;
  sim::Stream luck_;
  Hands hands_;
  std::vector<models::fault::FenceMode> modes_;  // newest first
  std::map<std::string, std::string> resources_;
  int at_work_ = 0;
};

}  // namespace fencepost::lab
