// The rules of the design's first page, and what follows from them for whole nodes.
#include "stack.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

using namespace fencepost;
using namespace fencepost::tests;

namespace {

// When something was first told, after the given time; never: not at all.
SimTime told(const backend::TinyCluster& cluster, const std::string& text, SimTime after = kSimStart) {
  for (const std::string& line : cluster.story()) {
    const std::size_t blank = line.find(' ');
    const SimTime at = kSimStart + std::chrono::duration_cast<Duration>(
                                       std::chrono::duration<double>(std::stod(line.substr(0, blank))));
    if (at + 1ms > after && line.find(text, blank) != std::string::npos) return at;
  }
  return kNever;
}

// Whether these were told in this order.
bool in_order(const backend::TinyCluster& cluster, const std::vector<std::string>& texts, SimTime after) {
  SimTime at = after;
  for (const std::string& text : texts) {
    at = told(cluster, text, at);
    if (at == kNever) {
      UNSCOPED_INFO("not told in its place: " << text);
      return false;
    }
  }
  return true;
}

std::string fail_count(const backend::TinyCluster& cluster, const std::string& node,
                       const std::string& name) {
  const cib::NodeState* state = cib::find_node_state(cluster.cib(cluster.dc()).status, node);
  for (const cib::NvpairBlock& block : state->transient_attributes) {
    if (const std::string* value = block.find("fail-count-" + name)) return *value;
  }
  return "none";
}

struct Told {
  explicit Told(const backend::TinyCluster& cluster) : cluster_(cluster) {}
  ~Told() {
    if (std::getenv("STORY") != nullptr)
      for (const std::string& line : cluster_.story()) std::puts(line.c_str());
  }
  const backend::TinyCluster& cluster_;
};

}  // namespace

TEST_CASE("stack: everything starts where it is wanted", "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  CHECK(cluster.role("n1", "drbd") == "Promoted");
  CHECK(cluster.role("n2", "drbd") == "Started");
  for (const std::string resource : {"fs", "ip", "db"}) CHECK(cluster.where(resource) == "n1");
  CHECK(cluster.cib("n1") == cluster.cib("n2"));
}

TEST_CASE("stack: monitors that find what they expect cause nothing", "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  const std::size_t before = cluster.story().size();
  const std::int64_t updates = cluster.cib("n1").version.num_updates;
  cluster.run_for(10min);
  CHECK(cluster.story().size() == before);
  CHECK(cluster.cib("n1").version.num_updates == updates);
}

TEST_CASE("stack: a monitor that finds nothing running has it started again", "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime broken = cluster.now();
  cluster.break_resource("n1", "fs");
  cluster.run_for(20s);
  CHECK(in_order(
      cluster,
      {"fs monitor_4000 7", "db stop 0", "ip stop 0", "fs stop 0", "fs start 0", "ip start 0", "db start 0"},
      broken));
  CHECK(cluster.where("db") == "n1");
  CHECK(fail_count(cluster, "n1", "fs#monitor_4000") == "1");
}

TEST_CASE("stack: a monitor past its timeout has the resource stopped cleanly and started", "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime broken = cluster.now();
  cluster.agent("n1", "ip", "monitor") = {.times = 1, .hangs = true};
  cluster.run_for(30s);
  CHECK(in_order(cluster, {"ip monitor_3000 timed-out", "db stop 0", "ip stop 0", "ip start 0", "db start 0"},
                 broken));
  CHECK(told(cluster, "fence n1 requested", broken) == kNever);
}

TEST_CASE("stack: with migration-threshold 1 a failed monitor moves the stack", "[node][stack]") {
  RunningStack cluster{{.defaults = nv("migration-threshold", "1")}};
  const Told story{cluster};
  cluster.agent("n1", "ip", "monitor") = {.times = 1, .hangs = true};
  cluster.run_for(30s);
  CHECK(cluster.where("db") == "n2");
  CHECK(cluster.role("n2", "drbd") == "Promoted");
  CHECK(cluster.role("n1", "drbd") == "Started");
}

TEST_CASE("stack: a failed start is tried elsewhere", "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.agent("n1", "db", "start") = {.rc = 1};
  cluster.break_resource("n1", "db");
  cluster.run_for(30s);
  CHECK(cluster.where("db") == "n2");
  CHECK(fail_count(cluster, "n1", "db#start_0") == "INFINITY");
}

