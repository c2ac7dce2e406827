#include "engine/node/transition.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/cib/values.h"

namespace fencepost::node {
namespace {

bool migrates(const policy::Action& action) {
  return action.task == "migrate_to" || action.task == "migrate_from";
}

const std::string& place(const policy::Action& action) {
  return action.router_node.empty() ? action.node : action.router_node;
}

int number(const std::string& text) { return static_cast<int>(cib::parse_integer(text).value_or(0)); }

}  // namespace

void Transition::begin(Step& step, int id, std::shared_ptr<const policy::Decision> decision) {
  *this = Transition{};
  active_ = true;
  news_ = true;
  id_ = id;
  decision_ = std::move(decision);
  const policy::TransitionGraph& plan = graph();
  batch_limit_ = number(plan.batch_limit);
  migration_limit_ = number(plan.migration_limit);
  states_.assign(plan.synapses.size(), State::waiting);
  unmet_.reserve(plan.synapses.size());
  after_.resize(plan.actions.size());
  ready_.resize(plan.synapses.size());
  for (std::size_t i = 0; i < plan.synapses.size(); ++i) {
    HA_ASSERT(plan.synapses[i].action == i);
    unmet_.push_back(static_cast<std::uint32_t>(plan.synapses[i].inputs.size()));
    for (const std::size_t input : plan.synapses[i].inputs) after_[input].push_back(i);
    ready_[i] = plan.synapses[i].inputs.empty();
    if (plan.actions[i].kind == policy::ActionKind::resource_op) place_of(plan.actions[i]);
  }
  step.journal(TransitionStarted{id_, static_cast<int>(plan.synapses.size())});
}

std::shared_ptr<const policy::Action> Transition::action(std::size_t index) {
  completed_.resize(graph().actions.size());
  auto& action = completed_[index];
  if (action == nullptr) action = policy::complete(*decision_, index);
  return action;
}

std::vector<std::size_t> Transition::fire(const std::function<int(const std::string&)>& job_limit) {
  std::vector<std::size_t> fired;
  if (!news_ && !held_back_) return fired;
  held_back_ = false;
  for (auto& [node, place] : places_) place.limit = job_limit(node);
  for (bool progress = active_; progress;) {
    progress = false;
    for (std::size_t i = ready_.find_first(); i != ready_.npos; i = ready_.find_next(i)) {
      const policy::Action& action = graph().actions[i];
      ready_[i] = false;
      if (graph().synapses[i].priority < abort_priority_) {
        states_[i] = State::skipped;
      } else if (action.kind == policy::ActionKind::pseudo && action.task != "stonith") {
        done(i);
        if (!action.maintenance.empty()) fired.push_back(i);
        progress = true;
      } else if (!has_room(action)) {
        ready_[i] = held_back_ = true;
      } else {
        states_[i] = State::in_flight;
        ++in_flight_;
        if (action.kind == policy::ActionKind::resource_op) ++place_of(action).jobs;
        if (migrates(action)) ++place_of(action).migrations;
        fired.push_back(i);
        if (action.no_wait) confirm(i, true);
        progress = true;
      }
    }
  }
  news_ = false;
  return fired;
}

Transition::Place& Transition::place_of(const policy::Action& action) { return places_[place(action)]; }

// Fencing and what only the DC does take no node's strength.
bool Transition::has_room(const policy::Action& action) {
  if (action.kind != policy::ActionKind::resource_op) return true;
  if (batch_limit_ > 0 && in_flight_ >= batch_limit_) return false;
  const Place& busy = place_of(action);
  if (migration_limit_ > 0 && migrates(action) && busy.migrations >= migration_limit_) return false;
  return busy.jobs < busy.limit;
}

bool Transition::finished() const { return active_ && in_flight_ == 0 && !held_back_; }

void Transition::end(Step& step) {
  HA_ASSERT(active_);
  active_ = false;
  TransitionEnded ended{.id = id_};
  for (const State state : states_) {
    ended.completed += state == State::done;
    ended.skipped += state == State::skipped;
    ended.incomplete += state == State::waiting || state == State::failed;
  }
  if (ended.skipped > 0) ended.status = TransitionEnded::Status::stopped;
  step.journal(ended);
}

bool Transition::confirm(std::size_t index, bool success) {
  if (!active_ || index >= states_.size() || states_[index] != State::in_flight) return false;
  const policy::Action& action = graph().actions[index];
  --in_flight_;
  news_ = true;
  if (action.kind == policy::ActionKind::resource_op) --place_of(action).jobs;
  if (migrates(action)) --place_of(action).migrations;
  if (success) {
    done(index);
  } else {
    states_[index] = State::failed;
  }
  return true;
}

void Transition::failed(std::size_t index) {
  if (!confirm(index, false)) return;
  const auto& synapses = graph().synapses;
  for (const std::size_t next : after_[index]) {
    if (synapses[next].priority > synapses[index].priority) waits_for_one_less(next);
  }
}

void Transition::done(std::size_t index) {
  states_[index] = State::done;
  for (const std::size_t next : after_[index]) waits_for_one_less(next);
}

void Transition::waits_for_one_less(std::size_t synapse) {
  if (--unmet_[synapse] == 0) ready_[synapse] = true;
}

bool Transition::in_flight(std::size_t index) const {
  return active_ && index < states_.size() && states_[index] == State::in_flight;
}

std::size_t Transition::find(int action_id) const {
  const auto& actions = graph().actions;
  const auto found = std::find_if(actions.begin(), actions.end(), [&](const policy::Action& each) {
    return static_cast<int>(each.id) == action_id;
  });
  return static_cast<std::size_t>(found - actions.begin());
}

std::vector<std::size_t> Transition::in_flight_on(const std::string& node) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; active_ && i < states_.size(); ++i) {
    const policy::Action& action = graph().actions[i];
    if (states_[i] == State::in_flight && action.task != "stonith" && place(action) == node)
      result.push_back(i);
  }
  return result;
}

std::vector<std::size_t> Transition::fencings_of(const std::string& target) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; active_ && i < states_.size(); ++i) {
    const policy::Action& action = graph().actions[i];
    if (states_[i] == State::in_flight && action.task == "stonith" && action.node == target)
      result.push_back(i);
  }
  return result;
}

void Transition::abort(int priority) { abort_priority_ = std::max(abort_priority_, priority); }

}  // namespace fencepost::node
