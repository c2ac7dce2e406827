// A live node with its control socket.
#pragma once

#include <memory>

#include "engine/live/control/control.h"
#include "engine/live/control/server.h"
#include "engine/live/live_node.h"

namespace fencepost::live {

class ControlPanel final : private Controlled {
 public:
  ControlPanel(LiveNode& node, Control::MissingAgents missing_agents)
      : node_(node), control_(*this, std::move(missing_agents)) {}
  ~ControlPanel() override;
  ControlPanel(const ControlPanel&) = delete;
  ControlPanel& operator=(const ControlPanel&) = delete;

  Result<void> listen(ServerOptions options);

 private:
  const std::string& name() const override { return node_.name(); }
  const node::Nodelist& nodelist() const override { return node_.nodelist(); }
  const cib::Cib& cib() const override { return node_.cib(); }
  bool is_dc() const override { return node_.is_dc(); }
  WallSeconds wall() const override;
  void command(node::Command command) override;
  void attribute(node::AttributeRequested request) override;

  LiveNode& node_;
  Control control_;
  std::unique_ptr<ControlServer> server_;
};

}  // namespace fencepost::live
