// Membership, elections, the DC found and lost.
#include <algorithm>
#include <utility>

#include "engine/node/controller.h"

namespace fencepost::node {
namespace {

bool contains(const std::vector<NodeId>& sorted, NodeId node) {
  return std::binary_search(sorted.begin(), sorted.end(), node);
}

// Time-ordered like the real thing, but from this node's own chance.
std::string make_uuid(Step& step) {
  static const char* const digits = "0123456789abcdef";
  std::string uuid = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : uuid) {
    if (c == 'x') c = digits[step.chance.below(16)];
  }
  return uuid;
}

}  // namespace

// --- Peers ---

void Controller::membership(Step& step, const MembershipFormed& event) {
  members_ = event.members;
  // What was on its way may have been lost with the old membership.
  for (const std::string& name : std::exchange(unseen_losses_, {})) {
    if (const NodeId node = step.self.find(name); !peer(node).active()) record_lost(step, node);
  }
  unseen_histories_.clear();
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const NodeId node{i};
    const bool now = contains(members_, node);
    if (peers_[i].member == now) continue;
    if (now) {
      peers_[i].member = true;
      step.journal(PeerChanged{step.self.name(node), PeerChanged::State::member});
      if (peers_[i].active()) peer_came(step, node);
    } else {
      peer_gone(step, node, nullptr);
    }
  }
  quorum(step, event.quorate);
  election_.membership_changed(step);
  check_dc(step);
  for (const std::string& target : std::set<std::string>(unseen_fencings_)) record_fenced(step, target);
  if (is_dc_ && merging_) {
    enter(step, State::integration, "membership changed");
    check_round(step);
  }
}

void Controller::group(Step& step, const GroupChanged& event) {
  processes_ = event.members;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const NodeId node{i};
    const bool now = contains(processes_, node);
    if (peers_[i].process == now) continue;
    if (now) {
      peers_[i].process = true;
      step.journal(PeerChanged{step.self.name(node), PeerChanged::State::process_up});
      if (node == step.self.id && state_ == State::starting) {
        enter(step, State::pending, "joined the group");
        looking_for_dc_ = true;
        if (step.profile.low_limit_for > Duration::zero()) {
          step.arm(TimerKind::load_looked_at, step.profile.low_limit_for);
        } else {
          low_limit_ = false;
        }
        sleep(step, step.profile.join_pause);
      } else if (peers_[i].active()) {
        peer_came(step, node);
      }
    } else {
      peer_gone(step, node, "process");
    }
  }
  check_dc(step);
}

void Controller::peer_came(Step& step, NodeId node) {
  if (is_dc_ && node != step.self.id) {
    abort(step, Transition::kStopAll, "Peer Halt");
    offer(step, node);
  }
  election_.count(step, others());
}

void Controller::peer_gone(Step& step, NodeId node, const char* process_only) {
  Peer& gone = peer(node);
  const bool was_active = gone.active();
  gone.join = JoinPhase::none;
  if (process_only != nullptr) {
    gone.process = false;
    step.journal(PeerChanged{step.self.name(node), PeerChanged::State::process_gone});
  } else {
    gone.member = false;  // that its process is gone, too, is a notice of its own
    step.journal(PeerChanged{step.self.name(node), PeerChanged::State::lost});
  }
  election_.count(step, others());
  if (!is_dc_ || node == step.self.id) return;

  const std::string& name = step.self.name(node);
  record_lost(step, node);
  own_call(step, others().empty() ? step.profile.cib_answer_alone : step.profile.cib_answer_of_loss);
  for (const std::size_t index : transition_.in_flight_on(name)) transition_.confirm(index, false);
  // The plan counts with the loss of who is being fenced, and goes on (lost-while-fenced,
  // migrate-stop-fails).
  if (transition_.fencings_of(name).empty()) abort(step, Transition::kStopAll, "Node failure");
  if (was_active) check_round(step);
}

void Controller::record_lost(Step& step, NodeId node) {
  const Peer& gone = peer(node);
  const std::string& name = step.self.name(node);
  std::vector<CibChange> changes;
  changes.push_back(PutNodeState{.id = step.self.uuid(node),
                                 .node = name,
                                 .in_ccm = gone.member ? "" : "false",
                                 .crmd = "offline",
                                 .join = "down",
                                 .expected = gone.leaving ? "down" : "",
                                 .in_maintenance = {}});
  if (!gone.member || gone.leaving) changes.push_back(EraseTransients{name});
  step.change_cib(std::move(changes));
  unseen_losses_.insert(name);
  unseen_histories_.erase(name);
}

