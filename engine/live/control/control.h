// Answers requests: looks whether a command makes sense before the engine gets it, so that whoever asks hears
// at once what is wrong.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/live/control/request.h"
#include "engine/node/event.h"
#include "engine/node/ids.h"

namespace fencepost::cib {
struct Cib;
struct Configuration;
}  // namespace fencepost::cib

namespace fencepost::live {

// The engine, as far as control needs it.
class Controlled {
 public:
  virtual ~Controlled() = default;
  virtual const std::string& name() const = 0;
  virtual const node::Nodelist& nodelist() const = 0;
  virtual const cib::Cib& cib() const = 0;
  virtual bool is_dc() const = 0;
  virtual WallSeconds wall() const = 0;
  virtual void command(node::Command command) = 0;
  virtual void attribute(node::AttributeRequested request) = 0;
};

class Control {
 public:
  // Which resources of a configuration this machine has no agent for, a sentence each.
  using MissingAgents = std::function<std::vector<std::string>(const cib::Configuration&)>;

  Control(Controlled& node, MissingAgents missing_agents)
      : node_(node), missing_agents_(std::move(missing_agents)) {}

  Answer answer(const Request& request);
  Answer status() const;
  Controlled& node() { return node_; }

 private:
  Controlled& node_;
  MissingAgents missing_agents_;
};

}  // namespace fencepost::live
