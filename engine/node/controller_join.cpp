// Join rounds: the DC offers, nodes request, CIBs are merged, the DC acknowledges, nodes confirm with what
// they run.
#include <algorithm>

#include "engine/node/controller.h"

namespace fencepost::node {
namespace {

constexpr Duration kJoinIntegration = 3min;  // join-integration-timeout

}  // namespace

// --- As DC ---

void Controller::start_round(Step& step) {
  ++round_;
  merging_ = false;
  enter(step, State::integration, "election won");
  for (Peer& each : peers_) {
    each.join = each.active() ? JoinPhase::offered : JoinPhase::none;
    each.offer = round_;
  }
  step.send({JoinOffer{std::nullopt, round_}});
  step.arm(TimerKind::join_integration, property("join-integration-timeout", kJoinIntegration));
}

void Controller::offer(Step& step, NodeId node) {
  enter(step, State::integration, "node joins");
  merging_ = false;
  step.cancel(TimerKind::join_finalized);
  peer(node).join = JoinPhase::offered;
  peer(node).offer = ++round_;
  step.send({JoinOffer{node, round_}});
  // Those who wait for their acknowledgement go with the new round.
  for (Peer& each : peers_) {
    if (each.join == JoinPhase::finalized) each.join = JoinPhase::integrated;
  }
  step.arm(TimerKind::join_integration, property("join-integration-timeout", kJoinIntegration));
}

// Somebody asks for the DC. Who has been offered to join meanwhile is offered it again all the same; if it
// had joined by then, it starts again with its DC.
void Controller::announced(Step& step, NodeId from) {
  if (!is_dc_ || from == step.self.id) return;
  step.arm(TimerKind::join_announced, step.sample(step.profile.announce_turn), from.index());
}

void Controller::requested(Step& step, NodeId from, const JoinRequest& message) {
  if (message.to != step.self.id || !is_dc_ || !peer(from).active()) return;
  if (peer(from).join == JoinPhase::none || message.round != peer(from).offer)
    return;  // of a round that is over
  peer(from).join = JoinPhase::integrated;
  peer(from).version = message.version;
  peer(from).job_limit = message.job_limit;
  peer(from).leaving = false;
  if (from != step.self.id) abort(step, Transition::kStopAll, "Node join");
  check_round(step);
}

// Once everybody has answered, the newest CIB becomes everybody's.
void Controller::check_round(Step& step) {
  if (!is_dc_) return;
  if (state_ == State::integration && !anybody(JoinPhase::offered)) {
    enter(step, State::finalize_join, "integrated");
    NodeId source = step.self.id;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      if (peers_[i].join != JoinPhase::integrated) continue;
      const cib::Version best = source == step.self.id ? cib().version : peer(source).version;
      if (peers_[i].version > best) source = NodeId{i};
    }
    merging_ = true;
    unseen_histories_.clear();  // whoever joined in the round before joins again
    step.send({MarkCib{round_, source}});
    return;
  }
  if (state_ == State::finalize_join && !merging_ && !anybody(JoinPhase::integrated) &&
      !anybody(JoinPhase::finalized)) {
    step.cancel(TimerKind::join_integration);
    const auto joined = std::ranges::count(peers_, JoinPhase::confirmed, &Peer::join);
    own_call(step,
             joined < 3 ? step.profile.cib_answer_after_join : step.profile.cib_answer_after_join_of_many);
    enter(step, State::policy_engine, "finalized");
    abort(step, Transition::kStopAll, "Peer Cancelled");
  }
}

// The CIBs are one.
void Controller::acknowledge(Step& step) {
  if (!is_dc_ || state_ != State::finalize_join || !merging_) return;
  merging_ = false;
  // The newest CIB may be that of a node which was alone: what it says of quorum and DC is of its own
  // partition.
  if (cib().have_quorum != quorate_ || cib().dc_uuid != step.self.uuid())
    step.change_cib(PutCluster{step.self.uuid(), quorate_});
  if (!anybody(JoinPhase::integrated)) {
    check_round(step);
    return;
  }
  step.arm(TimerKind::join_finalized, step.sample(step.profile.join_finalize));
}

void Controller::confirmed(Step& step, NodeId from, const JoinConfirm& message) {
  if (message.to != step.self.id || !is_dc_ || message.round != round_) return;
  if (peer(from).join != JoinPhase::finalized) return;
  peer(from).join = JoinPhase::confirmed;
  peer(from).known_to_run = true;
  const std::string& name = step.self.name(from);
  step.journal(PeerChanged{name, PeerChanged::State::join_done});
  unseen_histories_.insert(name);
  step.change_cib(
      {PutHistory{step.self.uuid(from), name, message.history}, PutNodeState{.id = step.self.uuid(from),
                                                                             .node = name,
                                                                             .in_ccm = "true",
                                                                             .crmd = "online",
                                                                             .join = "member",
                                                                             .expected = "member",
                                                                             .in_maintenance = {}}});
  check_round(step);
}

bool Controller::anybody(JoinPhase phase) const {
  return std::any_of(peers_.begin(), peers_.end(), [&](const Peer& each) { return each.join == phase; });
}

// --- As the node that joins; the DC joins itself, too ---

void Controller::offered(Step& step, NodeId from, const JoinOffer& message) {
  if (message.to && *message.to != step.self.id) return;
  if (state_ == State::starting || state_ == State::stopping) return;
  if (is_dc_ && from != step.self.id) {  // two DCs have met: none is the DC until one has won
    if (dc_.valid()) step.journal(DcChanged{});
    dc_ = {};
    call_election(step, "another DC");
    return;
  }
  if (from != step.self.id) {
    if (!peer(from).active()) return;
    if (state_ == State::not_dc && dc_ == from) {  // it starts again with its DC
      dc_ = {};
      step.journal(DcChanged{});
    }
    election_.stop(step);
    enter(step, State::pending, "join offer");
  }
  found_dc(step, from);
  step.send({JoinRequest{from, message.round, cib().version, own_job_limit()}});
}

void Controller::acknowledged(Step& step, NodeId from, const JoinAck& message) {
  if (message.to != step.self.id || dc_ != from) return;
  peer(from).known_to_run = true;
  if (from != step.self.id) enter(step, State::not_dc, "join acknowledged");
  step.send({JoinConfirm{from, message.round, local_.history()}});
  on_.attributes->rejoined(step, cib());
}

int Controller::own_job_limit() const {
  const int configured = integer_property("node-action-limit", 0);
  const int limit = configured > 0 ? configured : 2 * cpus_;
  return std::max(1, low_limit_ ? limit / 2 : limit);
}

}  // namespace fencepost::node
