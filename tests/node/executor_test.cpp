#include "engine/node/executor.h"

#include <catch2/catch.hpp>
#include <map>

#include "engine/backend/recording_backend.h"
#include "engine/node/profile.h"

using namespace fencepost;
using namespace fencepost::node;
using backend::RecordingBackend;

namespace {

// One executor, and a hand that tells it what happened.
struct Workshop {
  explicit Workshop(Profile profile) {
    self.id = NodeId{0};
    self.nodelist = std::make_shared<const Nodelist>(Nodelist{{"n1", 1}});
    self.profile = std::make_shared<const Profile>(std::move(profile));
  }

  template <class What>
  void now(Duration at, What&& what) {
    Effects effects;
    Step step{{kSimStart + at, WallSeconds{1000}}, self, luck, effects};
    what(step);
    backend::perform(effects, seam.backend());
    for (JobResult& each : executor.take_results()) results.push_back(std::move(each));
  }

  void ask(Duration at, const std::string& resource, const std::string& action, Duration interval = {}) {
    AgentCommand command;
    command.type = "Dummy";
    command.resource = resource;
    command.action = action;
    command.interval = interval;
    command.timeout = 10s;
    Job job;
    job.command = std::make_shared<const AgentCommand>(std::move(command));
    now(at, [&](Step& step) { executor.request(step, std::make_shared<const Job>(std::move(job))); });
  }
  void ends(Duration at, std::size_t run, std::optional<int> rc) {
    now(at, [&](Step& step) { executor.exited(step, seam.agents.at(run).call, {rc, "", ""}); });
  }
  void overdue(Duration at, std::size_t run) {
    now(at, [&](Step& step) { executor.overdue(step, seam.agents.at(run).call); });
  }
  // Fires the only timer of a kind, and says for when it was armed.
  Duration fire(TimerKind kind) {
    for (const auto& [timer, at] : seam.timers) {
      if (kind_of(timer) != kind) continue;
      const TimerId fired = timer;
      const Duration when = at - kSimStart;
      seam.timers.erase(fired);
      now(when, [&](Step& step) { executor.fired(step, kind, which_of(fired)); });
      return when;
    }
    FAIL("no such timer");
    return {};
  }
  std::string running(std::size_t run) const {
    return seam.agents.at(run).command->resource + " " + seam.agents.at(run).command->action;
  }

  Self self;
  sim::Stream luck{1};
  RecordingBackend seam;
  Executor executor;
  std::vector<JobResult> results;
};

}  // namespace

TEST_CASE("executor: one action at a time for each resource", "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "db", "start");
  shop.ask(1s, "db", "monitor");
  shop.ask(1s, "ip", "start");
  REQUIRE(shop.seam.agents.size() == 2);
  CHECK(shop.running(0) == "db start");
  CHECK(shop.running(1) == "ip start");

  shop.ends(3s, 0, 0);
  REQUIRE(shop.seam.agents.size() == 3);
  CHECK(shop.running(2) == "db monitor");
}

TEST_CASE("executor: the interval of a recurring action counts from the end of its run", "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "db", "monitor", 20s);
  shop.ends(3s, 0, 0);
  CHECK(shop.fire(TimerKind::recurring) == 23s);
  shop.ends(53s, 1, 0);  // longer than the interval: the series shifts, runs do not overlap
  CHECK(shop.fire(TimerKind::recurring) == 73s);
  CHECK(shop.seam.agents.size() == 3);
}

TEST_CASE("executor: only the first result of a recurring action and its changes are news",
          "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "db", "monitor", 20s);
  shop.ends(1s, 0, 0);
  REQUIRE(shop.results.size() == 1);
  for (std::size_t run = 1; run <= 3; ++run) {
    const Duration at = shop.fire(TimerKind::recurring);
    shop.ends(at + 1s, run, run == 3 ? 7 : 0);
  }
  REQUIRE(shop.results.size() == 2);
  CHECK(shop.results[1].rc == 7);
  CHECK(shop.results[1].repeat);
}

