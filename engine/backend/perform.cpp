#include <variant>

#include "engine/backend/backend.h"

namespace fencepost::backend {
namespace {

struct Performer {
  const Backend& on;

  void operator()(const node::ArmTimer& e) const { on.timers->arm(e.timer, e.at); }
  void operator()(const node::CancelTimer& e) const { on.timers->cancel(e.timer); }
  void operator()(const node::JoinGroup&) const { on.group->join(); }
  void operator()(const node::LeaveGroup&) const { on.group->leave(); }
  void operator()(const node::SendMessage& e) const { on.group->send(e.message); }
  void operator()(const node::RunAgent& e) const { on.agents->run(e.call, e.command); }
  void operator()(const node::KillAgent& e) const { on.agents->kill(e.call); }
  void operator()(const node::RunFenceAgent& e) const { on.fence_agents->run(e.call, e.command, e.target); }
  void operator()(const node::Persist& e) const { on.store->persist(e.cib); }
  void operator()(const node::Journal& e) const { on.supervisor->record(e.entry); }
  void operator()(const node::StopStack& e) const { on.supervisor->stop_stack(e.how, e.why); }
};

}  // namespace

void perform(const node::Effects& effects, const Backend& backend) {
  for (const node::Effect& effect : effects) std::visit(Performer{backend}, effect);
}

}  // namespace fencepost::backend
