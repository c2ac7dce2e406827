#include "engine/node/transition.h"

#include <catch2/catch.hpp>

#include "engine/node/profile.h"

using namespace fencepost;
using namespace fencepost::node;

namespace {

// A plan by hand: actions named by what they do, each with what it waits for.
struct Plan {
  std::size_t add(const std::string& task, const std::string& node, std::vector<std::size_t> after = {},
                  int priority = 0) {
    policy::Action action;
    action.id = static_cast<std::uint32_t>(graph().actions.size() + 1);
    action.kind = node.empty()        ? policy::ActionKind::pseudo
                  : task == "stonith" ? policy::ActionKind::cluster
                                      : policy::ActionKind::resource_op;
    action.task = task;
    action.node = node;
    graph().actions.push_back(action);
    graph().synapses.push_back({priority, graph().actions.size() - 1, std::move(after)});
    return graph().actions.size() - 1;
  }
  policy::TransitionGraph& graph() { return decision.graph; }

  policy::Decision decision;
};

struct Run {
  explicit Run(Plan plan, int limit = 100) : jobs(limit) {
    transition.begin(step, 0, std::make_shared<const policy::Decision>(std::move(plan.decision)));
  }
  std::vector<std::size_t> fire() {
    return transition.fire([this](const std::string&) { return jobs; });
  }
  TransitionEnded end() {
    transition.end(step);
    return std::get<TransitionEnded>(std::get<Journal>(effects.back()).entry);
  }

  int jobs;
  Self self{.id = NodeId{0},
            .nodelist = std::make_shared<const Nodelist>(Nodelist{{"n1", 1}}),
            .profile = std::make_shared<const Profile>(fencepost_profile())};
  sim::Stream luck{1};
  Effects effects;
  Step step{{kSimStart, {}}, self, luck, effects};
  Transition transition;
};

using Fired = std::vector<std::size_t>;

}  // namespace

TEST_CASE("transition: an action waits for all of its inputs", "[node][transition]") {
  Plan plan;
  const auto fence = plan.add("stonith", "n2");
  const auto promote = plan.add("promote", "n1");
  const auto both = plan.add("all_ready", "", {fence, promote});
  const auto start = plan.add("start", "n1", {both});
  Run run{plan};
  CHECK(run.fire() == Fired{fence, promote});
  run.transition.confirm(promote, true);
  CHECK(run.fire() == Fired{});
  run.transition.confirm(fence, true);
  CHECK(run.fire() == Fired{start});  // the pseudo-action between needs nobody
  run.transition.confirm(start, true);
  CHECK(run.fire() == Fired{});
  REQUIRE(run.transition.finished());
  CHECK(run.end().completed == 4);
}

TEST_CASE("transition: notifications follow a demotion that failed, promotions elsewhere do not",
          "[node][transition]") {
  Plan plan;
  const auto demote = plan.add("demote", "n1");
  const auto demoted = plan.add("demoted", "", {demote}, Transition::kStopAll);
  const auto notify = plan.add("notify", "n2", {demoted}, Transition::kStopAll);
  plan.add("promote", "n2", {demote});
  Run run{plan};
  CHECK(run.fire() == Fired{demote});
  run.transition.failed(demote);
  run.transition.abort(Transition::kStopAll);
  CHECK(run.fire() == Fired{notify});
  run.transition.confirm(notify, true);
  REQUIRE(run.transition.finished());
}

TEST_CASE("transition: what waits for a failed action is never begun", "[node][transition]") {
  Plan plan;
  const auto stop = plan.add("stop", "n1");
  plan.add("start", "n2", {stop});
  Run run{plan};
  run.fire();
  run.transition.confirm(stop, false);
  CHECK(run.fire() == Fired{});
  REQUIRE(run.transition.finished());
  const TransitionEnded ended = run.end();
  CHECK(ended.status == TransitionEnded::Status::complete);
  CHECK(ended.incomplete == 2);
}

TEST_CASE("transition: an abort lets what is on its way finish, and post-notifications go out",
          "[node][transition]") {
  Plan plan;
  const auto promote = plan.add("promote", "n1");
  const auto notify = plan.add("notify", "n1", {promote}, Transition::kStopAll);
  plan.add("start", "n1", {promote});
  Run run{plan};
  run.fire();
  run.transition.abort(Transition::kStopAll);
  CHECK(run.fire() == Fired{});
  CHECK_FALSE(run.transition.finished());
  run.transition.confirm(promote, true);
  CHECK(run.fire() == Fired{notify});
  run.transition.confirm(notify, true);
  run.fire();
  REQUIRE(run.transition.finished());
  const TransitionEnded ended = run.end();
  CHECK(ended.status == TransitionEnded::Status::stopped);
  CHECK(ended.skipped == 1);
}

TEST_CASE("transition: a node gets no more jobs than its limit, fencing not counted", "[node][transition]") {
  Plan plan;
  const auto first = plan.add("monitor", "n1");
  const auto second = plan.add("monitor", "n1");
  const auto third = plan.add("monitor", "n1");
  const auto elsewhere = plan.add("monitor", "n2");
  const auto fence = plan.add("stonith", "n1");
  Run run{plan, 2};
  CHECK(run.fire() == Fired{first, second, elsewhere, fence});
  run.transition.confirm(second, true);
  CHECK(run.fire() == Fired{third});
}

TEST_CASE("transition: batch-limit holds for all nodes together", "[node][transition]") {
  Plan plan;
  plan.graph().batch_limit = "2";
  for (int i = 0; i < 3; ++i) plan.add("monitor", "n" + std::to_string(i));
  Run run{plan};
  CHECK(run.fire().size() == 2);
  run.transition.confirm(0, true);
  CHECK(run.fire().size() == 1);
}

TEST_CASE("transition: an answer counts once", "[node][transition]") {
  Plan plan;
  const auto start = plan.add("start", "n1");
  Run run{plan};
  run.fire();
  CHECK(run.transition.confirm(start, true));
  CHECK_FALSE(run.transition.confirm(start, false));
  CHECK(run.end().completed == 1);
}