TEST_CASE("stack: a stop past its timeout has the node fenced, then its services start elsewhere",
          "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime broken = cluster.now();
  cluster.agent("n1", "db", "stop") = {.hangs = true};
  cluster.break_resource("n1", "db");
  cluster.run_for(40s);
  REQUIRE(in_order(cluster,
                   {"db stop timed-out", "fence n1 requested", "device fence1 reboot n1 0", "drbd promote 0",
                    "fs start 0", "ip start 0", "db start 0"},
                   broken));
  CHECK(cluster.where("db") == "n2");
  CHECK(cluster.is_up("n1"));  // it was switched on again, and joined
  CHECK(cluster.role("n1", "drbd") == "Started");
}

TEST_CASE("stack: a crashed node is fenced before anything starts elsewhere", "[node][stack]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime crash = cluster.now();
  cluster.fenced_nodes_boot = false;
  cluster.fence_device("fence1").takes = 10s;
  cluster.power_off("n1");
  cluster.run_for(40s);
  const SimTime fenced = told(cluster, "device fence1 reboot n1 0", crash);
  REQUIRE(fenced != kNever);
  CHECK(told(cluster, "drbd promote 0", crash) > fenced);
  CHECK(cluster.where("db") == "n2");
  CHECK(told(cluster, "fence n1 requested", crash) - crash <
        4200ms);  // membership 2 s, then up to two sleeps
}

TEST_CASE("stack: our own habits request the fence at once", "[node][stack]") {
  RunningStack cluster{{}, node::fencepost_profile()};
  const Told story{cluster};
  const SimTime crash = cluster.now();
  cluster.fenced_nodes_boot = false;
  cluster.power_off("n1");
  cluster.run_for(40s);
  CHECK(told(cluster, "fence n1 requested", crash) - crash < 2100ms);  // 2 s of membership
  CHECK(cluster.where("db") == "n2");
}

TEST_CASE("stack: a fence device that fails is tried again after a second, then asked anew",
          "[node][fencing]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime crash = cluster.now();
  cluster.fenced_nodes_boot = false;
  cluster.fence_device("fence1") = {.takes = 300ms, .rc = 1, .times = 3};
  cluster.power_off("n1");
  cluster.run_for(40s);
  std::vector<SimTime> tries;
  for (const auto& [line, entry] : cluster.all<node::FenceDeviceStarted>())
    if (line.at > crash) tries.push_back(line.at);
  REQUIRE(tries.size() == 4);
  CHECK(tries[1] - tries[0] == 1300ms);
  CHECK(tries[2] - tries[1] < 400ms);  // a new operation, without a pause
  CHECK(tries[3] - tries[2] == 1300ms);
  CHECK(cluster.where("db") == "n2");
}

TEST_CASE("stack: after ten failed operations the DC gives up until something else happens",
          "[node][fencing]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.fence_device("fence1") = {.takes = 300ms, .rc = 1};
  cluster.power_off("n1");
  cluster.run_for(60s);
  CHECK(cluster.all<node::FenceDeviceStarted>().size() == 20);
  CHECK(cluster.where("db").empty());

  cluster.fence_device("fence1") = {};
  cluster.fenced_nodes_boot = false;
  cluster.command("n2", node::SetProperty{"cluster-name", "again"});
  cluster.run_for(20s);
  CHECK(cluster.where("db") == "n2");
}

TEST_CASE("stack: a hanging fence agent is killed at stonith-timeout and not tried twice",
          "[node][fencing]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime crash = cluster.now();
  cluster.fenced_nodes_boot = false;
  cluster.fence_device("fence1") = {.times = 1, .hangs = true};
  cluster.power_off("n1");
  cluster.run_for(40s);
  std::vector<SimTime> tries;
  for (const auto& [line, entry] : cluster.all<node::FenceDeviceStarted>())
    if (line.at > crash) tries.push_back(line.at);
  REQUIRE(tries.size() == 2);
  CHECK(tries[1] - tries[0] > 10s);
  CHECK(tries[1] - tries[0] < 10100ms);
}

