#include "engine/live/live_node.h"

#include <utility>

#include "engine/base/assert.h"
#include "engine/live/clock.h"

namespace fencepost::live {

LiveNode::LiveNode(EventLoop& loop, node::NodeOptions options, Parts parts, Stopped stopped)
    : loop_(loop),
      options_(options),
      engine_(std::move(options)),
      backend_{this, parts.group, parts.agents, parts.fence_agents, parts.store, this},
      on_stop_(std::move(stopped)) {
  HA_ASSERT(parts.group != nullptr && parts.agents != nullptr && parts.fence_agents != nullptr &&
            parts.store != nullptr);
}

const std::string& LiveNode::name() const { return (*options_.nodelist)[options_.self.index()].name; }

void LiveNode::boot(std::shared_ptr<const cib::Cib> stored) { take(node::Booted{std::move(stored)}); }

void LiveNode::take(const node::Event& event) {
  if (has_stopped_) return;  // children that end late, and the like: nobody is left to hear of it
  HA_ASSERT(!stepping_);
  stepping_ = true;
  step_at_ = loop_.now();
  const node::Now now{step_at_, wall_now()};
  if (tape_) tape_->event(now, event);
  const node::Effects& effects = engine_.step(now, event);
  if (tape_) tape_->effects(effects);
  backend::perform(effects, backend_);
  stepping_ = false;
  if (after_step_) after_step_();
}

void LiveNode::arm(node::TimerId timer, SimTime at) {
  cancel(timer);
  timers_[timer] = loop_.at(at, [this, timer] {
    timers_.erase(timer);
    take(node::TimerFired{timer});
  });
}

void LiveNode::cancel(node::TimerId timer) {
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return;
  loop_.cancel(found->second);
  timers_.erase(found);
}

void LiveNode::record(node::JournalEntry entry) {
  tell({records_++, stepping_ ? step_at_ : loop_.now(), options_.self, std::move(entry)});
}

void LiveNode::observe(backend::Observation observation) {
  tell({records_++, stepping_ ? step_at_ : loop_.now(), {}, std::move(observation)});
}

void LiveNode::tell(backend::Record record) {
  for (backend::Observer* each : observers_) each->observe(record);
}

// What the engine wanted done before this is done; nothing after it is.
void LiveNode::stop_stack(node::StopStack::How how, const std::string& why) {
  if (std::exchange(has_stopped_, true)) return;
  for (const auto& [timer, handle] : timers_) loop_.cancel(handle);
  timers_.clear();
  loop_.soon([this, how, why] { on_stop_(how, why); });
}

}  // namespace fencepost::live
