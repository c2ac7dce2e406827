// What changes in the CIB mean to the plan under way; failures counted; nodes fenced.
#include <algorithm>

#include "engine/cib/history.h"
#include "engine/node/controller.h"

namespace fencepost::node {
namespace {

constexpr int kFencingAttempts = 10;  // stonith-max-attempts

// A degraded result is a success with a warning.
int plain(cib::AgentRc rc) {
  if (rc == cib::AgentRc::degraded) return static_cast<int>(cib::AgentRc::ok);
  if (rc == cib::AgentRc::degraded_promoted) return static_cast<int>(cib::AgentRc::promoted);
  return static_cast<int>(rc);
}

bool succeeded(const cib::OpHistory& op, int expected_rc) {
  return op.status == cib::OpStatus::done && plain(op.rc) == expected_rc;
}

bool is_mark_to_look_again(const CibChange& change) {
  const auto* property = std::get_if<PutProperty>(&change);
  return property != nullptr && property->name == kLookAgain;
}

std::string operation_name(const PutOp& change) {
  return change.resource + "_" + change.op->operation + "_" + std::to_string(change.op->interval.count());
}

}  // namespace

// What the DC writes of a node that joins is what that node knew when it confirmed. A result that came
// between the two is lost in it, a failure for good: it is no news again for as long as it lasts. So its node
// tells all again.
void Controller::history_written(Step& step, const PutHistory& written) {
  if (written.node != step.self.name() || !local_.loses_results(written, cib())) return;
  step.change_cib(PutHistory{written.id, written.node, local_.history()});
}

void Controller::cib_changed(Step& step, const CibNews& news) {
  if (!is_dc_) return;
  const auto& changes = std::get<ChangeCib>(news.message->body).changes;
  // What the DC itself writes after a fencing is part of the plan.
  bool after_fencing = false;
  for (const CibChange& change : changes) {
    if (const auto* erased = std::get_if<EraseHistory>(&change)) {
      after_fencing = true;
      unseen_fencings_.erase(erased->node);
    }
    if (const auto* joined = std::get_if<PutHistory>(&change)) unseen_histories_.erase(joined->node);
    if (const auto* state = std::get_if<PutNodeState>(&change)) unseen_losses_.erase(state->node);
  }
  // What is forgotten of a node that is being fenced is, too.
  const auto of_fenced_node = [&](const CibChange& change) {
    const auto* erased = std::get_if<EraseTransients>(&change);
    return erased != nullptr && !transition_.fencings_of(erased->node).empty();
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const CibNotice& notice = news.notices[i];
    switch (notice.kind) {
      case CibNotice::Kind::transient:
        if (!after_fencing && !of_fenced_node(changes[i]))
          abort(step, Transition::kStopAll, notice.text + ": Transient attribute change");
        break;
      case CibNotice::Kind::properties:
        properties_answer_ = is_mark_to_look_again(changes[i]) ? &step.profile.cib_answer_after_mark
                                                               : &step.profile.cib_answer;
        abort(step, Transition::kStopAll, notice.text + ": Configuration change");
        break;
      case CibNotice::Kind::configuration:
        abort(step, Transition::kStopAll, notice.text + ": Configuration change");
        break;
      case CibNotice::Kind::history_gone:
        if (!after_fencing) abort(step, Transition::kStopAll, notice.text + ": Resource state removal");
        break;
      case CibNotice::Kind::result:
        result(step, std::get<PutOp>(changes[i]));
        break;
      case CibNotice::Kind::refused:
      case CibNotice::Kind::cluster:
      case CibNotice::Kind::node_state:
      case CibNotice::Kind::nothing:
        break;
    }
  }
}

// --- Results of actions ---

void Controller::result(Step& step, const PutOp& change) {
  if (change.op->status == cib::OpStatus::pending) return;
  const auto key = cib::parse_transition_key(change.op->transition_key);
  if (!key) return;
  const bool success = succeeded(change.op, key->target_rc);
  const std::string what = "operation " + operation_name(change) + " on " + change.node + ": ";
  const bool of_this_plan = key->uuid == uuid_ && transition_.active() && key->transition == transition_.id();
  const std::size_t index = of_this_plan ? transition_.find(key->action) : 0;
  if (of_this_plan && transition_.in_flight(index)) {
    settle(step, index, success, what);
  } else if (key->uuid != uuid_) {
    abort(step, Transition::kStopAll, what + "Foreign event");
  } else if (change.op->interval.count() > 0) {
    abort(step, Transition::kStopAll, what + "Change in recurring result");
  } else {
    abort(step, Transition::kStopAll, what + "Old event");
  }
  if (!success) count_failure(step, change);
}

void Controller::settle(Step& step, std::size_t index, bool success, const std::string& what) {
  const policy::Action& action = *transition_.action(index);
  step.cancel(TimerKind::action_lost,
              (static_cast<std::uint64_t>(transition_.id() & 0xffffff) << 24) | index);
  if (success || action.can_fail) {
    transition_.confirm(index, true);
  } else {
    transition_.failed(index);
    abort(step, transition_.graph().synapses[index].priority + 1, what + "Event failed");
  }
}

void Controller::order_done(Step& step, const OrderDone& message) {
  if (message.to != step.self.id || !is_dc_ || message.id.uuid != uuid_ || !transition_.active() ||
      message.id.transition != transition_.id())
    return;
  const std::size_t index = transition_.find(message.id.action);
  if (!transition_.in_flight(index)) return;
  const policy::Action& action = *transition_.action(index);
  settle(step, index, message.success, "operation " + action.key + " on " + action.node + ": ");
}

// Failures of recurring actions, promotions and demotions count one; those of starts and stops what the plan
// says, which is usually INFINITY. Probes and notifications do not count.
void Controller::count_failure(Step& step, const PutOp& change) {
  const std::string& task = change.op->operation;
  std::string value;
  if (task == "start") {
    value = last_plan_start_offset();
  } else if (task == "stop") {
    value = "INFINITY";
  } else if (change.op->interval.count() > 0 || task == "promote" || task == "demote") {
    value = "1";
  } else {
    return;
  }
  const std::string name = change.resource + "#" + task + "_" + std::to_string(change.op->interval.count());
  std::vector<PutTransient> changes;
  changes.push_back(
      {change.id, change.node, "last-failure-" + name, std::to_string(step.now.wall.since_epoch), false});
  changes.push_back({change.id, change.node, "fail-count-" + name, value, value != "INFINITY"});
  on_.attributes->write(step, std::move(changes));

  const cib::NodeState* state = cib::find_node_state(cib().status, change.node);
  const std::string* before =
      state == nullptr ? nullptr : cib::transient_attribute(*state, "fail-count-" + name);
  const Score sum = cib::parse_score(before == nullptr ? "0" : *before) + cib::parse_score(value);
  step.journal(FailCountChanged{change.node, change.resource, task, Duration{change.op->interval},
                                fencepost::to_string(sum)});
}

// start-failure-is-fatal, as the plan that ordered the start had it.
std::string Controller::last_plan_start_offset() const {
  return plan_ == nullptr ? "INFINITY" : plan_->graph.failed_start_offset;
}

// --- Fencing ---

void Controller::fenced(Step& step, const FenceResult& message) {
  const std::string& target = message.order.target;
  const bool takes_away = message.order.action != "on";
  if (message.success && takes_away && target == step.self.name()) {
    // It is told that it was fenced, and yet it lives: whatever it runs may run elsewhere by now.
    const std::string* reaction = cib::find_property(*cib().configuration, "fence-reaction");
    const bool panic = reaction != nullptr && *reaction == "panic";
    step.effects.emplace_back(
        StopStack{panic ? StopStack::How::panic : StopStack::How::failed, "told that this node was fenced"});
    state_ = State::stopped;
    return;
  }
  if (!is_dc_) {
    const bool dc_gone = !dc_.valid() || step.self.name(dc_) == target;
    if (message.success && takes_away && dc_gone) fenced_without_dc_.push_back(target);
    return;
  }
  const std::vector<std::size_t> waiting = transition_.fencings_of(target);
  if (message.success) {
    failed_fencings_.erase(target);
    if (takes_away) record_fenced(step, target);
    for (const std::size_t index : waiting) transition_.confirm(index, true);
    if (waiting.empty()) abort(step, Transition::kStopAll, "External Fencing Operation");
    return;
  }
  const int failures = ++failed_fencings_[target];
  for (const std::size_t index : waiting) transition_.confirm(index, false);
  if (waiting.empty()) return;
  if (message.no_device) {
    // Another try would find no device either: something else has to happen first (no-such-device).
    step.journal(LogLine{"Nothing can fence " + target + ": giving up until something else happens"});
    return;
  }
  if (failures >= integer_property("stonith-max-attempts", kFencingAttempts)) {
    step.journal(LogLine{"Too many failures (" + std::to_string(failures) + ") to fence " + target +
                         ": giving up until something else happens"});
    return;
  }
  abort(step, Transition::kStopAll, "Stonith failed");
}

void Controller::record_fenced(Step& step, const std::string& target) {
  const NodeId node = step.self.find(target);
  const cib::Node* configured = cib::find_node(*cib().configuration, target);
  const std::string id = node.valid()            ? step.self.uuid(node)
                         : configured != nullptr ? configured->id
                                                 : target;
  if (node.valid()) peer(node).leaving = true;  // its loss, if it is still to come, is no news
  step.change_cib({PutNodeState{.id = id,
                                .node = target,
                                .in_ccm = "false",
                                .crmd = "offline",
                                .join = "down",
                                .expected = "down",
                                .in_maintenance = {}},
                   EraseHistory{target}, EraseTransients{target}});
  unseen_fencings_.insert(target);
  own_call(step, step.profile.cib_answer);
}

}  // namespace fencepost::node
