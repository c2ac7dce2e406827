#include <catch2/catch.hpp>

#include "models/os/shell.h"
#include "models/services/addresses.h"
#include "tiny_world.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

struct Told {
  std::size_t notes = 0;
  std::string last;
};

Told told(TinyWorld& world) {
  Told result;
  for (const auto& [at, note] : world.seen<backend::Noted>()) {
    ++result.notes;
    result.last = note.text;
  }
  return result;
}

void run(TinyWorld& world, const std::string& node, const std::string& text) {
  world.inject(fault::Exec{.node = node, .text = text});
  world.run(1s);
}

Script idle(Process& self) {
  for (;;) co_await self.sleep(1h);
}

bool lives(TinyWorld& world, const std::string& node, const std::string& command) {
  for (const Process* process : world.machine(node).processes()) {
    if (process->command_line() == command) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("shell: a line falls into commands as a shell has them", "[shell]") {
  using When = shell::Command::When;
  const auto commands =
      shell::parse("kill -9 $(head -1 /data/pg/postmaster.pid) || echo 'not; there' > /dev/null; sleep 2 &");
  REQUIRE(commands.size() == 3);
  CHECK(commands[0].words == shell::Words{"kill", "-9", "$(head -1 /data/pg/postmaster.pid)"});
  CHECK(commands[1].when == When::after_failure);
  CHECK(commands[1].words == shell::Words{"echo", "not; there"});
  CHECK(commands[1].written_to == "/dev/null");
  CHECK(commands[2].when == When::always);
  CHECK(commands[2].background);
}

TEST_CASE("shell: pkill ends processes by their name, and no others", "[shell]") {
  TinyWorld world;
  world.form();
  for (const char* command : {"/usr/bin/rsync -a /srv", "tail -f rsync.log"}) {
    Process& process = world.machine("n1").spawn(command);
    world.machine("n1").start(process, idle(process));
  }
  run(world, "n1", "pkill -9 rsync");
  CHECK_FALSE(lives(world, "n1", "/usr/bin/rsync -a /srv"));
  CHECK(lives(world, "n1", "tail -f rsync.log"));
}

TEST_CASE("shell: an address deleted is gone, and one added is there", "[shell]") {
  TinyWorld world;
  world.form();
  Addresses& addresses = world.world.part<Addresses>();
  addresses.bind(world.machine("n1"), "10.0.0.5");
  run(world, "n1", "ip addr del 10.0.0.5/24 dev eth0 && ip addr add 10.0.0.6/24 dev eth0");
  CHECK_FALSE(addresses.is_bound(world.machine("n1"), "10.0.0.5"));
  CHECK(addresses.is_bound(world.machine("n1"), "10.0.0.6"));
  CHECK(told(world).notes == 0);
}

TEST_CASE("shell: a firewall cuts what it names, until it is flushed", "[shell]") {
  TinyWorld world;
  world.form();
  const EndpointId n1 = endpoint(world.id("n1")), n2 = endpoint(world.id("n2"));
  run(world, "n1", "iptables -A INPUT -s n2 -j DROP");
  CHECK_FALSE(world.world.network().passes({n2, n1, NetworkId{0}}));
  CHECK(world.world.network().passes({n1, n2, NetworkId{0}}));
  run(world, "n1", "iptables -F");
  CHECK(world.world.network().passes({n2, n1, NetworkId{0}}));
}

TEST_CASE("shell: what no model understands is told, fails, and the line goes on", "[shell]") {
  TinyWorld world;
  world.form();
  world.world.part<Addresses>().bind(world.machine("n1"), "10.0.0.5");
  run(world, "n1", "frobnicate --all && ip addr del 10.0.0.5/24 dev eth0; frobnicate again");
  CHECK(told(world).notes == 2);
  CHECK(told(world).last.find("frobnicate again") != std::string::npos);
  CHECK(world.world.part<Addresses>().is_bound(world.machine("n1"), "10.0.0.5"));
}

TEST_CASE("shell: killing corosync is a crash to the others", "[shell]") {
  TinyWorld world;
  world.form();
  run(world, "n1", "pkill -KILL corosync");
  world.run(5s);
  CHECK(world.members("n2") == "n2");
}

TEST_CASE("shell: rules of a firewall are gone after a reboot", "[shell]") {
  TinyWorld world;
  world.form();
  const EndpointId n1 = endpoint(world.id("n1")), n2 = endpoint(world.id("n2"));
  run(world, "n1", "iptables -A INPUT -s n2 -j DROP; tc qdisc add dev eth0 root netem loss 100%");
  REQUIRE_FALSE(world.world.network().passes({n2, n1, NetworkId{0}}));
  REQUIRE(world.world.network().loss({n1, n2, NetworkId{0}}) == 1);
  world.machine("n1").power_off("a test");
  world.machine("n1").up_at_once("a test");
  world.run(1s);
  CHECK(world.world.network().passes({n2, n1, NetworkId{0}}));
  CHECK(world.world.network().loss({n1, n2, NetworkId{0}}) == 0);
}

TEST_CASE("shell: two firewalls that cut the same way are two, and so is a fault", "[shell]") {
  TinyWorld world;
  world.form();
  const Way way{endpoint(world.id("n1")), endpoint(world.id("n2")), NetworkId{0}};
  run(world, "n1", "iptables -A OUTPUT -d n2 -j DROP");
  run(world, "n2", "iptables -A INPUT -s n1 -j DROP");
  world.inject(fault::OneWay{.from = "n1", .to = "n2", .network = "", .lasts = 10s});
  run(world, "n1", "iptables -F");
  CHECK_FALSE(world.world.network().passes(way));
  run(world, "n2", "iptables -F");
  CHECK_FALSE(world.world.network().passes(way));
  world.run(10s);
  CHECK(world.world.network().passes(way));
}

TEST_CASE("shell: an interface that is not there, a pipe and a strange sleep are told as not understood",
          "[shell]") {
  TinyWorld world;
  world.form();
  const Way way{endpoint(world.id("n2")), endpoint(world.id("n1")), NetworkId{0}};
  run(world, "n1", "iptables -A INPUT -i bond7 -j DROP");
  CHECK(told(world).notes == 1);
  CHECK(world.world.network().passes(way));
  run(world, "n1", "ip link set dev bond7 down");
  CHECK(told(world).notes == 2);
  run(world, "n1", "ps aux | xargs kill");
  CHECK(told(world).notes == 3);
  CHECK(told(world).last.find("ps aux | xargs kill") != std::string::npos);
  run(world, "n1", "sleep soon");
  CHECK(told(world).notes == 4);
}

TEST_CASE("shell: sleep knows minutes, and adds its arguments up", "[shell]") {
  TinyWorld world;
  world.form();
  world.inject(fault::Exec{.node = "n1", .text = "sleep 5m 30s; ip addr add 10.0.0.6/24 dev eth0"});
  world.run(329s);
  CHECK_FALSE(world.world.part<Addresses>().is_bound(world.machine("n1"), "10.0.0.6"));
  world.run(2s);
  CHECK(world.world.part<Addresses>().is_bound(world.machine("n1"), "10.0.0.6"));
}

TEST_CASE("shell: who dies with another that is killed is no failure", "[shell]") {
  TinyWorld world;
  world.form();
  Machine& machine = world.machine("n1");
  Process& parent = machine.spawn("rsync parent");
  machine.start(parent, [](Process& self) -> Script {
    Process& child = self.fork("rsync child");
    co_await self.exec(child, idle(child));
    co_return 0;
  }(parent));
  world.run(1s);
  run(world, "n1", "pkill -9 rsync && ip addr add 10.0.0.6/24 dev eth0");
  CHECK_FALSE(lives(world, "n1", "rsync parent"));
  CHECK_FALSE(lives(world, "n1", "rsync child"));
  CHECK(world.world.part<Addresses>().is_bound(machine, "10.0.0.6"));
}
