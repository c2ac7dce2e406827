#include "scenarios/cluster_watch.h"

#include <algorithm>

namespace fencepost::scenarios {

void ClusterWatch::observe(const backend::Record& record) {
  if (const auto* observation = std::get_if<backend::Observation>(&record.what)) {
    if (const auto* stack = std::get_if<backend::StackChanged>(observation)) {
      const auto place = std::ranges::find(nodes_, stack->node);
      if (!stack->up && place != nodes_.end())
        state_[static_cast<std::size_t>(place - nodes_.begin())].clear();
    }
    const bool fault = std::holds_alternative<backend::FaultInjected>(*observation) ||
                       std::holds_alternative<backend::FaultEnded>(*observation) ||
                       std::holds_alternative<backend::PowerChanged>(*observation);
    if (fault) last_fault_ = record.time;
    return;
  }
  const node::JournalEntry& entry = std::get<node::JournalEntry>(record.what);
  if (const auto* controller = std::get_if<node::ControllerState>(&entry)) {
    state_[record.node.index()] = controller->state;
  } else if (const auto* ended = std::get_if<node::TransitionEnded>(&entry)) {
    completed_ += ended->status == node::TransitionEnded::Status::complete ? 1 : 0;
  }
}

bool ClusterWatch::is_dc_state(std::string_view state) {
  return state == "idle" || state == "transition-engine" || state == "policy-engine" ||
         state == "integration" || state == "finalize-join";
}

bool ClusterWatch::idle() const {
  return std::ranges::find(state_, "idle") != state_.end() &&
         std::ranges::all_of(state_, [](const std::string& state) {
           return state.empty() || state == "idle" || state == "not-dc";
         });
}

node::NodeId ClusterWatch::dc() const {
  const auto found = std::ranges::find_if(state_, is_dc_state);
  return found == state_.end() ? node::NodeId{}
                               : node::NodeId{static_cast<std::size_t>(found - state_.begin())};
}

int ClusterWatch::dcs() const { return static_cast<int>(std::ranges::count_if(state_, is_dc_state)); }

}  // namespace fencepost::scenarios
