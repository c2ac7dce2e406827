#include "engine/live/control/server.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "engine/cib/cib.h"
#include "engine/live/control/frame.h"

namespace fencepost::live {
namespace {

constexpr std::size_t kReadAtOnce = 64 << 10;

Error cannot(const std::string& path, const char* what, int code) {
  return {{path, 0, 0},
          std::string("cannot be ") + what + " (" + std::system_category().message(code) +
              "): check its folder, or name another with --control"};
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return failure({path, 0, 0}, "a socket's path has 1 to " + std::to_string(sizeof address.sun_path - 1) +
                                     " characters: choose a shorter one");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

bool somebody_listens(const sockaddr_un& address) {
  const Descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return probe && ::connect(probe.get(), generic(address), sizeof address) == 0;
}

// Nothing if there is no such group on this machine.
std::optional<gid_t> gid_of(const std::string& group) {
  const struct group* found = ::getgrnam(group.c_str());
  return found == nullptr ? std::nullopt : std::optional{found->gr_gid};
}

}  // namespace

struct ControlServer::Connection {
  explicit Connection(Descriptor s) : socket(std::move(s)) {}

  Descriptor socket;
  FrameReader in;
  std::string out;
  bool watches = false;
  bool ending = false;  // closed when the answer has been taken
  cib::Version shown;   // to one who watches
  std::string shown_dc;
  sim::EventHandle patience;
  bool impatient = false;  // the timer runs
};

bool peer_is_root_or_in(int socket, const std::string& group) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0) return true;
  const auto wanted = gid_of(group);
  if (!wanted) return false;
  if (peer.gid == *wanted) return true;
  // As they were when it connected; so many are never had (NGROUPS_MAX is 65536).
  std::vector<gid_t> groups(65536);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  groups.resize(size / sizeof(gid_t));
  return std::find(groups.begin(), groups.end(), *wanted) != groups.end();
}

ControlServer::ControlServer(EventLoop& loop, Control& control, ServerOptions options)
    : loop_(loop), control_(control), options_(std::move(options)) {}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(EventLoop& loop, Control& control,
                                                             ServerOptions options) {
  const std::string path = options.path;
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  if (somebody_listens(*address))
    return failure({path, 0, 0}, "somebody listens there: is `fencepost node` running already?");

  Descriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!listener) return tl::unexpected(cannot(path, "opened", errno));
  ::unlink(path.c_str());  // what a dead node left; anything else makes bind() fail
  // From its first moment on, nobody else may open it. (Connections are looked at as well.)
  const mode_t before = ::umask(0177);
  const int bound = ::bind(listener.get(), generic(*address), sizeof *address);
  const int code = errno;
  ::umask(before);
  if (bound != 0) return tl::unexpected(cannot(path, "bound", code));
  if (const auto group = gid_of(options.group)) {
    if (::chown(path.c_str(), 0, *group) != 0 || ::chmod(path.c_str(), 0660) != 0)
      return tl::unexpected(cannot(path, "given to its group", errno));
  }
  if (::listen(listener.get(), SOMAXCONN) != 0) return tl::unexpected(cannot(path, "listened to", errno));

  std::unique_ptr<ControlServer> server(new ControlServer(loop, control, std::move(options)));
  server->listener_ = std::move(listener);
  server->accept_all();
  return server;
}

ControlServer::~ControlServer() {
  while (!connections_.empty()) drop(connections_.begin()->first);
  loop_.unwatch(listener_.get());
  if (listener_) ::unlink(options_.path.c_str());
}

std::size_t ControlServer::watching() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& each) { return each.second->watches; }));
}

void ControlServer::accept_all() {
  while (has_room()) {
    Descriptor socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket) break;  // nobody there, or gone again: the next who comes wakes us
    if (!may_talk(socket.get())) continue;
    const int fd = socket.get();
    auto& connection = *(connections_[fd] = std::make_unique<Connection>(std::move(socket)));
    wait_for(connection);
  }
  const bool accept = has_room();
  if (accept == accepting_) return;
  accepting_ = accept;
  if (accept) {
    loop_.watch(listener_.get(), {}, [this](EventLoop::Ready) { accept_all(); });
  } else {
    loop_.unwatch(listener_.get());  // who comes now waits in the kernel's queue
  }
}