TEST_CASE("stack: pcmk_delay_base holds a fence back", "[node][fencing]") {
  RunningStack cluster{{.fence1 = nv("pcmk_delay_base", "5s")}};
  const Told story{cluster};
  const SimTime crash = cluster.now();
  cluster.fenced_nodes_boot = false;
  cluster.power_off("n1");
  cluster.run_for(40s);
  const Duration held =
      told(cluster, "device fence1 reboot n1 0", crash) - told(cluster, "fence n1 requested", crash);
  CHECK(held > 5s);
  CHECK(held < 5100ms);
}

TEST_CASE("stack: a node that shuts down is emptied first and not fenced", "[node][shutdown]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime order = cluster.now();
  cluster.command("n1", node::Shutdown{});
  cluster.run_for(30s);
  CHECK_FALSE(cluster.is_up("n1"));
  CHECK(cluster.where("db") == "n2");
  CHECK(told(cluster, "fence n1 requested", order) == kNever);

  cluster.boot("n1");
  cluster.run_for(20s);
  CHECK(cluster.role("n1", "drbd") == "Started");
  CHECK(cluster.where("db") == "n2");
  CHECK(cluster.cib("n1") == cluster.cib("n2"));
}

TEST_CASE("stack: standby moves everything, and unstandby brings the copy back", "[node][commands]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.command("n1", node::SetStandby{"n1", true, false});
  cluster.run_for(20s);
  CHECK(cluster.where("db") == "n2");
  CHECK(cluster.role("n1", "drbd") == "Stopped");
  cluster.command("n1", node::SetStandby{"n1", false, false});
  cluster.run_for(20s);
  CHECK(cluster.role("n1", "drbd") == "Started");
}

TEST_CASE("stack: maintenance mode cancels monitors; leaving it finds what broke", "[node][commands]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.command("n1", node::SetProperty{"maintenance-mode", "true"});
  cluster.run_for(5s);
  cluster.break_resource("n1", "ip");
  cluster.run_for(30s);
  CHECK(cluster.role("n1", "ip") == "Stopped");
  cluster.command("n1", node::SetProperty{"maintenance-mode", "false"});
  cluster.run_for(20s);
  CHECK(cluster.where("ip") == "n1");
  CHECK(cluster.where("db") == "n1");
}

TEST_CASE("stack: target-role stops and starts one resource", "[node][commands]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.command("n2", node::SetResourceMeta{"db", "target-role", "Stopped"});
  cluster.run_for(10s);
  CHECK(cluster.where("db").empty());
  CHECK(cluster.where("ip") == "n1");
  cluster.command("n2", node::SetResourceMeta{"db", "target-role", "Started"});
  cluster.run_for(10s);
  CHECK(cluster.where("db") == "n1");
}

TEST_CASE("stack: a ban moves the stack away, clearing it leaves it where it is", "[node][commands]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.command("n1", node::BanResource{"app", "n1", false, std::nullopt});
  cluster.run_for(20s);
  CHECK(cluster.where("db") == "n2");
  cluster.command("n1", node::ClearResource{"app", ""});
  cluster.run_for(20s);
  CHECK(cluster.where("db") == "n2");
}

TEST_CASE("stack: cleanup forgets failures and probes again", "[node][commands]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.break_resource("n1", "fs");
  cluster.run_for(20s);
  REQUIRE(fail_count(cluster, "n1", "fs#monitor_4000") == "1");
  const SimTime order = cluster.now();
  cluster.command("n1", node::CleanupResource{"fs", ""});
  cluster.run_for(20s);
  CHECK(fail_count(cluster, "n1", "fs#monitor_4000") == "none");
  CHECK(in_order(cluster, {"fs monitor 0", "fs monitor_4000 0"}, order));
  CHECK(cluster.where("db") == "n1");
}