TEST_CASE("executor: a run past its timeout is killed and reported when it is gone", "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "db", "stop");
  shop.overdue(10s, 0);
  CHECK(shop.seam.agents[0].killed);
  CHECK(shop.results.empty());
  shop.ends(10s + 1ms, 0, std::nullopt);
  REQUIRE(shop.results.size() == 1);
  CHECK(shop.results[0].status == OpStatus::timeout);
  CHECK(shop.results[0].exit_reason == "Resource agent did not complete within 10s");
}

TEST_CASE("executor: Pacemaker's habit is to wait for a process that does not die", "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "db", "monitor");
  shop.overdue(10s, 0);
  CHECK(shop.fire(TimerKind::will_not_die) == 15s);
  CHECK(shop.results.empty());
  CHECK(std::holds_alternative<ProcessWillNotDie>(shop.seam.journal.back()));
  shop.ends(80s, 0, std::nullopt);
  REQUIRE(shop.results.size() == 1);
  CHECK(shop.results[0].status == OpStatus::timeout);
}

TEST_CASE("executor: our habit is to report a process that does not die, and to go on", "[node][executor]") {
  Workshop shop{fencepost_profile()};
  shop.ask(0s, "db", "monitor");
  shop.ask(1s, "db", "stop");
  shop.overdue(10s, 0);
  CHECK(shop.fire(TimerKind::unkillable) == 11s);
  REQUIRE(shop.results.size() == 1);
  CHECK(shop.results[0].status == OpStatus::timeout);
  REQUIRE(shop.seam.agents.size() == 2);
  CHECK(shop.running(1) == "db stop");
  shop.ends(80s, 0, std::nullopt);  // nobody waits for it any more
  CHECK(shop.results.size() == 1);
}

TEST_CASE("executor: cancelling kills a run in flight, and what comes next begins at once",
          "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "db", "monitor", 20s);
  shop.ask(5s, "db", "stop");
  shop.now(5s, [&](Step& step) { shop.executor.cancel_recurring(step, "db"); });
  CHECK(shop.seam.agents[0].killed);
  REQUIRE(shop.results.size() == 1);
  CHECK(shop.results[0].status == OpStatus::cancelled);

  shop.ends(5s + 1ms, 0, std::nullopt);
  REQUIRE(shop.seam.agents.size() == 2);
  CHECK(shop.running(1) == "db stop");
  CHECK(shop.results.size() == 1);
}

TEST_CASE("executor: a cancelled process that does not die stops Pacemaker's executor", "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  shop.ask(0s, "fs", "monitor", 20s);
  shop.now(5s, [&](Step& step) { shop.executor.cancel_recurring(step, "fs"); });
  CHECK(shop.executor.stuck());
  shop.ask(6s, "ip", "stop");
  CHECK(shop.seam.agents.size() == 1);  // nothing else runs, whatever it has to do with fs

  SECTION("until the process is gone") {
    shop.ends(30s, 0, std::nullopt);
    REQUIRE(shop.seam.agents.size() == 2);
    CHECK(shop.running(1) == "ip stop");
  }
  SECTION("until the supervisor kills the executor, which fails what it had to do") {
    shop.now(40s, [&](Step& step) { shop.executor.respawn(step); });
    REQUIRE(shop.results.size() == 2);
    CHECK(shop.results[1].job->command->resource == "ip");
    CHECK(shop.results[1].status == OpStatus::error);
  }
}

TEST_CASE("executor: a fence device is probed by whether it was started here", "[node][executor]") {
  Workshop shop{pacemaker_profile()};
  const auto ask = [&](Duration at, const std::string& action) {
    AgentCommand command;
    command.standard = AgentClass::stonith;
    command.type = "fence_ipmilan";
    command.resource = "fence1";
    command.action = action;
    command.timeout = 10s;
    Job job;
    job.command = std::make_shared<const AgentCommand>(std::move(command));
    shop.now(at,
             [&](Step& step) { shop.executor.request(step, std::make_shared<const Job>(std::move(job))); });
  };
  ask(0s, "monitor");
  CHECK(shop.results.back().rc == 7);
  ask(1s, "start");
  REQUIRE(shop.seam.agents.size() == 1);  // it asks the device
  shop.ends(2s, 0, 0);
  CHECK(shop.executor.device_started("fence1"));
  ask(3s, "monitor");
  CHECK(shop.results.back().rc == 0);
}
