#include "models/core/record_hash.h"

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace fencepost::models {
namespace {

// Every field of every kind of record, in the order of its declaration. What is pointed to (a decision, its
// input) shows in what follows from it.
struct Adder {
  sim::Fingerprint& to;

  void add(const std::string& text) const { to.add(text); }
  void add(bool flag) const { to.add(flag); }
  void add(int number) const { to.add(number); }
  void add(std::uint64_t number) const { to.add(number); }
  void add(Duration duration) const { to.add(duration); }
  void add(node::CallId call) const { to.add(call.value); }
  void add(const node::ActionName& name) const {
    all(name.node, name.resource, name.operation, name.interval);
  }
  void add(const std::optional<int>& number) const { number ? add(*number) : add(false); }
  void add(const std::vector<std::string>& texts) const {
    add(std::uint64_t{texts.size()});
    for (const std::string& text : texts) add(text);
  }
  template <class E>
  requires std::is_enum_v<E>
  void add(E value) const { add(static_cast<int>(value)); }
  template <class... Fields>
  void all(const Fields&... fields) const {
    (add(fields), ...);
  }

  void operator()(const node::TransitionCalculated& r) const { all(r.id, r.reason); }
  void operator()(const node::TransitionStarted& r) const { all(r.id, r.actions); }
  void operator()(const node::TransitionAborted& r) const { all(r.id, r.reason); }
  void operator()(const node::TransitionEnded& r) const {
    all(r.id, r.status, r.completed, r.skipped, r.incomplete);
  }
  void operator()(const node::ActionInitiated& r) const { all(r.transition, r.action, r.name); }
  void operator()(const node::ActionStarted& r) const {
    all(r.transition, r.action, r.name, r.expected_rc, r.notify, r.call);
  }
  void operator()(const node::ActionFinished& r) const {
    all(r.transition, r.action, r.name, r.rc, r.status, r.exit_reason, r.repeat, r.news, r.call);
  }
  void operator()(const node::ProcessWillNotDie& r) const { all(r.name, r.call); }
  void operator()(const node::FenceRequested& r) const { all(r.target, r.action, r.reason, r.transition); }
  void operator()(const node::FenceBegun& r) const { all(r.target, r.action); }
  void operator()(const node::FenceDeviceStarted& r) const {
    all(r.target, r.action, r.device, r.agent, r.call);
  }
  void operator()(const node::FenceDeviceFinished& r) const {
    all(r.target, r.action, r.device, r.agent, r.call, r.rc, r.timed_out);
  }
  void operator()(const node::FenceFinished& r) const {
    all(r.target, r.action, r.delegate, r.device, r.success, r.why, r.originator);
  }
  void operator()(const node::DcChanged& r) const { all(r.dc); }
  void operator()(const node::PeerChanged& r) const { all(r.peer, r.state); }
  void operator()(const node::QuorumSeen& r) const { all(r.quorate); }
  void operator()(const node::ControllerState& r) const { all(r.state, r.cause); }
  void operator()(const node::FailCountChanged& r) const {
    all(r.node, r.resource, r.operation, r.interval, r.value);
  }
  void operator()(const node::AttributeWritten& r) const { all(r.node, r.name, r.value); }
  void operator()(const node::CommandTaken& r) const { all(r.text); }
  void operator()(const node::LogLine& r) const { all(r.text); }

  void operator()(const backend::FaultInjected& r) const { all(r.fault, r.verb, r.target, r.text); }
  void operator()(const backend::FaultEnded& r) const { all(r.fault, r.verb, r.target); }
  void operator()(const backend::PowerChanged& r) const { all(r.node, r.on, r.why); }
  void operator()(const backend::StackChanged& r) const { all(r.node, r.up, r.why); }
  void operator()(const backend::TokenLost& r) const { all(r.node); }
  void operator()(const backend::MembershipSeen& r) const { all(r.node, r.ring, r.members, r.quorate); }
  void operator()(const backend::RoleChanged& r) const { all(r.node, r.resource, r.role); }
  void operator()(const backend::ServiceChanged& r) const { all(r.resource, r.available, r.node); }
  void operator()(const backend::ProcessBlocked& r) const {
    all(r.node, r.pid, r.command, r.call, r.object, r.killable, r.for_call, r.resource, r.operation);
  }
  void operator()(const backend::ProcessUnblocked& r) const { all(r.node, r.pid, r.killed, r.object); }
  void operator()(const backend::StateChanged& r) const { all(r.node, r.kind, r.object, r.from, r.to); }
  void operator()(const backend::FenceDeviceActed& r) const { all(r.device, r.target, r.action, r.success); }
  void operator()(const backend::InvariantBroken& r) const { all(r.invariant, r.text); }
  void operator()(const backend::Noted& r) const { all(r.text); }
};

}  // namespace

void add_to(sim::Fingerprint& fingerprint, const backend::Record& record) {
  fingerprint.add(record.time).add(record.node.value).add(std::uint64_t{record.what.index()});
  std::visit(
      [&](const auto& what) {
        fingerprint.add(std::uint64_t{what.index()});
        std::visit(Adder{fingerprint}, what);
      },
      record.what);
}

bool is_news(const node::JournalEntry& entry) {
  if (const auto* started = std::get_if<node::ActionStarted>(&entry)) {
    return started->name.operation != "monitor" || started->name.interval == Duration::zero();
  }
  if (const auto* finished = std::get_if<node::ActionFinished>(&entry)) return finished->news;
  return true;
}

}  // namespace fencepost::models
