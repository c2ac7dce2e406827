#include "engine/node/controller.h"

#include <utility>

#include "engine/base/assert.h"

namespace fencepost::node {
namespace {

constexpr Duration kDcDeadtime = 20s;            // dc-deadtime
constexpr Duration kShutdownEscalation = 20min;  // shutdown-escalation

}  // namespace

const char* Controller::to_string(State state) {
  switch (state) {
    case State::starting:
      return "starting";
    case State::pending:
      return "pending";
    case State::election:
      return "election";
    case State::integration:
      return "integration";
    case State::finalize_join:
      return "finalize-join";
    case State::policy_engine:
      return "policy-engine";
    case State::transition_engine:
      return "transition-engine";
    case State::idle:
      return "idle";
    case State::not_dc:
      return "not-dc";
    case State::stopping:
      return "stopping";
    case State::stopped:
      return "stopped";
  }
  return "";
}

void Controller::enter(Step& step, State state, const char* cause) {
  if (state_ == state) return;
  state_ = state;
  step.journal(ControllerState{to_string(state), cause});
}

// --- A life ---

void Controller::boot(Step& step) {
  self_ = step.self.id;
  peers_.resize(step.self.nodelist->size());
  cpus_ = step.self.cpus;
  election_.boot(step);
  step.journal(ControllerState{to_string(State::starting), "boot"});
  step.arm(TimerKind::start_controller, step.sample(step.profile.controller_start));
}

void Controller::killed(Step& step) {
  for (const TimerKind kind : {TimerKind::dc_deadtime, TimerKind::controller_inbox, TimerKind::election_won,
                               TimerKind::join_integration, TimerKind::join_finalized, TimerKind::sleep_over,
                               TimerKind::plan_made, TimerKind::plan_started, TimerKind::recheck,
                               TimerKind::load_looked_at, TimerKind::shutdown_escalation})
    step.cancel(kind);
  const Daemons daemons = on_;
  const std::vector<NodeId> members = members_;
  const bool was_quorate = quorate_;
  const std::vector<Notice> missed = std::move(missed_);
  *this = Controller{daemons};
  if (was_quorate) missed_.push_back(QuorumChanged{true});  // it is told anew, before what it missed
  missed_.insert(missed_.end(), missed.begin(), missed.end());
  self_ = step.self.id;
  peers_.resize(step.self.nodelist->size());
  cpus_ = step.self.cpus;
  members_ = members;  // the membership outlives it
  for (const NodeId member : members) peer(member).member = true;
  election_.boot(step);
  step.effects.emplace_back(LeaveGroup{});
  on_.executor->cancel_all_recurring(step);
  on_.executor->take_results();  // nobody is there to hear them
  step.journal(ControllerState{to_string(State::starting), "killed"});
  step.arm(TimerKind::start_controller, step.sample(step.profile.controller_respawn));
}

// Out of the group first: the others go on at once.
void Controller::stop(Step& step) {
  if (state_ == State::stopping || state_ == State::stopped) return;
  enter(step, State::stopping, "shutdown");
  is_dc_ = false;
  transition_.drop();
  on_.executor->cancel_all_recurring(step);
  step.effects.emplace_back(LeaveGroup{});
  step.arm(TimerKind::stop_stack, step.sample(step.profile.stack_stop));
}

// --- The main loop ---

void Controller::put(Step& step, Notice notice) {
  if (state_ == State::stopped) return;
  const auto delay_of = [&]() -> Duration {
    if (std::holds_alternative<JobResult>(notice)) return step.sample(step.profile.result_turn);
    if (std::holds_alternative<TimerFired>(notice)) return {};
    if (std::holds_alternative<Shutdown>(notice)) return {};
    if (std::holds_alternative<MembershipFormed>(notice)) return step.profile.membership_turn;
    if (const auto* group = std::get_if<GroupChanged>(&notice))
      return step.sample(group->members.size() > 1 ? step.profile.second_notice
                                                   : step.profile.second_notice_alone);
    if (const auto* message = std::get_if<FromPeer>(&notice);
        message != nullptr && std::holds_alternative<Order>(message->message->body))
      return step.sample(step.profile.order_turn);
    return step.sample(step.profile.controller_turn);
  };
  const Duration delay = delay_of();
  inbox_.put(step, delay, std::move(notice));
}

void Controller::turn(Step& step) {
  while (!asleep_ && inbox_.ready(step)) {
    const Notice notice = inbox_.take();
    handle(step, notice);
  }
  if (!asleep_) act(step);
  if (!asleep_) inbox_.arm(step);
}

struct Controller::Hear {
  Controller& c;
  Step& step;

