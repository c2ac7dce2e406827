#include <catch2/catch.hpp>
#include <string>

#include "models/storage/drbd.h"

using namespace fencepost;
using namespace fencepost::models;

namespace {

// alice and bob with one volume of 20 GiB; time passes only when the story says so.
struct Pair {
  explicit Pair(const std::string& net = "", const std::string& options = "")
      : drbd(parse_drbd("resource r0 { device /dev/drbd0; disk /dev/sdb; net {" + net + "} options {" +
                            options +
                            "} handlers { fence-peer \"/usr/lib/drbd/crm-fence-peer.9.sh\"; }"
                            " on alice { node-id 0; } on bob { node-id 1; } }",
                        "r0.res")
                 .value()
                 .resources.at(0),
             {}, sim::Stream{7}) {}

  void connected() {
    drbd.up(now, alice);
    drbd.up(now, bob);
    pass(1s);
  }
  void with_primary_alice() {
    connected();
    REQUIRE(drbd.promote(now, alice) == DrbdAnswer::done);
    drbd.write(now, alice, 0, 100, true);
  }
  void cut() { ways(false); }
  void heal() { ways(true); }
  void pass(Duration duration) {
    const SimTime end = now + duration;
    while (drbd.next() <= end) {
      now = std::max(now, drbd.next());
      drbd.advance(now);
    }
    now = end;
  }
  std::string disks(int host) const {
    return std::string(to_string(drbd.disk(host, 0))) + "/" + to_string(drbd.peer_disk(host, 1 - host, 0));
  }
  std::string link(int host) const { return to_string(drbd.link(host, 1 - host)); }

  static constexpr int alice = 0, bob = 1;
  SimTime now = kSimStart;
  Drbd drbd;

 private:
  void ways(bool open) {
    drbd.set_way(now, alice, bob, open);
    drbd.set_way(now, bob, alice, open);
  }
};

constexpr int alice = Pair::alice, bob = Pair::bob;

}  // namespace

TEST_CASE("DRBD: two hosts that come up connect and are up to date", "[drbd]") {
  Pair pair;
  pair.connected();

  CHECK(pair.link(alice) == "Connected");
  CHECK(pair.disks(alice) == "UpToDate/UpToDate");
  CHECK(pair.drbd.role(alice) == DrbdRole::secondary);
}

TEST_CASE("DRBD: a second primary is refused while connected", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();

  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::peer_is_primary);
  CHECK(pair.drbd.peer_role(bob, alice) == DrbdRole::primary);
}

TEST_CASE("DRBD: a mounted device cannot be demoted", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  REQUIRE(pair.drbd.open(alice, 0));

  CHECK(pair.drbd.demote(pair.now, alice) == DrbdAnswer::in_use);
  pair.drbd.close(alice, 0);
  CHECK(pair.drbd.demote(pair.now, alice) == DrbdAnswer::done);
}

TEST_CASE("DRBD: protocol C has every acknowledged write on both disks", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(bob, 0)) == 0);
}

TEST_CASE(
    "DRBD: under writes a dead peer is noticed after timeout, idle after ping-int and ping-timeout at most",
    "[drbd][timing]") {
  Pair busy;
  busy.with_primary_alice();
  busy.drbd.set_busy(busy.now, alice, true);
  busy.cut();
  busy.pass(5999ms);
  CHECK(busy.link(alice) == "Connected");
  CHECK(busy.drbd.writes(alice, 0) == DeviceIo::waits);
  busy.pass(101ms);  // the first write without an answer came within 100 ms
  CHECK(busy.link(alice) == "Connecting");
  CHECK(busy.drbd.writes(alice, 0) == DeviceIo::flows);
  // bob's ping-int began with the last write it received.
  busy.pass(4399ms);
  CHECK(busy.link(bob) == "Connected");
  busy.pass(1ms);
  CHECK(busy.link(bob) == "Connecting");

  Pair idle;
  idle.connected();
  idle.cut();
  idle.pass(10500ms);
  CHECK(idle.link(alice) == "Connecting");
  CHECK(idle.link(bob) == "Connecting");
}

TEST_CASE("DRBD: a cut shorter than the timeouts is not noticed", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.drbd.set_busy(pair.now, alice, true);
  pair.cut();
  pair.pass(4s);
  pair.heal();
  pair.pass(60s);
  CHECK(pair.link(alice) == "Connected");
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::flows);
}

