// What the lab reads off the nodes' logs: who is DC, whether it idles, how many transitions were completed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/node/ids.h"

namespace fencepost::scenarios {

class ClusterWatch : public backend::Observer {
 public:
  explicit ClusterWatch(std::vector<std::string> nodes) : nodes_(std::move(nodes)), state_(nodes_.size()) {}

  void observe(const backend::Record& record) override;

  // One DC or more, all idle, and everybody else who runs follows.
  bool idle() const;
  // The node that is DC and idles or works as one; not valid if there is none.
  node::NodeId dc() const;
  int dcs() const;
  bool has_state(node::NodeId node) const { return !state_[node.index()].empty(); }
  int transitions_completed() const { return completed_; }
  SimTime last_fault() const { return last_fault_; }

 private:
  static bool is_dc_state(std::string_view state);

  std::vector<std::string> nodes_;
  std::vector<std::string> state_;  // of the controller; empty while the stack does not run
  int completed_ = 0;
  SimTime last_fault_ = kSimStart;
};

}  // namespace fencepost::scenarios
