// votequorum: may this membership run services? Behaviour: votequorum(5).
#pragma once

#include <vector>

#include "engine/node/ids.h"
#include "models/network/corosync_options.h"

namespace fencepost::models {

class Quorum {
 public:
  Quorum(const QuorumOptions& options, const std::vector<CorosyncNode>& nodes);

  void started(node::NodeId node);  // Corosync of that node: what it had seen is forgotten

  // The verdict for a membership. `qdevice` says whether the device gives it its votes.
  bool decide(const std::vector<node::NodeId>& members, bool qdevice);

  // last_man_standing: the window has passed in this membership. True if votes are counted anew.
  bool shrink(const std::vector<node::NodeId>& members, bool qdevice);
  // An announced leave, with allow_downscale.
  void left(node::NodeId node, const std::vector<node::NodeId>& others);

  const QuorumOptions& options() const { return options_; }

 private:
  struct Node {
    int votes = 1;
    std::uint32_t id = 0;
    bool waits_for_all = false;  // has never been in a membership that was complete, or knew one that was
    int expected_votes = 0;
    std::vector<node::NodeId> last_majority;  // that it was in
  };

  bool is_tie_breaker_in(const std::vector<node::NodeId>& members) const;
  int votes_of(const std::vector<node::NodeId>& members) const;
  int expected_votes(const std::vector<node::NodeId>& members) const;
  bool wait_for_all() const {
    return options_.wait_for_all.value_or(options_.two_node && nodes_.size() == 2);
  }

  QuorumOptions options_;
  std::vector<Node> nodes_;
  int all_votes_ = 0;
};

}  // namespace fencepost::models
