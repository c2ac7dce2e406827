#include "engine/node/replica.h"

namespace fencepost::node {

void Replica::boot(const std::shared_ptr<const cib::Cib>& stored) {
  cib_ = stored ? *stored : cib::Cib{};
  // The status is not kept on disk, nor the count of its changes: a node that boots never overrules those
  // that run.
  cib_.status = {};
  cib_.version.num_updates = 0;
  cib_.dc_uuid.clear();
  cib_.have_quorum = false;
  cib_.no_quorum_panic.clear();
  marked_.reset();
}

std::vector<CibNotice> Replica::apply(Step& step, const ChangeCib& message) {
  std::vector<CibNotice> notices;
  notices.reserve(message.changes.size());
  const auto configuration = cib_.configuration;
  for (const CibChange& change : message.changes) {
    notices.push_back(node::apply(cib_, change));
    if (marked_) marked_->since.push_back(change);
  }
  if (cib_.configuration != configuration) persist(step);
  return notices;
}

void Replica::mark(Step& step, const MarkCib& message) {
  marked_ = Marked{message.round, {}};
  if (message.source == step.self.id)
    step.send({WholeCib{message.round, std::make_shared<const cib::Cib>(cib_)}});
}

bool Replica::take(Step& step, const WholeCib& message) {
  if (!marked_ || marked_->round != message.round) return false;  // a membership ago
  cib_ = *message.cib;
  for (const CibChange& change : marked_->since) node::apply(cib_, change);
  marked_.reset();
  persist(step);
  return true;
}

void Replica::persist(Step& step) const {
  step.effects.emplace_back(Persist{std::make_shared<const cib::Cib>(cib_)});
}

}  // namespace fencepost::node
