// What the parts of a node share while it takes one event: the time, and where to put what is to be done.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/node/effect.h"
#include "engine/node/event.h"
#include "engine/node/message.h"
#include "engine/node/node.h"
#include "engine/node/profile.h"
#include "engine/sim/random.h"

namespace fencepost::node {

// What a timer is for. The rest of its number says which one of the kind.
enum class TimerKind : std::uint8_t {
  start_controller,
  look_for_dc,
  dc_deadtime,
  controller_inbox,
  election_won,
  election_lost,
  join_integration,
  join_finalized,
  join_announced,
  sleep_over,
  plan_made,
  plan_started,
  action_lost,
  recheck,
  load_looked_at,
  stop_stack,
  shutdown_escalation,
  recurring,
  will_not_die,
  unkillable,
  start_delay,
  stuck_daemon,
  attribute,
  command,
  tool_request,
  fence_query,
  fence_dispatch,
  fence_delay,
  fence_retry,
  fence_total,
  fence_watchdog,
};

constexpr TimerId timer_id(TimerKind kind, std::uint64_t which = 0) {
  return TimerId{(static_cast<std::uint64_t>(kind) << 56) | which};
}
constexpr TimerKind kind_of(TimerId timer) { return static_cast<TimerKind>(timer.value >> 56); }
constexpr std::uint64_t which_of(TimerId timer) { return timer.value & ((std::uint64_t{1} << 56) - 1); }

// Who this node is. Does not change.
struct Self {
  NodeId id;
  std::shared_ptr<const Nodelist> nodelist;
  std::shared_ptr<const Profile> profile;
  int cpus = 2;
  bool journal_repeats = false;
  Duration watchdog_timeout{};

  const std::string& name() const { return (*nodelist)[id.index()].name; }
  const std::string& name(NodeId node) const { return (*nodelist)[node.index()].name; }
  std::string uuid(NodeId node) const { return std::to_string((*nodelist)[node.index()].corosync_id); }
  std::string uuid() const { return uuid(id); }
  // Not valid if no cluster node has that name.
  NodeId find(std::string_view name) const;
};

class Step {
 public:
  Step(Now at, const Self& who, sim::Stream& luck, Effects& out)
      : now(at), self(who), profile(*who.profile), chance(luck), effects(out) {}

  void send(Message message) {
    effects.emplace_back(SendMessage{std::make_shared<const Message>(std::move(message))});
  }
  void change_cib(std::vector<CibChange> changes) {
    if (!changes.empty()) send({ChangeCib{std::move(changes)}});
  }
  void change_cib(CibChange&& change) {
    std::vector<CibChange> changes;
    changes.push_back(std::move(change));
    change_cib(std::move(changes));
  }
  void arm(TimerId timer, SimTime at) { effects.emplace_back(ArmTimer{timer, at}); }
  void arm(TimerKind kind, Duration in, std::uint64_t which = 0) {
    arm(timer_id(kind, which), now.time + in);
  }
  void cancel(TimerKind kind, std::uint64_t which = 0) {
    effects.emplace_back(CancelTimer{timer_id(kind, which)});
  }
  void journal(JournalEntry entry) { effects.emplace_back(Journal{std::move(entry)}); }
  Duration sample(const sim::Distribution& distribution) { return sim::sample(distribution, chance); }

  const Now now;
  const Self& self;
  const Profile& profile;
  sim::Stream& chance;
  Effects& effects;
};

inline NodeId Self::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < nodelist->size(); ++i) {
    if ((*nodelist)[i].name == wanted) return NodeId{i};
  }
  return {};
}

}  // namespace fencepost::node
