// Asking for a plan, and carrying it out.
#include <algorithm>
#include <utility>

#include "engine/base/assert.h"
#include "engine/node/controller.h"
#include "engine/policy/keep.h"
#include "engine/policy/snapshot.h"

namespace fencepost::node {
namespace {

constexpr Duration kClusterDelay = 60s;       // cluster-delay
constexpr Duration kStonithTimeout = 60s;     // stonith-timeout
constexpr Duration kRecheckInterval = 15min;  // cluster-recheck-interval

Duration parsed(const std::string& text, Duration otherwise) {
  const auto value = cib::parse_interval(text);
  return value ? Duration{*value} : otherwise;
}

ActionName name_of(const policy::Action& action) {
  return {action.node, action.resource.id, action.task, std::chrono::milliseconds(action.interval_ms)};
}

std::uint64_t action_timer(int transition, std::size_t index) {
  return (static_cast<std::uint64_t>(transition & 0xffffff) << 24) | index;
}

std::string reason_of_fencing(const policy::Decision& decision, const std::string& target) {
  for (const policy::Change& change : decision.changes) {
    if (change.kind == policy::Change::Kind::fence && change.resource == target) return change.reason;
    if (change.kind == policy::Change::Kind::fence && change.origin.valid() &&
        decision.state[change.origin].name == target)
      return change.reason;
  }
  return {};
}

// Changes that are being sent in this very step.
bool changes_cib(const Effects& effects) {
  return std::any_of(effects.begin(), effects.end(), [](const Effect& effect) {
    const auto* sent = std::get_if<SendMessage>(&effect);
    return sent != nullptr && std::holds_alternative<ChangeCib>(sent->message->body);
  });
}

}  // namespace

// --- From an event to a plan ---

// Something has happened that the plan does not know of: what is on its way is waited for, nothing more is
// begun, then there is a new plan.
void Controller::abort(Step& step, int priority, const std::string& reason) {
  if (!is_dc_) return;
  step.journal(TransitionAborted{transition_.active() ? transition_.id() : last_transition_, reason});
  why_plan_ = reason;
  if (transition_.active()) transition_.abort(priority);
  want_plan_ = true;
}

void Controller::own_call(Step& step, const sim::Distribution& answer) {
  answered_at_ = std::max(answered_at_, step.now.time + step.sample(answer));
}

void Controller::read_properties(Step& step) {
  if (properties_answer_ != nullptr) own_call(step, *std::exchange(properties_answer_, nullptr));
}

// It asks for changed properties when it has nothing else to do: not before it sleeps for another call, which
// is why it then sleeps twice.
bool Controller::unanswered(Step& step) {
  if (step.now.time >= answered_at_) read_properties(step);
  return step.now.time < answered_at_;
}

void Controller::ask_for_plan(Step& step) {
  enter(step, State::policy_engine, "plan wanted");
  step.cancel(TimerKind::recheck);
  if (unanswered(step) && step.profile.unanswered_sleep > Duration::zero()) {
    sleep(step, step.profile.unanswered_sleep);
    return;
  }
  if (step.profile.plans_on_what_is_seen && (on_.replica->lags_behind() || changes_cib(step.effects)))
    return;  // asked again at every event
  if (!unseen_fencings_.empty() || !unseen_losses_.empty() || !unseen_histories_.empty())
    return;  // asked again when they are seen
  if (scheduler_gone_) {
    // It gives up and is started again; meanwhile another node becomes the DC (schedulerd-killed).
    step.journal(LogLine{"The scheduler is gone: the controller gives up"});
    return killed(step);
  }
  want_plan_ = false;
  planning_ = true;
  planned_at_ = step.now.wall;
  auto input = std::make_shared<cib::Cib>(cib());
  input->execution_date = planned_at_;  // so that the input decides the same at any later time
  plan_input_ = std::move(input);
  step.arm(TimerKind::plan_made, step.sample(step.profile.scheduling));
}

void Controller::plan_made(Step& step) {
  if (!planning_) return;
  election_.worked(step.profile.cpu_time_per_plan);
  decide();
  step.journal(TransitionCalculated{++last_transition_, plan_, plan_input_, why_plan_});
  if (want_plan_) {  // the world has moved on meanwhile
    planning_ = false;
    return;
  }
  step.arm(TimerKind::plan_started, step.sample(step.profile.plan_reading));
}

void Controller::decide() {
  compiled_ = policy::compiled(compiled_, *plan_input_, planned_at_);
  const bool as_before = plan_ != nullptr && plan_made_of_ != nullptr &&
                         policy::still_holds(*plan_, plan_made_at_, *compiled_, *plan_made_of_, *plan_input_);
  if (as_before) return;
  policy::Snapshot snapshot;
  snapshot.sanitized = false;  // a live CIB has its passwords: a change of one is a change
  snapshot.cib = plan_input_.get();
  snapshot.now = planned_at_;
  snapshot.configuration = compiled_;
  // Attributes and drawings are made when somebody asks: policy::complete(), policy::in_full().
  snapshot.want = {.scores = false, .reasons = false, .actions = false, .attributes = false};
  plan_ = std::make_shared<const policy::Decision>(policy::decide(snapshot));
  plan_made_at_ = planned_at_;
  plan_made_of_ = plan_input_;
}

void Controller::plan_started(Step& step) {
  if (!planning_) return;
  planning_ = false;
  if (want_plan_ || state_ != State::policy_engine) return;
  enter(step, State::transition_engine, "plan made");
  transition_.begin(step, last_transition_, plan_);
  carry_on(step);
}

// --- Carrying it out ---

void Controller::carry_on(Step& step) {
  const auto limit = [&](const std::string& node) { return job_limit_of(step, node); };
  // Sending may settle an action at once, which makes room for others.
  for (auto fired = transition_.fire(limit); !fired.empty(); fired = transition_.fire(limit)) {
    for (const std::size_t index : fired) dispatch(step, index);
  }
  if (!transition_.finished()) return;
  const bool again = transition_.aborted();
  transition_.end(step);
  const bool joining = state_ == State::integration || state_ == State::finalize_join;
  if (again || want_plan_) {
    want_plan_ = true;
  } else if (!joining) {
    go_idle(step);
  }
}

void Controller::go_idle(Step& step) {
  enter(step, State::idle, "plan done");
  Duration until = property("cluster-recheck-interval", kRecheckInterval);
  if (const auto by = transition_.graph().recheck_by) {
    const std::int64_t seconds = std::max<std::int64_t>(*by - step.now.wall.since_epoch, 1);
    const Duration sooner = std::chrono::seconds(seconds);
    until = until > Duration::zero() ? std::min(until, sooner) : sooner;
  }
  if (until > Duration::zero()) step.arm(TimerKind::recheck, until);
}

int Controller::job_limit_of(const Step& step, const std::string& node) const {
  const NodeId id = step.self.find(node);
  return id.valid() ? peers_[id.index()].job_limit : 1;
}

void Controller::dispatch(Step& step, std::size_t index) {
  const policy::Action& action = *transition_.action(index);
  for (const policy::NodeMaintenance& each : action.maintenance) {
    const NodeId node = step.self.find(each.node);
    const std::string& name = node.valid() ? step.self.name(node) : each.node;
    step.change_cib(PutNodeState{.id = node.valid() ? step.self.uuid(node) : each.node,
                                 .node = name,
                                 .in_ccm = {},
                                 .crmd = {},
                                 .join = {},
                                 .expected = {},
                                 .in_maintenance = each.in_maintenance ? "1" : "0"});
  }
  if (action.kind == policy::ActionKind::pseudo) return;
  if (action.task == "stonith") {
    dispatch_fencing(step, index);
  } else if (action.task == "do_shutdown") {
    dispatch_shutdown(step, index);
  } else if (action.by_dc) {  // history of a node that has nothing to say to it
    step.change_cib(EraseResource{action.node, action.resource.id});
    transition_.confirm(index, true);
  } else {
    send_order(step, index, step.self.find(action.router_node.empty() ? action.node : action.router_node));
  }
}

void Controller::send_order(Step& step, std::size_t index, NodeId to) {
  const std::shared_ptr<const policy::Action> action = transition_.action(index);
  if (!to.valid() || !peer(to).active()) {
    fail_action(step, index, "no peer to do it");
    return;
  }
  step.journal(ActionInitiated{transition_.id(), static_cast<int>(action->id), name_of(*action)});
  step.send({Order{to, {uuid_, transition_.id(), static_cast<int>(action->id)}, action}});
  election_.worked(step.profile.cpu_time_per_order);
  if (!transition_.in_flight(index)) return;  // nobody waits for it
  const Duration patience = std::chrono::milliseconds(action->timeout_ms + action->start_delay_ms) +
                            parsed(transition_.graph().cluster_delay, kClusterDelay);
  step.arm(TimerKind::action_lost, patience, action_timer(transition_.id(), index));
}

void Controller::dispatch_fencing(Step& step, std::size_t index) {
  const policy::Action& action = *transition_.action(index);
  FenceOrder order;
  order.target = action.node;
  order.action = action.stonith_action.empty() ? "reboot" : action.stonith_action;
  order.timeout = parsed(transition_.graph().stonith_timeout, kStonithTimeout);
  auto delay = action.attribute("priority-fencing-delay");
  if (!delay) delay = action.meta("priority_fencing_delay");
  if (delay) order.delay = parsed(std::string(*delay), {});
  step.journal(FenceRequested{order.target, order.action,
                              reason_of_fencing(transition_.decision(), order.target), transition_.id()});
  on_.fencer->request(step, std::move(order), cib());
}

// Its leaving will be no failure.
void Controller::dispatch_shutdown(Step& step, std::size_t index) {
  const std::string node = transition_.action(index)->node;
  const NodeId leaving = step.self.find(node);
  if (leaving.valid()) {
    peer(leaving).leaving = true;
    step.journal(PeerChanged{node, PeerChanged::State::leaving});
    step.change_cib(PutNodeState{.id = step.self.uuid(leaving),
                                 .node = node,
                                 .in_ccm = {},
                                 .crmd = {},
                                 .join = {},
                                 .expected = "down",
                                 .in_maintenance = {}});
  }
  send_order(step, index, leaving);
}

void Controller::fail_action(Step& step, std::size_t index, const std::string& reason) {
  if (transition_.confirm(index, false)) abort(step, Transition::kStopAll, reason);
}

// --- Actions that nobody answers for ---

void Controller::action_lost(Step& step, std::uint64_t which) {
  const std::size_t index = which & 0xffffff;
  if (!transition_.active() || action_timer(transition_.id(), index) != which ||
      !transition_.in_flight(index))
    return;
  const std::shared_ptr<const policy::Action> action = transition_.action(index);
  fail_action(step, index, "Action lost");
  own_call(step, step.profile.cib_answer);  // it writes down the loss: slept once (stop-stuck)
  if (action->kind != policy::ActionKind::resource_op || action->task == "notify" ||
      action->task == "cancel" || action->task == "delete")
    return;
  const NodeId node = step.self.find(action->node);
  if (!node.valid()) return;
  // To the plan it is a failure like any other.
  cib::OpHistory op;
  op.operation = action->task;
  op.interval = cib::Milliseconds{action->interval_ms};
  op.call_id = -1;
  op.rc = cib::AgentRc::unknown_error;
  op.status = cib::OpStatus::timeout;
  op.transition_key = cib::to_string(cib::TransitionKey{static_cast<int>(action->id), transition_.id(),
                                                        action->target_rc.value_or(0), uuid_});
  op.transition_magic = "2:1;" + op.transition_key;
  op.exit_reason = "Action lost: the node's controller did not answer in time";
  op.last_rc_change = step.now.wall;
  op.on_node = action->node;
  op.op_digest = policy::recorded_digest(*action);
  step.change_cib(PutOp{step.self.uuid(node),
                        action->node,
                        action->resource.id,
                        {action->resource.agent_class, action->resource.provider, action->resource.type},
                        std::move(op)});
}

}  // namespace fencepost::node