TEST_CASE("DRBD: promotion right after the Primary died is refused once, then a ping has found it dead",
          "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.drbd.host_down(pair.now, alice);
  pair.cut();

  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::peer_is_primary);
  pair.pass(500ms);
  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
}

TEST_CASE("DRBD: a crashed Primary that comes back becomes the target of its successor", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.drbd.host_down(pair.now, alice);
  pair.cut();
  pair.pass(11s);
  REQUIRE(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  pair.drbd.write(pair.now, bob, 0, 50, true);

  pair.heal();
  pair.drbd.up(pair.now, alice);
  pair.pass(200ms);
  CHECK(pair.disks(alice) == "Inconsistent/UpToDate");
  // 100 writes heated at most 100 extents of 4 MiB, and bob wrote 50 x 8 KiB: 400 MiB + 400 KiB at c-max-rate
  // 100 MiB/s takes 4.004 s.
  pair.pass(3800ms);
  CHECK(pair.disks(alice) == "Inconsistent/UpToDate");
  pair.pass(500ms);
  CHECK(pair.disks(alice) == "UpToDate/UpToDate");
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(alice, 0)) == 0);
}

TEST_CASE("DRBD: both primaries after a partition without fencing: split brain on reconnect", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.cut();
  pair.pass(11s);
  REQUIRE(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  pair.drbd.write(pair.now, alice, 0, 10, true);
  pair.drbd.write(pair.now, bob, 0, 4, true);
  pair.drbd.changes();

  pair.heal();
  pair.pass(20s);
  CHECK(pair.link(alice) == "StandAlone");
  CHECK(pair.link(bob) == "StandAlone");
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(alice, 0)) == 4);
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(bob, 0)) == 10);
  const auto changes = pair.drbd.changes();
  CHECK(std::any_of(changes.begin(), changes.end(),
                    [](const auto& c) { return c.kind == "drbd-split-brain"; }));
}

TEST_CASE("DRBD: after-sb-0pri discard-least-changes discards acknowledged writes, and they are counted",
          "[drbd]") {
  Pair pair("after-sb-0pri discard-least-changes;");
  pair.with_primary_alice();
  pair.cut();
  pair.pass(11s);
  REQUIRE(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  pair.drbd.write(pair.now, alice, 0, 10, true);
  pair.drbd.write(pair.now, bob, 0, 4, true);
  pair.drbd.demote(pair.now, alice);
  pair.drbd.demote(pair.now, bob);

  pair.heal();
  pair.pass(20s);
  CHECK(pair.disks(bob) == "UpToDate/UpToDate");
  // bob's four acknowledged writes are gone for good, and counted.
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(bob, 0)) == 4);
}

TEST_CASE("DRBD: a Secondary that leaves a Primary in order is outdated and cannot be promoted alone",
          "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  CHECK(pair.drbd.down(pair.now, bob) == DrbdAnswer::done);
  CHECK(pair.disks(alice) == "UpToDate/Outdated");

  pair.drbd.host_down(pair.now, alice);
  pair.cut();
  pair.drbd.up(pair.now, bob);
  CHECK(pair.disks(bob) == "Outdated/DUnknown");
  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::no_up_to_date_data);
}

TEST_CASE("DRBD: the target of an interrupted resync is Inconsistent and cannot be promoted", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.cut();
  pair.pass(11s);
  pair.drbd.write(pair.now, alice, 0, 1'000'000, true);  // 7.6 GiB: 78 s at 100 MiB/s
  pair.heal();
  pair.pass(20s);
  REQUIRE(pair.disks(bob) == "Inconsistent/UpToDate");

  pair.drbd.host_down(pair.now, alice);
  pair.cut();
  pair.pass(11s);
  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::no_up_to_date_data);
}

TEST_CASE("DRBD: protocol A loses what was acknowledged while nobody had noticed the cut", "[drbd]") {
  Pair pair("protocol A;");
  pair.with_primary_alice();
  pair.cut();
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::flows);
  pair.drbd.write(pair.now, alice, 0, 25, true);
  pair.drbd.host_down(pair.now, alice);
  pair.pass(11s);

  REQUIRE(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(bob, 0)) == 25);
}

TEST_CASE("DRBD: resource-and-stonith freezes I/O until the fence-peer handler has answered",
          "[drbd][fencing]") {
  Pair pair("fencing resource-and-stonith;");
  pair.with_primary_alice();
  pair.drbd.set_busy(pair.now, alice, true);
  pair.cut();
  pair.pass(6100ms);

  REQUIRE(pair.drbd.fence_requests().size() == 1);
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::waits);
  pair.drbd.fence_peer_answered(pair.now, alice, bob, 4);
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::flows);
  CHECK(pair.disks(alice) == "UpToDate/Outdated");
}