// Others get an answer, so that they know why, if it fits into the socket.
bool ControlServer::may_talk(int fd) const {
  if (peer_is_root_or_in(fd, options_.group)) return true;
  const std::string no = frame(
      to_json(Answer{"only root and members of group " + options_.group + " may talk to this node", {}, {}}));
  [[maybe_unused]] const ssize_t sent = ::send(fd, no.data(), no.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return false;
}

void ControlServer::ready(int fd, EventLoop::Ready ready) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  const bool here = ready.read ? read_from(connection) : !ready.hung_up;
  if (here && advance(connection)) return wait_for(connection);
  drop(fd);
  accept_all();
}

bool ControlServer::read_from(Connection& connection) {
  std::string bytes(kReadAtOnce, '\0');
  const ssize_t count = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0 || connection.watches) return false;  // who watches has nothing more to say
  bytes.resize(static_cast<std::size_t>(count));
  connection.in.feed(bytes);
  return true;
}

// One request at a time: the next is looked at when the answer to this one has been taken.
bool ControlServer::advance(Connection& connection) {
  while (true) {
    if (!write_to(connection)) return false;
    if (!connection.out.empty()) return true;
    if (connection.ending) return false;
    if (connection.watches) {
      if (!has_news_for(connection)) return true;
      push_status(connection);
      continue;
    }
    const auto payload = connection.in.next();
    if (payload && !*payload) return true;
    const auto request = payload ? parse_request(**payload) : tl::unexpected(payload.error());
    if (!request) {
      connection.ending = true;
      send(connection, {request.error().message, {}, {}});
    } else if (const auto* query = std::get_if<StatusQuery>(&*request); query != nullptr && query->watch) {
      if (watching() >= options_.watchers) {
        connection.ending = true;
        send(connection,
             {std::to_string(options_.watchers) + " others watch this node already: close one", {}, {}});
        continue;
      }
      connection.watches = true;
      push_status(connection);
      if (!accepting_)
        loop_.soon([this, alive = std::weak_ptr(alive_)] {
          if (alive.lock()) accept_all();  // who waits has room now
        });
    } else {
      send(connection, control_.answer(*request));
    }
  }
}

bool ControlServer::has_news_for(const Connection& connection) const {
  const cib::Cib& cib = control_.node().cib();
  return connection.shown != cib.version || connection.shown_dc != cib.dc_uuid;
}

void ControlServer::send(Connection& connection, const Answer& answer) {
  connection.out += frame(to_json(answer));
}

void ControlServer::push_status(Connection& connection) {
  const cib::Cib& cib = control_.node().cib();
  connection.shown = cib.version;
  connection.shown_dc = cib.dc_uuid;
  send(connection, control_.status());
}

bool ControlServer::write_to(Connection& connection) {
  while (!connection.out.empty()) {
    const ssize_t count =
        ::send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    connection.out.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

// For what comes next from this one: more of a request, or room for the rest of an answer. Who watches may be
// silent for ever; who has begun something may not.
void ControlServer::wait_for(Connection& connection) {
  const int fd = connection.socket.get();
  const bool writing = !connection.out.empty();
  loop_.watch(fd, {.read = !writing, .write = writing}, [this, fd](EventLoop::Ready r) { ready(fd, r); });

  if (std::exchange(connection.impatient, false)) loop_.cancel(connection.patience);
  if (connection.watches && !writing) return;
  connection.impatient = true;
  connection.patience = loop_.in(options_.patience, [this, fd] {
    connections_.at(fd)->impatient = false;
    drop(fd);
    accept_all();
  });
}

void ControlServer::drop(int fd) {
  Connection& connection = *connections_.at(fd);
  if (connection.impatient) loop_.cancel(connection.patience);
  loop_.unwatch(fd);
  connections_.erase(fd);
}

void ControlServer::changed() {
  std::vector<int> gone;
  for (auto& [fd, connection] : connections_) {
    // One who reads slowly gets the next when this one is through.
    if (!connection->watches || !connection->out.empty()) continue;
    advance(*connection) ? wait_for(*connection) : gone.push_back(fd);
  }
  for (const int fd : gone) drop(fd);
  if (!gone.empty()) accept_all();
}

}  // namespace fencepost::live
