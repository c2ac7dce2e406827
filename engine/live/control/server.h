// The control socket. Who may talk is decided by who they are, as the kernel says.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/live/control/control.h"
#include "engine/live/event_loop.h"

namespace fencepost::live {

struct ServerOptions {
  std::string path = "/run/fencepost/control";
  std::string group = "haclient";  // its members may, and root; Pacemaker's group of the same meaning
  std::size_t connections = 32;    // more wait
  std::size_t watchers =
      16;                   // on top of them, so that forgotten terminals shut no agent out; more are refused
  Duration patience = 10s;  // for the rest of a request, and for an answer to be taken
};

class ControlServer {
 public:
  // Takes over a socket that nobody listens to; refuses one that somebody does.
  static Result<std::unique_ptr<ControlServer>> listen(EventLoop& loop, Control& control,
                                                       ServerOptions options);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // To be called when the CIB may have changed: those who watch get it, at most so often as they read.
  void changed();

 private:
  struct Connection;
  ControlServer(EventLoop& loop, Control& control, ServerOptions options);

  void accept_all();
  std::size_t watching() const;
  bool has_room() const { return connections_.size() - watching() < options_.connections; }
  void ready(int fd, EventLoop::Ready ready);
  bool read_from(Connection& connection);  // false: it is to be closed
  bool write_to(Connection& connection);
  bool advance(Connection& connection);
  bool has_news_for(const Connection& connection) const;
  void send(Connection& connection, const Answer& answer);
  void push_status(Connection& connection);
  void wait_for(Connection& connection);
  void drop(int fd);
  bool may_talk(int fd) const;

  EventLoop& loop_;
  Control& control_;
  ServerOptions options_;
  Descriptor listener_;
  bool accepting_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<int, std::unique_ptr<Connection>> connections_;
};

// Whether the process at the other end of a socket is root's, or of somebody in that group.
bool peer_is_root_or_in(int socket, const std::string& group);

}  // namespace fencepost::live
