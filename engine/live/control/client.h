// The other end of the control socket: asks, and waits for the answer.
#pragma once

#include <functional>
#include <string>

#include "engine/base/time.h"
#include "engine/live/control/frame.h"
#include "engine/live/control/request.h"
#include "engine/live/descriptor.h"

namespace fencepost::live {

class ControlClient {
 public:
  static Result<ControlClient> connect(const std::string& path, Duration patience = 30s);

  // An answer that says no is an Error.
  Result<Answer> ask(const Request& request);
  // Calls `show` with each status until it says false, or the node hangs up, which is an Error.
  Result<void> watch(const std::function<bool(const Status&)>& show);

 private:
  ControlClient(Descriptor socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}
  Result<void> send(const Request& request);
  Result<Answer> receive();

  Descriptor socket_;
  std::string path_;
  FrameReader in_;
};

}  // namespace fencepost::live
