#include "reporters/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/policy/decision.h"

namespace fencepost::reporters {
namespace {

using namespace node;
using namespace backend;

std::string join(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::string plan_text(const policy::Decision& decision) {
  std::vector<std::string> words;
  for (const policy::Change& change : decision.changes) {
    std::string what = policy::verb(change);
    std::transform(what.begin(), what.begin() + 1, what.begin(),
                   [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    const bool of_node =
        change.kind == policy::Change::Kind::fence || change.kind == policy::Change::Kind::shutdown;
    const policy::NodeId where = change.destination.valid() && !of_node ? change.destination : change.origin;
    const std::string node = where.valid() ? decision.state[where].name : "";
    words.push_back(of_node ? what + " " + node
                            : what + " " + change.resource + (node.empty() ? "" : " on " + node));
  }
  return words.empty() ? "nothing to move" : join(words, ", ");
}

const char* peer_text(PeerChanged::State state) {
  switch (state) {
    case PeerChanged::State::lost:
      return "is lost";
    case PeerChanged::State::member:
      return "is a member again";
    case PeerChanged::State::process_gone:
      return "has lost its controller";
    case PeerChanged::State::process_up:
      return "has its controller back";
    case PeerChanged::State::join_done:
      return "has joined";
    case PeerChanged::State::leaving:
      return "wants to leave";
  }
  return "";
}

const char* status_text(OpStatus status) {
  switch (status) {
    case OpStatus::pending:
      return "pending";
    case OpStatus::done:
      return "done";
    case OpStatus::cancelled:
      return "cancelled";
    case OpStatus::timeout:
      return "timed out";
    case OpStatus::not_supported:
      return "not supported";
    case OpStatus::error:
      return "error";
    case OpStatus::error_hard:
      return "hard error";
    case OpStatus::error_fatal:
      return "fatal error";
    case OpStatus::not_installed:
      return "agent not installed";
    case OpStatus::not_connected:
      return "executor not connected";
    case OpStatus::invalid:
      return "invalid";
    case OpStatus::no_fence_device:
      return "no fence device";
    case OpStatus::no_secrets:
      return "no secrets";
  }
  return "";
}

bool failed(const ActionFinished& e) {
  if (e.status == OpStatus::cancelled) return false;
  return e.status != OpStatus::done || !e.rc || (*e.rc != 0 && *e.rc != 7 && *e.rc != 8);
}

std::string result_text(const ActionFinished& e) {
  std::string text;
  if (e.status == OpStatus::done || (e.status == OpStatus::error && e.rc)) {
    text = e.rc ? fmt::format("{} ({})", cib::rc_text(*e.rc), *e.rc) : "done";
  } else {
    text = status_text(e.status);
  }
  return e.exit_reason.empty() ? text : text + ": " + e.exit_reason;
}

// One overload an entry of the record; `on` is the node whose journal it is.
struct Describer {
  std::string on;

  Description operator()(const TransitionCalculated& e) const {
    const std::string why = e.reason.empty() ? "" : " (" + e.reason + ")";
    return {"transition-calculated", on,
            fmt::format("plan {}: {}{}", e.id, e.decision ? plan_text(*e.decision) : "?", why),
            e.decision && !e.decision->changes.empty() ? Weight::normal : Weight::detail};
  }
  Description operator()(const TransitionStarted& e) const {
    return {"transition-started", on, fmt::format("transition {} starts: {} actions", e.id, e.actions),
            Weight::detail};
  }
  Description operator()(const TransitionAborted& e) const {
    return {"transition-aborted", on, fmt::format("transition {} is aborted: {}", e.id, e.reason),
            Weight::detail};
  }
  Description operator()(const TransitionEnded& e) const {
    static constexpr const char* kStatus[] = {"complete", "stopped", "terminated"};
    return {"transition-ended", on,
            fmt::format("transition {} is over ({}): {} done, {} skipped, {} not begun", e.id,
                        kStatus[static_cast<std::size_t>(e.status)], e.completed, e.skipped, e.incomplete),
            Weight::detail};
  }
  Description operator()(const ActionInitiated& e) const {
    return {"action-initiated", e.name.node, fmt::format("{} is sent out by {}", action_text(e.name), on),
            Weight::noise};
  }
  Description operator()(const ActionStarted& e) const {
    const bool quiet = e.name.operation == "notify" || e.name.operation == "meta-data" ||
                       (e.name.operation == "monitor" && e.name.interval == Duration{});
    return {"action-started", e.name.node,
            action_text(e.name) + (e.notify.empty() ? "" : " " + e.notify) + " begins",
            quiet || e.name.operation == "monitor" ? Weight::noise : Weight::normal};
  }
  Description operator()(const ActionFinished& e) const {
    const bool quiet = (e.name.operation == "monitor" && !failed(e) && !(e.repeat && e.news)) ||
                       e.name.operation == "notify" || e.name.operation == "meta-data" ||
                       e.status == OpStatus::cancelled;
    return {"action-finished", e.name.node, fmt::format("{}: {}", action_text(e.name), result_text(e)),
            failed(e) ? Weight::headline
            : quiet   ? Weight::noise
                      : Weight::normal};
  }
  Description operator()(const ProcessWillNotDie& e) const {
    return {"will-not-die", e.name.node, action_text(e.name) + ": its process survives SIGKILL",
            Weight::headline};
  }
  Description operator()(const FenceRequested& e) const {
    return {"fence-requested", on,
            fmt::format("fencing of {} is requested ({}): {}", e.target, e.action, e.reason),
            Weight::headline};
  }
  Description operator()(const FenceBegun& e) const {
    return {"fence-begun", on, fmt::format("asks who can {} {}", e.action, e.target), Weight::detail};
  }
  Description operator()(const FenceDeviceStarted& e) const {
    return {"fence-device-started", on,
            fmt::format("{} ({}) is to {} {}", e.device, e.agent, e.action, e.target), Weight::normal};
  }
  Description operator()(const FenceDeviceFinished& e) const {
    const std::string how = e.timed_out ? "timed out"
                            : e.rc      ? (*e.rc == 0 ? "ok" : fmt::format("failed ({})", *e.rc))
                                        : "was killed";
    return {"fence-device-finished", on,
            fmt::format("{} ({}) {} {}: {}", e.device, e.agent, e.action, e.target, how),
            e.rc == 0 ? Weight::detail : Weight::headline};
  }
  Description operator()(const FenceFinished& e) const {
    return {"fence-finished", on,
            e.success
                ? fmt::format("{} is fenced ({} by {} with {})", e.target, e.action, e.delegate, e.device)
                : fmt::format("fencing of {} failed: {}", e.target, e.why),
            Weight::headline};
  }
  Description operator()(const DcChanged& e) const {
    return {"dc", on,
            e.dc.empty() ? "sees no DC"
            : e.dc == on ? "is DC now"
                         : "follows DC " + e.dc,
            e.dc == on ? Weight::normal : Weight::detail};
  }
  Description operator()(const PeerChanged& e) const {
    return {"peer", on, fmt::format("sees that {} {}", e.peer, peer_text(e.state)),
            e.state == PeerChanged::State::lost ? Weight::normal : Weight::detail};
  }
  Description operator()(const QuorumSeen& e) const {
    return {"quorum", on, e.quorate ? "has quorum" : "has lost quorum", Weight::normal};
  }
  Description operator()(const ControllerState& e) const {
    return {"controller", on, fmt::format("controller: {} ({})", e.state, e.cause), Weight::noise};
  }
  Description operator()(const FailCountChanged& e) const {
    const std::string what = action_text({e.node, e.resource, e.operation, e.interval});
    return {"fail-count", e.node,
            e.value.empty() ? "fail count of " + what + " is cleared"
                            : "fail count of " + what + " is now " + e.value,
            Weight::detail};
  }
  Description operator()(const AttributeWritten& e) const {
    return {"attribute", e.node,
            fmt::format("attribute {} = {}", e.name, e.value.empty() ? "(none)" : e.value), Weight::noise};
  }
  Description operator()(const CommandTaken& e) const { return {"command", on, e.text, Weight::headline}; }
  Description operator()(const LogLine& e) const { return {"log", on, e.text, Weight::detail}; }

  Description operator()(const FaultInjected& e) const {
    return {"fault", e.target, "FAULT " + (e.text.empty() ? e.verb : e.text), Weight::headline};
  }
  Description operator()(const FaultEnded& e) const {
    return {"fault-ended", e.target, "fault over: " + e.verb, Weight::headline};
  }
  Description operator()(const PowerChanged& e) const {
    return {"power", e.node,
            fmt::format("power {}{}", e.on ? "on" : "off", e.why.empty() ? "" : " (" + e.why + ")"),
            Weight::headline};
  }
  Description operator()(const StackChanged& e) const {
    return {
        "stack", e.node,
        fmt::format("cluster stack {}{}", e.up ? "starts" : "ends", e.why.empty() ? "" : " (" + e.why + ")"),
        Weight::normal};
  }
  Description operator()(const TokenLost& e) const {
    return {"token-lost", e.node, "corosync: token lost", Weight::normal};
  }
  Description operator()(const MembershipSeen& e) const {
    const std::string members = e.members.empty() ? "none yet" : join(e.members, " ");
    return {"membership", e.node,
            fmt::format("corosync: members {}{}", members, e.quorate ? "" : ", not quorate"), Weight::normal};
  }
  Description operator()(const RoleChanged& e) const {
    return {"role", e.node, e.resource + " is " + e.role, Weight::detail};
  }
  Description operator()(const ServiceChanged& e) const {
    return {"service", e.node,
            e.available ? fmt::format("{} serves its clients", e.resource)
                        : fmt::format("{} serves nobody", e.resource),
            Weight::headline};
  }
  Description operator()(const ProcessBlocked& e) const {
    const std::string whose = e.resource.empty() ? "" : fmt::format(" [{} {}]", e.resource, e.operation);
    return {"process-blocked", e.node,
            fmt::format("'{}' (pid {}) waits in {}() on {}{}{}", e.command, e.pid, e.call, e.object,
                        e.killable ? "" : ", in D state", whose),
            Weight::headline};
  }
  Description operator()(const ProcessUnblocked& e) const {
    return {
        "process-unblocked", e.node,
        fmt::format("pid {} {} {}", e.pid, e.killed ? "is killed while waiting on" : "goes on:", e.object),
        Weight::detail};
  }
  Description operator()(const StateChanged& e) const {
    return {"state", e.node, fmt::format("{} {}: {} -> {}", e.kind, e.object, e.from, e.to), Weight::detail};
  }
  Description operator()(const FenceDeviceActed& e) const {
    return {"fence-device-acted", e.device,
            fmt::format("device {}: {} {} {}", e.device, e.action, e.target, e.success ? "done" : "failed"),
            Weight::detail};
  }
  Description operator()(const InvariantBroken& e) const {
    return {"invariant-broken", "", fmt::format("INVARIANT {} is broken: {}", e.invariant, e.text),
            Weight::headline};
  }
  Description operator()(const Noted& e) const { return {"note", "", e.text, Weight::normal}; }
};

}  // namespace

std::string duration_text(Duration duration) {
  using namespace std::chrono;
  if (duration == Duration{}) return "0";
  if (duration % 1h == Duration{}) return fmt::format("{}h", duration_cast<hours>(duration).count());
  if (duration % 1min == Duration{}) return fmt::format("{}m", duration_cast<minutes>(duration).count());
  if (duration % 1s == Duration{}) return fmt::format("{}s", duration_cast<seconds>(duration).count());
  if (duration % 1ms == Duration{} && duration < 1s) return fmt::format("{}ms", to_ms(duration));
  return fmt::format("{:.3f}s", to_seconds(duration));
}

std::string action_text(const node::ActionName& name) {
  const std::string text = name.resource + " " + name.operation;
  if (name.operation != "monitor") return text;
  return name.interval == Duration{} ? name.resource + " probe"
                                     : text + " (" + duration_text(name.interval) + ")";
}

Description describe(const backend::Record& record, const std::vector<std::string>& node_names) {
  const std::string on = record.node.valid() ? node_names.at(record.node.index()) : std::string{};
  return std::visit([&on](const auto& stream) { return std::visit(Describer{on}, stream); }, record.what);
}

}  // namespace fencepost::reporters
