#include "engine/node/election.h"

#include <algorithm>

#include "engine/cib/values.h"

namespace fencepost::node {

void Election::start(Step& step, const std::vector<NodeId>& others) {
  running_ = true;
  won_ = false;
  own_vote_heard_ = false;
  conceded_.clear();
  step.cancel(TimerKind::election_won);
  step.send({Vote{++number_, cpu_time_}});
  count(step, others);
}

void Election::heard_own(Step& step, const Vote& vote, const std::vector<NodeId>& others) {
  if (!running_ || vote.election != number_) return;
  own_vote_heard_ = true;
  count(step, others);
}

void Election::membership_changed(Step& step) {
  if (running_ && !own_vote_heard_) step.send({Vote{number_, cpu_time_}});
}

void Election::stop(Step& step) {
  if (!running_) return;
  running_ = won_ = false;
  step.cancel(TimerKind::election_won);
}

bool Election::beaten_by(Step& step, NodeId from, const Vote& vote, bool may_stand) {
  const bool ours_wins =
      may_stand &&
      (cpu_time_ > vote.cpu_time ||
       (cpu_time_ == vote.cpu_time && cib::compare_node_names(step.self.name(), step.self.name(from)) < 0));
  if (ours_wins) return false;
  step.send({NoVote{from, vote.election}});
  return true;
}

void Election::conceded(Step& step, NodeId from, const NoVote& message, const std::vector<NodeId>& others) {
  if (!running_ || message.to != step.self.id || message.election != number_) return;
  conceded_.insert(from);
  count(step, others);
}

void Election::count(Step& step, const std::vector<NodeId>& others) {
  if (!running_ || won_) return;
  won_ = own_vote_heard_ &&
         std::all_of(others.begin(), others.end(), [&](NodeId each) { return conceded_.count(each) != 0; });
  if (won_) step.arm(TimerKind::election_won, step.sample(step.profile.election_pause));
}

}  // namespace fencepost::node
