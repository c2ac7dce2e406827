// A plan while the DC carries it out: what has been done, what can be done now, and what will not be.
#pragma once

#include <boost/dynamic_bitset.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/node/step.h"
#include "engine/policy/decision.h"
#include "engine/policy/transition_graph.h"

namespace fencepost::node {

class Transition {
 public:
  // Of an abort: nothing below this priority is begun any more.
  static constexpr int kStopAll = 1'000'000;

  void begin(Step& step, int id, std::shared_ptr<const policy::Decision> decision);
  bool active() const { return active_; }
  int id() const { return id_; }
  const policy::TransitionGraph& graph() const { return decision_->graph; }
  const policy::Decision& decision() const { return *decision_; }
  // As it is sent out, with all its attributes.
  std::shared_ptr<const policy::Action> action(std::size_t index);

  // Begins everything that can be begun. Returns those to be sent out; pseudo-actions are done at once.
  std::vector<std::size_t> fire(const std::function<int(const std::string& node)>& job_limit);
  // Nothing is on its way, and nothing will be.
  bool finished() const;
  // Says goodbye to the plan.
  void end(Step& step);
  // No more of it will be known: this node is not the DC any more.
  void drop() { active_ = false; }

  // False if it is not of this plan or was answered before.
  bool confirm(std::size_t index, bool success);
  // It was done and failed. What waits for it is not done, but for what has to follow at any price: the
  // notifications after a promotion, demotion or stop of a clone (demote-fails; crm_simulate --op-fail).
  void failed(std::size_t index);
  bool in_flight(std::size_t index) const;
  // Not found: the number of actions.
  std::size_t find(int action_id) const;
  std::vector<std::size_t> in_flight_on(const std::string& node) const;
  std::vector<std::size_t> fencings_of(const std::string& target) const;

  void abort(int priority);
  bool aborted() const { return abort_priority_ > 0; }

 private:
  enum class State : std::uint8_t { waiting, in_flight, done, failed, skipped };

  // Who is busy with an action: its node, or the one that reaches a remote or guest node.
  struct Place {
    int jobs = 0, migrations = 0;  // on their way
    int limit = 0;                 // of jobs, as this round of firing was told
  };

  Place& place_of(const policy::Action& action);
  bool has_room(const policy::Action& action);
  void waits_for_one_less(std::size_t synapse);
  void done(std::size_t index);

  bool active_ = false;
  int id_ = -1;
  std::shared_ptr<const policy::Decision> decision_;
  std::vector<std::shared_ptr<const policy::Action>> completed_;  // by action, once asked for
  std::vector<State> states_;                                     // by synapse
  std::vector<std::uint32_t> unmet_;                              // inputs that have not happened
  std::vector<std::vector<std::size_t>> after_;                   // by action: the synapses that wait for it
  boost::dynamic_bitset<> ready_;                                 // synapses that wait for nothing but room
  std::map<std::string, Place, std::less<>> places_;              // by node
  int in_flight_ = 0;
  int batch_limit_ = 0, migration_limit_ = 0;  // 0: none
  int abort_priority_ = 0;
  bool held_back_ = false;  // by a limit
  bool news_ = false;       // an action is over that others may have waited for
};

}  // namespace fencepost::node