TEST_CASE("stack: a DC asks for changed properties when it does not sleep, and then it sleeps for them",
          "[node][commands]") {
  // How long after the order to forget fs, which runs on the DC, it is probed.
  const auto probed_after = [](Duration forgetting, Duration reading) {
    node::Profile profile = node::pacemaker_profile();
    profile.cib_answer_after_forget = sim::Constant{forgetting};
    profile.cib_answer_after_mark = sim::Constant{reading};
    profile.tool_request = sim::Constant{1ms};  // the mark comes before there is a plan
    RunningStack cluster{{}, profile};
    const SimTime order = cluster.now();
    cluster.command("n1", node::RefreshResource{"fs", ""});
    cluster.run_for(10s);
    return told(cluster, "n1 fs monitor 0", order) - order;
  };
  const Duration none = probed_after(0ms, 0ms);
  CHECK(none < 500ms);
  CHECK(probed_after(0ms, 10ms) > none + 900ms);
  CHECK(probed_after(0ms, 10ms) < none + 1200ms);
  CHECK(probed_after(15ms, 10ms) > none + 1900ms);
  CHECK(probed_after(15ms, 10ms) < none + 2200ms);
}

TEST_CASE("stack: a fail count expires after failure-timeout", "[node][timers]") {
  RunningStack cluster{{.defaults = nv("failure-timeout", "30s")}};
  const Told story{cluster};
  cluster.break_resource("n1", "fs");
  cluster.run_for(15s);
  REQUIRE(fail_count(cluster, "n1", "fs#monitor_4000") == "1");
  cluster.run_for(40s);
  CHECK(fail_count(cluster, "n1", "fs#monitor_4000") == "none");
  CHECK(cluster.where("db") == "n1");
}

TEST_CASE("stack: a controller that is killed comes back and finds everything running", "[node][daemons]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime killed = cluster.now();
  cluster.daemon_dies("n2", node::DaemonDied::Daemon::controller);
  cluster.run_for(30s);
  CHECK(told(cluster, "fence n2 requested", killed) == kNever);
  CHECK(cluster.dc() == "n1");
  CHECK(cluster.where("db") == "n1");
  CHECK(cluster.role("n2", "drbd") == "Started");
  CHECK(cluster.cib("n1") == cluster.cib("n2"));
}

TEST_CASE("stack: a controller that is killed again before it is back still hears of quorum",
          "[node][daemons]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime killed = cluster.now();
  for (const Duration after : {0ms, 30ms}) {
    cluster.run_for(after);
    for (const char* node : {"n1", "n2"}) cluster.daemon_dies(node, node::DaemonDied::Daemon::controller);
  }
  cluster.run_for(60s);
  CHECK(told(cluster, "db stop 0", killed) == kNever);
  CHECK(cluster.where("db") == "n1");
}

TEST_CASE("stack: a DC whose scheduler was killed gives up when it next needs a plan", "[node][daemons]") {
  RunningStack cluster;
  const Told story{cluster};
  cluster.daemon_dies("n1", node::DaemonDied::Daemon::scheduler);
  cluster.run_for(10s);
  CHECK(cluster.dc() == "n1");  // it has planned nothing since
  cluster.break_resource("n1", "ip");
  cluster.run_for(60s);
  CHECK(cluster.dc() == "n2");
  CHECK(cluster.where("db") == cluster.where("ip"));
  CHECK_FALSE(cluster.where("ip").empty());
}

TEST_CASE("stack: a DC that does not sleep after a loss plans with it all the same", "[node][fencing]") {
  node::Profile awake = node::pacemaker_profile();
  awake.cib_answer_alone = sim::Constant{};
  awake.second_notice_alone = sim::Constant{};
  RunningStack cluster{{}, awake};
  const Told story{cluster};
  const SimTime lost = cluster.now();
  cluster.power_off("n2");
  cluster.run_for(10s);
  CHECK(told(cluster, "fence n2 requested", lost) < lost + 3s);
}

TEST_CASE("stack: a node that has joined when the DC hears it ask for one joins once more", "[node][join]") {
  // How often n2 finds its DC when it boots.
  const auto found = [](Duration heard_after) {
    node::Profile profile = node::pacemaker_profile();
    profile.looks_for_dc_before_it_reads = 1;
    profile.announce_turn = sim::Constant{heard_after};
    profile.join_finalize = sim::Constant{};
    RunningStack cluster{{}, profile};
    const SimTime lost = cluster.now();
    cluster.power_off("n2");
    cluster.run_for(40s);
    CHECK(cluster.role("n2", "drbd") == "Started");
    CHECK(cluster.cib("n1") == cluster.cib("n2"));
    int times = 0;
    for (const auto& [line, change] : cluster.all<node::DcChanged>())
      times += line.at > lost && line.node == "n2" && change.dc == "n1";
    return times;
  };
  CHECK(found(0ms) == 1);
  CHECK(found(50ms) == 2);
}

