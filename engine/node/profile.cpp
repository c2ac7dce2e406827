#include "engine/node/profile.h"

#include <initializer_list>
#include <utility>

namespace fencepost::node {
namespace {

sim::Empirical often(std::initializer_list<std::pair<Duration, int>> values) {
  sim::Empirical result;
  for (const auto& [value, times] : values)
    result.samples.insert(result.samples.end(), static_cast<std::size_t>(times), value);
  return result;
}

// 20 of 21 lie side by side, one 75 ms above.
sim::Empirical used_by_its_start() {
  sim::Empirical result;
  for (int i = 0; i < 20; ++i) result.samples.push_back(125ms + i * 2500us);
  result.samples.push_back(225ms);
  return result;
}

}  // namespace

Profile pacemaker_profile() {
  return {
      .name = "pacemaker-2.1.5",
      .controller_start = sim::Uniform{1095ms, 1130ms},
      .join_pause = 1s,
      .looks_for_dc_before_it_reads = 22.0 / 31,
      .stack_stop = sim::Uniform{35ms, 80ms},
      .controller_respawn = sim::Uniform{50ms, 70ms},

      .controller_turn = often({{0ms, 4}, {1ms, 6}, {2ms, 5}, {3ms, 2}, {4ms, 1}, {8ms, 1}, {12ms, 1}}),
      .result_turn = sim::Uniform{500us, 1500us},
      .membership_turn = 1ms,
      .order_turn = sim::Uniform{0ms, 1ms},
      .second_notice = often({{0ms, 2}, {2ms, 4}, {4ms, 4}, {6ms, 4}}),
      .second_notice_alone = often({{0ms, 10}, {5ms, 7}}),

      .unanswered_sleep = 1s,
      .cib_answer = sim::Uniform{6ms, 16ms},
      .cib_answer_alone = often({{0ms, 1}, {10ms, 2}}),
      .cib_answer_of_loss = often({{0ms, 1}, {10ms, 12}}),
      .cib_answer_after_mark = often({{0ms, 3}, {10ms, 38}}),
      .cib_answer_after_forget = often({{0ms, 2}, {15ms, 3}}),
      .cib_answer_after_forget_idle = often({{0ms, 19}, {15ms, 1}}),
      // With the cases of tests/fidelity: none in 23 of 86 rounds of one or two nodes, in 2 of 22 of three.
      .cib_answer_after_join = often({{0ms, 23}, {20ms, 61}, {1010ms, 2}}),
      .cib_answer_after_join_of_many = often({{0ms, 2}, {20ms, 19}, {1010ms, 1}}),
      .scheduling = sim::Uniform{4ms, 12ms},
      .plan_reading = sim::Uniform{0ms, 6ms},

      .election_pause = often({{1ms, 1}, {4ms, 1}}),
      .cpu_time = used_by_its_start(),
      .cpu_time_per_plan = 10ms,
      .cpu_time_per_order = 1ms,
      .cpu_time_per_action = 3300us,
      .new_dc_takes_unknown_peers_for_stopped = true,
      .announce_turn = often({{2ms, 3}, {6ms, 10}, {10ms, 12}, {14ms, 6}, {24ms, 3}, {34ms, 3}}),
      .join_finalize = sim::Uniform{0ms, 12ms},

      .meta_data_before_start = true,
      .low_limit_for = 30s,
      .will_not_die_after = 5s,
      .unkillable_reported_after = std::nullopt,
      .executor_waits_for_cancelled = true,
      .stuck_daemon_killed = sim::Distribution{sim::Uniform{34s, 38s}},
      .controller_found_first = 2.0 / 3,

      .attribute_write = sim::Uniform{1ms, 4ms},
      .command = sim::Uniform{22ms, 30ms},
      .tool_request = sim::Uniform{6ms, 14ms},

      .fence_dispatch = sim::Uniform{3ms, 9ms},
      .fence_retry_pause = 1s,
  };
}

Profile fencepost_profile() {
  Profile profile;
  profile.name = "fencepost";
  profile.plans_on_what_is_seen = true;
  profile.will_not_die_after = 5s;
  profile.unkillable_reported_after = 1s;  // a bounded grace after the timeout
  profile.fence_retry_pause = 1s;          // the device's own limit on logins, not ours
  return profile;
}

}  // namespace fencepost::node
