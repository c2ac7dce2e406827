// The control socket: who may talk, and what bad manners lead to.
#include "engine/live/control/server.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>

#include "controlled_cluster.h"
#include "engine/live/control/client.h"
#include "folder.h"

using namespace fencepost;
using namespace fencepost::live;
using Catch::Contains;

namespace {

struct Story {
  Folder folder;
  EventLoop loop;
  backend::TinyCluster cluster{{.nodes = {"n1", "n2"},
                                .cib = std::make_shared<const cib::Cib>(),
                                .profile = node::fencepost_profile()}};
  ControlledNode n1{cluster, "n1"};
  Control control{n1, [](const cib::Configuration&) { return std::vector<std::string>{}; }};
  std::string path = folder / "control";
  std::unique_ptr<ControlServer> server;

  explicit Story(ServerOptions options = {}) {
    cluster.boot_all();
    cluster.run_for(1min);
    options.path = path;
    auto listening = ControlServer::listen(loop, control, options);
    if (!listening) FAIL(to_string(listening.error()));
    server = *std::move(listening);
  }

  Descriptor connect() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    REQUIRE(::connect(socket.get(), generic, sizeof address) == 0);
    return socket;
  }
  void turn(int times = 20) {
    for (int i = 0; i < times; ++i) loop.turn(1ms);
  }
  // The client in a thread of its own, the loop here.
  template <class Talk>
  void while_serving(Talk talk) {
    std::atomic<bool> done = false;
    std::thread client([&] {
      talk();
      done = true;
    });
    while (!done) loop.turn(5ms);
    client.join();
  }
};

// What came, until the other end hung up or nothing more comes.
std::string all_from(const Descriptor& socket) {
  std::string got(1 << 20, '\0');
  const ssize_t count = ::recv(socket.get(), got.data(), got.size(), MSG_DONTWAIT);
  got.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return got;
}
bool hung_up(const Descriptor& socket) {
  char byte = 0;
  while (true) {
    const ssize_t count = ::recv(socket.get(), &byte, 1, MSG_DONTWAIT);
    if (count <= 0) return count == 0;
  }
}
void put(const Descriptor& socket, const std::string& bytes) {
  REQUIRE(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

}  // namespace

TEST_CASE("server: a client asks and gets its answer", "[live]") {
  Story story;
  Result<Answer> status, refused;
  story.while_serving([&] {
    auto client = ControlClient::connect(story.path);
    status = client->ask(StatusQuery{});
    refused = client->ask(CommandRequest{node::FenceNode{"n9", "off"}});
  });
  REQUIRE(status);
  CHECK(status->status->node == "n1");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("no node 'n9'"));
}

TEST_CASE("server: who watches gets each change, and only changes", "[live]") {
  Story story;
  const Descriptor watcher = story.connect();
  put(watcher, frame(to_json(StatusQuery{.watch = true})));
  story.turn();
  CHECK_FALSE(all_from(watcher).empty());
  story.server->changed();
  story.turn();
  CHECK(all_from(watcher).empty());

  story.n1.command(node::SetProperty{"colour", "green"});
  story.cluster.run_for(1s);
  story.server->changed();
  story.turn();
  CHECK_THAT(all_from(watcher), Contains("green"));
}

TEST_CASE("server: several requests sent at once are answered in order", "[live]") {
  Story story;
  const Descriptor client = story.connect();
  put(client, frame(to_json(CommandRequest{node::FenceNode{"n9", "off"}})) +
                  frame(to_json(CommandRequest{node::FenceNode{"n8", "off"}})));
  story.turn();
  const std::string answers = all_from(client);
  CHECK(answers.find("n9") < answers.find("n8"));
  CHECK(answers.find("n8") != std::string::npos);
}