  void operator()(const FromPeer& n) const {
    std::visit([&](const auto& body) { hear(n.from, body); }, n.message->body);
  }
  void operator()(const CibNews& n) const { c.cib_changed(step, n); }
  void operator()(const CibReplaced&) const { c.acknowledge(step); }
  void operator()(const JobResult& n) const { c.local_.result(step, n, *c.on_.executor); }
  void operator()(const MembershipFormed& n) const { c.membership(step, n); }
  void operator()(const GroupChanged& n) const { c.group(step, n); }
  void operator()(const QuorumChanged& n) const { c.quorum(step, n.quorate); }
  void operator()(const TimerFired& n) const { c.timer(step, n.timer); }
  void operator()(const Shutdown&) const { c.shut_down(step); }

  void hear(NodeId from, const Vote& m) const { c.vote(step, from, m); }
  void hear(NodeId from, const NoVote& m) const { c.election_.conceded(step, from, m, c.others()); }
  void hear(NodeId from, const JoinAnnounce&) const { c.announced(step, from); }
  void hear(NodeId from, const JoinOffer& m) const { c.offered(step, from, m); }
  void hear(NodeId from, const JoinRequest& m) const { c.requested(step, from, m); }
  void hear(NodeId from, const JoinAck& m) const { c.acknowledged(step, from, m); }
  void hear(NodeId from, const JoinConfirm& m) const { c.confirmed(step, from, m); }
  void hear(NodeId from, const JobLimit& m) const { c.peer(from).job_limit = m.jobs; }
  void hear(NodeId from, const Order& m) const {
    if (m.action->task == "do_shutdown") {
      c.shutting_down_ = true;
      c.stop_when_done_ = true;
    } else {
      c.election_.worked(step.profile.cpu_time_per_action);
      c.local_.order(step, from, m, *c.on_.executor, *c.on_.attributes, c.cib());
    }
  }
  void hear(NodeId, const OrderDone& m) const { c.order_done(step, m); }
  void hear(NodeId from, const ShutdownRequest&) const { c.shutdown_wanted(step, from); }
  void hear(NodeId, const ForgetResource& m) const { c.forget(step, m.resource); }
  void hear(NodeId, const FenceResult& m) const { c.fenced(step, m); }
  template <class Other>
  void hear(NodeId, const Other&) const {
    HA_ASSERT(false);  // messages of the other daemons do not come here
  }
};

void Controller::handle(Step& step, const Notice& notice) {
  if (state_ == State::stopping) return;
  if (!connected_ &&
      (std::holds_alternative<MembershipFormed>(notice) || std::holds_alternative<QuorumChanged>(notice))) {
    missed_.push_back(notice);  // it will be told when it asks
    return;
  }
  std::visit(Hear{*this, step}, notice);
}

// What follows once everything that happened has been heard.
void Controller::act(Step& step) {
  if (state_ == State::stopping || state_ == State::stopped) return;
  if (transition_.active()) carry_on(step);
  if (stop_when_done_ && !transition_.active()) {
    stop(step);
    return;
  }
  const bool joined =
      state_ == State::policy_engine || state_ == State::transition_engine || state_ == State::idle;
  const bool asks = is_dc_ && joined && want_plan_ && !transition_.active();
  if (asks && !planning_) ask_for_plan(step);
  if (!asks) read_properties(step);
}

void Controller::sleep(Step& step, Duration duration) {
  asleep_ = true;
  step.arm(TimerKind::sleep_over, duration);
}

// --- Timers ---

void Controller::fired(Step& step, TimerId id) {
  switch (kind_of(id)) {
    case TimerKind::controller_inbox:
      return;  // turn() follows
    case TimerKind::sleep_over:
      asleep_ = false;
      // Whatever was missed, and what it slept for.
      if (looking_for_dc_ && step.chance.chance(step.profile.looks_for_dc_before_it_reads)) look_for_dc(step);
      waking_ = true;
      while (inbox_.ready(step)) handle(step, inbox_.take());
      waking_ = false;
      if (looking_for_dc_) look_for_dc(step);
      return;
    case TimerKind::tool_request:  // the tool's, which does not sleep
      return forget_next(step);
    default:
      if (asleep_) {
        put(step, TimerFired{id});
      } else {
        timer(step, id);
      }
  }
}

void Controller::timer(Step& step, TimerId id) {
  switch (kind_of(id)) {
    case TimerKind::start_controller:
      connected_ = true;
      for (const Notice& each : std::exchange(missed_, {})) handle(step, each);
      step.effects.emplace_back(JoinGroup{});
      return;
    case TimerKind::dc_deadtime:
      if (state_ == State::pending && !dc_.valid()) call_election(step, "dc-deadtime");
      return;
    case TimerKind::election_won:
      if (election_.running()) become_dc(step);
      return;
    case TimerKind::join_integration:
      for (Peer& each : peers_) {
        if (each.join == JoinPhase::offered || each.join == JoinPhase::finalized) each.join = JoinPhase::none;
      }
      check_round(step);
      return;
    case TimerKind::join_finalized:
      if (!is_dc_ || state_ != State::finalize_join) return;
      for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (peers_[i].join != JoinPhase::integrated) continue;
        peers_[i].join = JoinPhase::finalized;
        step.send({JoinAck{NodeId{i}, round_}});
      }
      return;
    case TimerKind::join_announced:
      if (const NodeId node{which_of(id)}; is_dc_ && peer(node).active()) offer(step, node);
      return;
    case TimerKind::plan_made:
      plan_made(step);
      return;
    case TimerKind::plan_started:
      plan_started(step);
      return;
    case TimerKind::action_lost:
      action_lost(step, which_of(id));
      return;
    case TimerKind::recheck:
      if (state_ == State::idle) abort(step, Transition::kStopAll, "Periodic recheck");
      return;
    case TimerKind::load_looked_at:
      low_limit_ = false;
      step.send({JobLimit{own_job_limit()}});
      return;
    case TimerKind::stop_stack:
      state_ = State::stopped;
      step.effects.emplace_back(StopStack{StopStack::How::orderly, "shutdown"});
      return;
    case TimerKind::shutdown_escalation:
      step.effects.emplace_back(StopStack{StopStack::How::failed, "shutdown took too long"});
      return;
    default:
      HA_ASSERT(false);
  }
}

