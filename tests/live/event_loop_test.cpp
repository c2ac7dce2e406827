#include "engine/live/event_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

using namespace fencepost;
using namespace fencepost::live;

namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
  }
  Descriptor read, write;
};

}  // namespace

TEST_CASE("loop: times come in their order, whatever the order of asking", "[live]") {
  EventLoop loop;
  std::string story;
  loop.in(3ms, [&] {
    story += "3 ";
    loop.stop();
  });
  loop.in(1ms, [&] { story += "1 "; });
  const auto never = loop.in(2ms, [&] { story += "2 "; });
  loop.soon([&] { story += "0 "; });
  CHECK(loop.cancel(never));
  loop.run();
  CHECK(story == "0 1 3 ");
}

TEST_CASE("loop: a callback may take off what else was ready", "[live]") {
  EventLoop loop;
  Pipe one, two;
  int calls = 0;
  const auto once = [&](EventLoop::Ready) {
    ++calls;
    loop.unwatch(one.read.get());
    loop.unwatch(two.read.get());
    loop.soon([&] { loop.stop(); });
  };
  loop.watch(one.read.get(), {}, once);
  loop.watch(two.read.get(), {}, once);
  REQUIRE(::write(one.write.get(), "x", 1) == 1);
  REQUIRE(::write(two.write.get(), "x", 1) == 1);
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("loop: the other end of a pipe going away is seen", "[live]") {
  EventLoop loop;
  Pipe pipe;
  bool hung_up = false;
  loop.watch(pipe.read.get(), {}, [&](EventLoop::Ready ready) {
    hung_up = ready.hung_up;
    loop.unwatch(pipe.read.get());
    loop.stop();
  });
  pipe.write.close();
  loop.run();
  CHECK(hung_up);
}

TEST_CASE("loop: a signal is an event like others", "[live]") {
  EventLoop loop;
  int seen = 0;
  loop.on_signals({SIGUSR2}, [&](int signal) {
    seen = signal;
    loop.stop();
  });
  REQUIRE(::kill(::getpid(), SIGUSR2) == 0);
  loop.run();
  CHECK(seen == SIGUSR2);
}