void Controller::quorum(Step& step, bool quorate) {
  if (quorate_ == quorate) return;
  quorate_ = quorate;
  step.journal(QuorumSeen{quorate});
  if (!is_dc_) return;
  step.change_cib(PutCluster{std::nullopt, quorate});
  abort(step, Transition::kStopAll, quorate ? "Quorum gained" : "Quorum lost");
}

std::vector<NodeId> Controller::others() const {
  std::vector<NodeId> result;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i].active() && NodeId{i} != self_) result.push_back(NodeId{i});
  }
  return result;
}

// --- The DC ---

// Whoever had a DC and lost it votes for a new one.
void Controller::check_dc(Step& step) {
  if (!dc_.valid() || is_dc_ || peer(dc_).active()) return;
  dc_ = {};
  step.journal(DcChanged{});
  if (state_ == State::not_dc || state_ == State::pending) call_election(step, "DC lost");
}

void Controller::found_dc(Step& step, NodeId dc) {
  step.cancel(TimerKind::dc_deadtime);
  if (dc_ == dc) return;
  dc_ = dc;
  step.journal(DcChanged{step.self.name(dc)});
}

void Controller::call_election(Step& step, const char* cause) {
  enter(step, State::election, cause);
  election_.start(step, others());
}

void Controller::vote(Step& step, NodeId from, const Vote& vote) {
  if (from == step.self.id) return election_.heard_own(step, vote, others());
  if (state_ == State::starting) return;
  const bool may_stand = election_.running() || is_dc_ || state_ == State::not_dc;
  if (!election_.beaten_by(step, from, vote, may_stand)) {
    if (!election_.running()) call_election(step, "vote");
    return;
  }
  election_.stop(step);
  resign(step);
  if (dc_.valid() && dc_ != from) step.journal(DcChanged{});
  dc_ = {};
  enter(step, State::pending, "lost the election");
  await_dc(step);
}

void Controller::resign(Step& step) {
  if (!is_dc_) return;
  is_dc_ = false;
  transition_.drop();
  planning_ = want_plan_ = merging_ = scheduler_gone_ = false;
  unseen_fencings_.clear();
  unseen_losses_.clear();
  unseen_histories_.clear();
  for (const TimerKind kind : {TimerKind::plan_made, TimerKind::plan_started, TimerKind::recheck,
                               TimerKind::join_integration, TimerKind::join_finalized})
    step.cancel(kind);
  dc_ = {};
  step.journal(DcChanged{});
}

// From here on this node decides for all. It does not know yet what its peers have been doing: they join
// first.
void Controller::become_dc(Step& step) {
  election_.stop(step);
  const bool was_dc = is_dc_;
  is_dc_ = true;
  found_dc(step, step.self.id);
  if (!was_dc) {
    uuid_ = make_uuid(step);
    last_transition_ = -1;
    failed_fencings_.clear();
  }
  std::vector<CibChange> changes;
  changes.push_back(PutCluster{step.self.uuid(), quorate_});
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const NodeId node{i};
    const std::string& name = step.self.name(node);
    changes.push_back(AddNode{step.self.uuid(node), name});
    const cib::NodeState* known = cib::find_node_state(cib().status, name);
    if (known == nullptr || peers_[i].active() || (known->in_ccm == "false" && known->crmd == "offline"))
      continue;
    const bool taken_for_stopped =
        step.profile.new_dc_takes_unknown_peers_for_stopped && !peers_[i].known_to_run;
    changes.push_back(PutNodeState{.id = step.self.uuid(node),
                                   .node = name,
                                   .in_ccm = peers_[i].member ? "" : "false",
                                   .crmd = "offline",
                                   .join = "down",
                                   .expected = taken_for_stopped ? "down" : "",
                                   .in_maintenance = {}});
    changes.push_back(EraseTransients{name});
  }
  step.change_cib(std::move(changes));
  for (const std::string& target : std::exchange(fenced_without_dc_, {})) record_fenced(step, target);
  start_round(step);
}

}  // namespace fencepost::node