TEST_CASE("DRBD: with fencing, a node that boots alone is only Consistent until its peer was fenced",
          "[drbd][fencing]") {
  Pair pair("fencing resource-only;");
  pair.cut();
  pair.drbd.up(pair.now, bob);
  CHECK(pair.disks(bob) == "Consistent/DUnknown");

  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::fencing_peer);
  CHECK(pair.drbd.fence_requests().size() == 1);
  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::fencing_peer);
  CHECK(pair.drbd.fence_requests().empty());  // one handler at a time
  pair.drbd.fence_peer_answered(pair.now, bob, alice, 7);
  CHECK(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  CHECK(pair.disks(bob) == "UpToDate/Outdated");
}

TEST_CASE(
    "DRBD: two nodes with quorum majority stop writing when they lose each other, not when one says goodbye",
    "[drbd][quorum]") {
  Pair lost("", "quorum majority;");
  lost.with_primary_alice();
  lost.cut();
  lost.pass(11s);
  CHECK(lost.drbd.writes(alice, 0) == DeviceIo::waits);
  CHECK(lost.drbd.promote(lost.now, bob) == DrbdAnswer::no_quorum);

  Pair goodbye("", "quorum majority;");
  goodbye.with_primary_alice();
  goodbye.drbd.down(goodbye.now, bob);
  CHECK(goodbye.drbd.writes(alice, 0) == DeviceIo::flows);
}

TEST_CASE("DRBD: a Primary whose disk fails goes on over the network, and not without a peer", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.drbd.disk_fails(pair.now, alice, 0);
  CHECK(pair.disks(alice) == "Diskless/UpToDate");
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::flows);
  pair.drbd.write(pair.now, alice, 0, 5, true);
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(bob, 0)) == 0);

  pair.cut();
  pair.pass(11s);
  CHECK(pair.drbd.reads(alice, 0) == DeviceIo::fails);
}

TEST_CASE("DRBD: a peer that does not finish writes is dropped after ko-count times timeout",
          "[drbd][timing]") {
  Pair pair;
  pair.with_primary_alice();
  pair.drbd.set_busy(pair.now, alice, true);
  pair.drbd.stall_disk(pair.now, bob, true);
  pair.pass(41999ms);  // 7 x 6 s = 42 s
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::waits);
  pair.pass(1ms);
  CHECK(pair.link(alice) == "StandAlone");
  CHECK(pair.drbd.writes(alice, 0) == DeviceIo::flows);
}

TEST_CASE("DRBD: a host that stood still finds its peer gone on without it", "[drbd]") {
  Pair pair;
  pair.with_primary_alice();
  pair.drbd.set_busy(pair.now, alice, true);
  pair.drbd.host_frozen(pair.now, bob, true);
  pair.pass(30s);
  CHECK(pair.link(alice) == "Connecting");
  CHECK(pair.link(bob) == "Connected");
  pair.drbd.write(pair.now, alice, 0, 5, true);

  pair.drbd.host_frozen(pair.now, bob, false);
  pair.pass(30s);
  CHECK(pair.disks(bob) == "UpToDate/UpToDate");
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(bob, 0)) == 0);
}

