// This node's copy of the CIB.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/node/message.h"
#include "engine/node/step.h"

namespace fencepost::node {

class Replica {
 public:
  // Starts with what the store held. Status is of a life before, so it is not taken.
  void boot(const std::shared_ptr<const cib::Cib>& stored);

  const cib::Cib& cib() const { return cib_; }

  // In the order of the group. One notice for each change.
  std::vector<CibNotice> apply(Step& step, const ChangeCib& message);
  void mark(Step& step, const MarkCib& message);
  // True if the whole CIB was taken over.
  bool take(Step& step, const WholeCib& message);
  void membership_changed() { marked_.reset(); }

  // Changes that this node has sent and that have not come back in the group's order: what it knows and its
  // replica does not. A group loses none of them for as long as this node stays in it.
  void sent() { ++unseen_; }
  void seen() {
    if (unseen_ > 0) --unseen_;
  }
  bool lags_behind() const { return unseen_ > 0; }

 private:
  void persist(Step& step) const;

  // State sent as of a point in the order: changes after that point are made again on top of it.
  struct Marked {
    std::uint64_t round;
    std::vector<CibChange> since;
  };

  cib::Cib cib_;
  std::optional<Marked> marked_;
  int unseen_ = 0;
};

}  // namespace fencepost::node