TEST_CASE("server: nonsense is answered once and hung up on; others are served on", "[live]") {
  Story story;
  const Descriptor good = story.connect();
  for (const std::string& nonsense : {std::string("\xff\xff\xff\xffGET / HTTP/1.1"), frame("{}"),
                                      frame("\xc3\x28"), std::string(4, '\0')}) {
    const Descriptor bad = story.connect();
    put(bad, nonsense);
    story.turn();
    CHECK_THAT(all_from(bad), Contains("\"ok\":false"));
    CHECK(hung_up(bad));
  }
  put(good, frame(to_json(StatusQuery{})));
  story.turn();
  CHECK_THAT(all_from(good), Contains("\"ok\":true"));
}

TEST_CASE("server: half a request is waited for only so long", "[live]") {
  Story story({.patience = 20ms});
  const Descriptor slow = story.connect();
  put(slow, frame(to_json(StatusQuery{})).substr(0, 9));
  while (!hung_up(slow)) story.turn(1);
  SUCCEED("it was hung up on");
}

TEST_CASE("server: more connections than it takes wait for their turn", "[live]") {
  Story story({.connections = 2});
  Descriptor first = story.connect(), second = story.connect(), third = story.connect();
  put(third, frame(to_json(StatusQuery{})));
  story.turn();
  CHECK(all_from(third).empty());
  first.close();
  story.turn();
  CHECK_FALSE(all_from(third).empty());
}

TEST_CASE("server: those who watch keep nobody out, and are not too many", "[live]") {
  Story story({.connections = 2, .watchers = 2});
  std::vector<Descriptor> watchers;
  for (int i = 0; i < 3; ++i) {
    watchers.push_back(story.connect());
    put(watchers.back(), frame(to_json(StatusQuery{.watch = true})));
    story.turn();
  }
  CHECK_THAT(all_from(watchers[1]), Contains("\"ok\":true"));
  CHECK_THAT(all_from(watchers[2]), Contains("watch this node already"));
  const Descriptor agent = story.connect(), another = story.connect();
  for (const Descriptor* each : {&agent, &another}) put(*each, frame(to_json(StatusQuery{})));
  story.turn();
  CHECK_THAT(all_from(agent), Contains("\"ok\":true"));
  CHECK_THAT(all_from(another), Contains("\"ok\":true"));
}

TEST_CASE("server: a socket somebody listens to is not taken over, a dead one is", "[live]") {
  Story story;
  const auto second = ControlServer::listen(story.loop, story.control, {.path = story.path});
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error().message, Contains("running already"));

  put_content(story.folder / "dead", "");
  CHECK(ControlServer::listen(story.loop, story.control, {.path = story.folder / "dead"}));
  CHECK_FALSE(ControlServer::listen(story.loop, story.control, {.path = story.folder / "no/such"}));
}

TEST_CASE("server: only root and the group may talk", "[live]") {
  if (geteuid() != 0) {
    WARN("skipped: has to be root to become somebody else");
    return;
  }
  const gid_t group = 12;  // of Debian's fixed groups, man; the machine's haclient need not exist
  const struct group* named = getgrgid(group);
  REQUIRE(named != nullptr);
  const std::string name = named->gr_name;
  // Connects as somebody, and tells whether that one may talk.
  const auto may = [&](uid_t user, gid_t main, std::vector<gid_t> others) {
    Story story({.group = name});
    chmod(story.path.c_str(), 0666);  // so that only credentials decide
    chmod(story.folder.path().c_str(), 0755);
    const pid_t child = fork();
    if (child == 0) {
      if (setgroups(others.size(), others.data()) != 0 || setgid(main) != 0 || setuid(user) != 0) _exit(9);
      auto client = ControlClient::connect(story.path, 5s);
      _exit(client && client->ask(StatusQuery{}) ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) story.loop.turn(5ms);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) != 9);
    return WEXITSTATUS(status) == 0;
  };
  CHECK(may(0, 0, {}));
  CHECK(may(65534, group, {}));
  CHECK(may(65534, 65534, {2, group}));
  CHECK_FALSE(may(65534, 65534, {}));
  CHECK_FALSE(may(65534, 0, {2}));
}
