#include "engine/live/control/control_panel.h"

#include <utility>

#include "engine/live/clock.h"

namespace fencepost::live {

ControlPanel::~ControlPanel() { node_.after_each_step({}); }

Result<void> ControlPanel::listen(ServerOptions options) {
  auto server = ControlServer::listen(node_.loop(), control_, std::move(options));
  if (!server) return tl::unexpected(server.error());
  server_ = *std::move(server);
  node_.after_each_step([this] { server_->changed(); });
  return {};
}

WallSeconds ControlPanel::wall() const { return wall_now(); }

// Not at once: the answer, that it was taken, goes out first, and whoever watches sees what came of it after.
void ControlPanel::command(node::Command command) {
  node_.loop().soon([this, taken = std::move(command)] { node_.take(node::CommandReceived{taken}); });
}

void ControlPanel::attribute(node::AttributeRequested request) {
  node_.loop().soon([this, taken = std::move(request)] { node_.take(taken); });
}

}  // namespace fencepost::live
