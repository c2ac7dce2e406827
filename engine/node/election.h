// Who becomes the DC. Everybody votes; who has used more CPU time wins, among equals the first name.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "engine/node/step.h"

namespace fencepost::node {

class Election {
 public:
  void boot(Step& step) { cpu_time_ = step.sample(step.profile.cpu_time); }

  // Work costs CPU time: so a DC is likely to stay one, and who runs the services to become one.
  void worked(Duration cpu_time) { cpu_time_ += cpu_time; }

  bool running() const { return running_; }
  // Calls everybody to the polls. `others` are the active peers besides this node.
  void start(Step& step, const std::vector<NodeId>& others);
  void stop(Step& step);
  // Our own vote came round: the group works. Only then can the election be won, also by who is alone.
  void heard_own(Step& step, const Vote& vote, const std::vector<NodeId>& others);
  // A peer's vote. True: it beats ours, which has been said. False: we beat it.
  bool beaten_by(Step& step, NodeId from, const Vote& vote, bool may_stand);
  // Our vote may have been lost with the old membership.
  void membership_changed(Step& step);
  void conceded(Step& step, NodeId from, const NoVote& message, const std::vector<NodeId>& others);
  // Peers came or went.
  void count(Step& step, const std::vector<NodeId>& others);

 private:
  bool running_ = false;
  bool won_ = false;
  bool own_vote_heard_ = false;
  std::uint64_t number_ = 0;
  Duration cpu_time_{};
  std::set<NodeId> conceded_;
};

}  // namespace fencepost::node