// --- Cluster properties ---

Duration Controller::property(const char* name, Duration otherwise) const {
  const std::string* text = cib::find_property(*cib().configuration, name);
  if (text == nullptr) return otherwise;
  const auto value = cib::parse_interval(*text);
  return value ? Duration{*value} : otherwise;
}

int Controller::integer_property(const char* name, int otherwise) const {
  const std::string* text = cib::find_property(*cib().configuration, name);
  if (text == nullptr) return otherwise;
  return static_cast<int>(cib::parse_integer(*text).value_or(otherwise));
}

void Controller::shut_down(Step& step) {
  if (shutting_down_) return;
  shutting_down_ = true;
  step.arm(TimerKind::shutdown_escalation, property("shutdown-escalation", kShutdownEscalation));
  if (is_dc_) {
    shutdown_wanted(step, step.self.id);
  } else if (dc_.valid()) {
    step.send({ShutdownRequest{}});
  } else {
    stop_when_done_ = true;  // nobody to ask
  }
}

void Controller::look_for_dc(Step& step) {
  looking_for_dc_ = false;
  if (state_ != State::pending || dc_.valid()) return;
  step.send({JoinAnnounce{}});
  await_dc(step);
}

// Without a DC by then, it stands for election itself.
void Controller::await_dc(Step& step) {
  step.arm(TimerKind::dc_deadtime, property("dc-deadtime", kDcDeadtime));
}

}  // namespace fencepost::node