namespace {

// Both wrote after a partition: alice `a` writes, bob, who was promoted later, `b`. Then so many of them stay
// Primary, alice first, and the way is open again. Whose writes are gone: "alice", "bob", or "nobody yet".
struct Parted {
  std::int64_t a = 10, b = 4;
  int primaries = 0;
};
std::string victim(const std::string& policy, Parted parted) {
  Pair pair(policy);
  pair.with_primary_alice();
  pair.cut();
  pair.pass(11s);
  REQUIRE(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  if (parted.a > 0) pair.drbd.write(pair.now, alice, 0, parted.a, true);
  if (parted.b > 0) pair.drbd.write(pair.now, bob, 0, parted.b, true);
  if (parted.primaries < 1) pair.drbd.demote(pair.now, alice);
  if (parted.primaries < 2) pair.drbd.demote(pair.now, bob);
  pair.heal();
  pair.pass(30s);
  if (pair.link(alice) == "StandAlone" && pair.link(bob) == "StandAlone") return "nobody yet";
  const std::int64_t missing = pair.drbd.data(0).missing(pair.drbd.version(alice, 0));
  return missing == parted.a ? "alice" : missing == parted.b ? "bob" : std::to_string(missing);
}

}  // namespace

TEST_CASE("DRBD: after-sb-0pri decides between two former primaries", "[drbd]") {
  CHECK(victim("after-sb-0pri disconnect;", {}) == "nobody yet");
  CHECK(victim("after-sb-0pri discard-younger-primary;", {}) == "bob");
  CHECK(victim("after-sb-0pri discard-older-primary;", {}) == "alice");
  CHECK(victim("after-sb-0pri discard-least-changes;", {.a = 3, .b = 9}) == "alice");
  CHECK(victim("after-sb-0pri discard-least-changes;", {.a = 9, .b = 3}) == "bob");
  CHECK(victim("after-sb-0pri discard-zero-changes;", {.a = 9, .b = 3}) == "nobody yet");
}

TEST_CASE("DRBD: after-sb-1pri decides against a Secondary, or not at all", "[drbd]") {
  CHECK(victim("after-sb-1pri disconnect;", {.primaries = 1}) == "nobody yet");
  CHECK(victim("after-sb-1pri discard-secondary;", {.primaries = 1}) == "bob");
  // consensus: only if after-sb-0pri would have chosen the Secondary, too.
  CHECK(victim("after-sb-0pri discard-younger-primary; after-sb-1pri consensus;", {.primaries = 1}) == "bob");
  CHECK(victim("after-sb-0pri discard-older-primary; after-sb-1pri consensus;", {.primaries = 1}) ==
        "nobody yet");
  CHECK(victim("after-sb-0pri discard-least-changes; after-sb-1pri violently-as0p;",
               {.a = 3, .b = 9, .primaries = 1}) == "alice");
}

TEST_CASE("DRBD: discard-node-NAME names the one whose writes are gone", "[drbd]") {
  CHECK(victim("after-sb-0pri discard-node-alice;", {.a = 9, .b = 3}) == "alice");
  CHECK(victim("after-sb-0pri discard-node-bob;", {.a = 9, .b = 3}) == "bob");
}

TEST_CASE("DRBD: call-pri-lost-after-sb makes a Primary that nobody uses a Secondary, and overwrites it",
          "[drbd]") {
  CHECK(victim("after-sb-0pri discard-older-primary; after-sb-1pri call-pri-lost-after-sb;",
               {.primaries = 1}) == "alice");
  CHECK(victim("after-sb-0pri discard-younger-primary; after-sb-2pri call-pri-lost-after-sb;",
               {.primaries = 2}) == "bob");
}

TEST_CASE(
    "DRBD: a Primary in use that is to lose its data has its handler called, and loses them after a reboot",
    "[drbd]") {
  Pair pair(
      "after-sb-0pri discard-older-primary; after-sb-1pri call-pri-lost-after-sb;"
      "after-sb-2pri call-pri-lost-after-sb;");
  pair.with_primary_alice();
  REQUIRE(pair.drbd.open(alice, 0));
  pair.cut();
  pair.pass(11s);
  REQUIRE(pair.drbd.promote(pair.now, bob) == DrbdAnswer::done);
  pair.drbd.write(pair.now, alice, 0, 10, true);
  pair.drbd.write(pair.now, bob, 0, 4, true);
  pair.heal();
  pair.pass(30s);
  CHECK(pair.drbd.pri_lost_requests() == std::vector{alice});
  CHECK(pair.link(alice) == "StandAlone");
  CHECK(pair.link(bob) == "Connecting");
  CHECK(pair.drbd.role(alice) == DrbdRole::primary);  // until the handler reboots it

  pair.drbd.host_down(pair.now, alice);
  pair.drbd.up(pair.now, alice);
  pair.pass(30s);
  CHECK(pair.link(alice) == "Connected");
  CHECK(pair.drbd.data(0).missing(pair.drbd.version(alice, 0)) == 10);
  CHECK(pair.drbd.version(alice, 0) == pair.drbd.version(bob, 0));
  CHECK(pair.drbd.pri_lost_requests().empty());
}

TEST_CASE("DRBD: with two primaries that are in use, disconnect parts them", "[drbd]") {
  CHECK(victim("after-sb-0pri discard-younger-primary; after-sb-2pri disconnect;", {.primaries = 2}) ==
        "nobody yet");
}