namespace {

// The controller of n2, the DC, has just been killed, while n1 runs everything; a message takes a fifth of a
// second.
struct Reunion : backend::TinyCluster {
  explicit Reunion(Duration phase)
      : TinyCluster({.nodes = {"n1", "n2"},
                     .cib = stack(),
                     .profile = node::fencepost_profile(),
                     .message_delay = 200ms,
                     .two_node = true}) {
    boot("n2");
    REQUIRE(run_until(30s, [this] { return dc() == "n2"; }));
    if (!is_up("n1")) boot("n1");
    REQUIRE(run_until(90s, [this] { return where("db") == "n1" && role("n2", "drbd") == "Started"; }));
    REQUIRE(dc() == "n2");
    run_for(5s + phase);
    daemon_dies("n2", node::DaemonDied::Daemon::controller);
  }
  // When the DC last heard what has run on n1.
  SimTime heard_of_n1() const {
    SimTime at = kSimStart;
    for (const auto& [line, change] : all<node::PeerChanged>())
      if (change.peer == "n1" && change.state == node::PeerChanged::State::join_done) at = line.at;
    return at;
  }
};

}  // namespace

TEST_CASE("stack: a failure that is found while its node joins once more is not lost", "[node][join]") {
  Reunion pilot{0ms};
  const SimTime killed = pilot.now();
  pilot.run_for(30s);
  const Duration until_heard = pilot.heard_of_n1() - killed;
  REQUIRE(until_heard > 500ms);
  // ip's monitor comes every 3 s: one of these ends between what n1 tells of itself and what the DC writes of
  // it.
  for (Duration phase = 0ms; phase < 3s; phase += 100ms) {
    INFO("killed " << phase / 1ms << " ms later");
    Reunion cluster{phase};
    cluster.run_for(until_heard - 500ms);
    cluster.break_resource("n1", "ip");
    cluster.run_for(60s);
    CHECK(cluster.role("n1", "ip") == "Started");
    CHECK(cluster.where("db") == "n1");
  }
}

TEST_CASE("stack: a monitor stuck in the kernel is reported only when it is let go", "[node][unkillable]") {
  RunningStack cluster;
  const Told story{cluster};
  const SimTime broken = cluster.now();
  cluster.agent("n1", "fs", "monitor") = {.times = 1, .unkillable = true};
  cluster.run_for(60s);
  CHECK(told(cluster, "fs monitor will not die", broken) != kNever);
  CHECK(told(cluster, "fs monitor_4000 timed-out", broken) == kNever);
  const SimTime freed = cluster.now();
  cluster.let_go();
  cluster.run_for(20s);
  CHECK(in_order(cluster, {"fs monitor_4000 timed-out", "db stop 0", "fs start 0"}, freed));
}

TEST_CASE("stack: with our own habits a monitor stuck in the kernel leads to a recovery",
          "[node][unkillable]") {
  RunningStack cluster{{}, node::fencepost_profile()};
  const Told story{cluster};
  const SimTime broken = cluster.now();
  cluster.agent("n1", "fs", "monitor") = {.times = 1, .unkillable = true};
  cluster.agent("n1", "fs", "stop") = {.unkillable = true};
  cluster.run_for(60s);
  CHECK(in_order(cluster,
                 {"fs monitor_4000 timed-out", "fs stop timed-out", "fence n1 requested", "db start 0"},
                 broken));
  CHECK(cluster.where("db") == "n2");
}

TEST_CASE("stack: two halves of a cluster of two shoot, and one of them lives", "[node][partition]") {
  RunningStack cluster{{.fence1 = nv("pcmk_delay_base", "10s")}};
  const Told story{cluster};
  cluster.fenced_nodes_boot = false;
  cluster.partition({{"n1"}, {"n2"}});
  cluster.run_for(30s);
  CHECK(cluster.is_up("n1"));
  CHECK_FALSE(cluster.is_up("n2"));
  CHECK(cluster.where("db") == "n1");
}
