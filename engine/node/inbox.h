// The controller's main loop: what happened waits here for its turn. It hears nothing while it sleeps.
#pragma once

#include <algorithm>
#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "engine/node/cib_change.h"
#include "engine/node/executor.h"
#include "engine/node/step.h"

namespace fencepost::node {

struct FromPeer {
  NodeId from;
  MessagePtr message;
};
struct CibNews {
  MessagePtr message;              // a ChangeCib
  std::vector<CibNotice> notices;  // one for each of its changes
};
struct CibReplaced {};

using Notice = std::variant<FromPeer, CibNews, CibReplaced, JobResult, MembershipFormed, GroupChanged,
                            QuorumChanged, TimerFired, Shutdown>;

class Inbox {
 public:
  // Nothing overtakes: a notice is ready no sooner than those before it.
  void put(Step& step, Duration delay, Notice notice) {
    const SimTime at = std::max(step.now.time + delay, last_);
    last_ = at;
    waiting_.push_back({at, std::move(notice)});
  }
  bool ready(const Step& step) const { return !waiting_.empty() && waiting_.front().at <= step.now.time; }
  Notice take() {
    Notice notice = std::move(waiting_.front().notice);
    waiting_.pop_front();
    return notice;
  }
  // Wakes the loop when the next notice is ready.
  void arm(Step& step) {
    if (waiting_.empty()) return;
    const SimTime at = std::max(waiting_.front().at, step.now.time);
    if (armed_ == at && at > step.now.time) return;
    armed_ = at;
    step.arm(timer_id(TimerKind::controller_inbox), at);
  }
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    SimTime at;
    Notice notice;
  };
  std::deque<Waiting> waiting_;
  SimTime last_{};
  SimTime armed_ = kNever;
};

}  // namespace fencepost::node
