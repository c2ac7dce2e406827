#include "engine/node/attributes.h"

#include <algorithm>

#include "engine/cib/history.h"

namespace fencepost::node {

void Attributes::request(Step& step, const AttributeRequested& request) {
  PutTransient change{.id = step.self.uuid(),
                      .node = step.self.name(),
                      .name = request.name,
                      .value = request.value,
                      .add_one = false};
  if (const auto dampened = dampened_.find(request.name); dampened != dampened_.end()) {
    waiting_[dampened->second].changes = {std::move(change)};
    return;
  }
  const std::uint64_t place = ++last_;
  waiting_[place].changes = {std::move(change)};
  if (request.dampening > Duration::zero()) dampened_[request.name] = place;
  arm(step, request.dampening, place);
}

void Attributes::write(Step& step, std::vector<PutTransient> changes) {
  const std::uint64_t place = ++last_;
  waiting_[place].changes = std::move(changes);
  arm(step, Duration::zero(), place);
}

// Writes keep the order in which they were asked for, dampening apart.
void Attributes::arm(Step& step, Duration dampening, std::uint64_t place) {
  SimTime at = step.now.time + dampening + step.sample(step.profile.attribute_write);
  if (dampening == Duration::zero()) at = last_write_ = std::max(at, last_write_);
  step.arm(timer_id(TimerKind::attribute, place), at);
}

void Attributes::fired(Step& step, std::uint64_t which) {
  const auto found = waiting_.find(which);
  if (found == waiting_.end()) return;
  std::vector<CibChange> changes;
  for (PutTransient& change : found->second.changes) {
    if (const auto at = dampened_.find(change.name); at != dampened_.end() && at->second == which)
      dampened_.erase(at);
    changes.emplace_back(std::move(change));
  }
  waiting_.erase(found);
  step.change_cib(std::move(changes));
}

void Attributes::seen(const Step& step, const PutTransient& change, const cib::Cib& cib) {
  const cib::NodeState* state = cib::find_node_state(cib.status, change.node);
  const std::string* value = state == nullptr ? nullptr : cib::transient_attribute(*state, change.name);
  if (change.node != step.self.name()) return;
  if (value != nullptr) {
    own_[change.name] = *value;
  } else {
    own_.erase(change.name);
  }
}

void Attributes::rejoined(Step& step, const cib::Cib& cib) {
  const cib::NodeState* state = cib::find_node_state(cib.status, step.self.name());
  std::vector<PutTransient> lost;
  for (const auto& [name, value] : own_) {
    const std::string* known = state == nullptr ? nullptr : cib::transient_attribute(*state, name);
    if (known == nullptr || *known != value)
      lost.push_back({step.self.uuid(), step.self.name(), name, value, false});
  }
  if (!lost.empty()) write(step, std::move(lost));
}

}  // namespace fencepost::node
