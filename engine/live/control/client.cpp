#include "engine/live/control/client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace fencepost::live {
namespace {

constexpr std::size_t kAnswerMax = std::size_t{64} << 20;  // a status with long histories

Error lost(const std::string& path, int code) {
  const std::string why = code == EAGAIN ? "the node does not answer"
                          : code == 0    ? "the node hung up"
                                         : std::system_category().message(code);
  return {{path, 0, 0}, why + ": see its log, `journalctl -u fencepost`"};
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::string& path, Duration patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure({path, 0, 0}, "this is too long for a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket) return tl::unexpected(lost(path, errno));
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::connect(socket.get(), generic, sizeof address) != 0) {
    const int code = errno;
    const bool forbidden = code == EACCES || code == EPERM;
    return failure({path, 0, 0}, "cannot be reached (" + std::system_category().message(code) + "): " +
                                     (forbidden ? "only root and members of group haclient may"
                                                : "is `fencepost node` running here?"));
  }
  const timeval limit{patience / 1s, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ControlClient client(std::move(socket), path);
  client.in_ = FrameReader(kAnswerMax);
  return client;
}

Result<void> ControlClient::send(const Request& request) {
  const std::string bytes = frame(to_json(request));
  if (bytes.size() > kFrameMax) return failure({}, "this is too much for one request: 16 MiB are taken");
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) break;  // it refused, and its answer says why
    if (count < 0) return tl::unexpected(lost(path_, errno));
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

Result<Answer> ControlClient::receive() {
  std::array<char, 64 << 10> bytes;
  while (true) {
    const auto payload = in_.next();
    if (!payload) return tl::unexpected(payload.error());
    if (*payload) {
      auto answer = parse_answer(**payload);
      if (answer && answer->error) return failure({}, *answer->error);
      return answer;
    }
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return tl::unexpected(lost(path_, count < 0 ? errno : 0));
    in_.feed({bytes.data(), static_cast<std::size_t>(count)});
  }
}

Result<Answer> ControlClient::ask(const Request& request) {
  if (const auto sent = send(request); !sent) return tl::unexpected(sent.error());
  return receive();
}

Result<void> ControlClient::watch(const std::function<bool(const Status&)>& show) {
  if (const auto sent = send(StatusQuery{.watch = true}); !sent) return sent;
  // From here on silence means that nothing changes.
  const timeval no_limit{};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &no_limit, sizeof no_limit);
  while (true) {
    const auto answer = receive();
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->status) return failure({path_, 0, 0}, "the node sent no status");
    if (!show(*answer->status)) return {};
  }
}

}  // namespace fencepost::live
