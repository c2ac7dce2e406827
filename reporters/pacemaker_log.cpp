#include "reporters/pacemaker_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "engine/base/time.h"
#include "engine/policy/decision.h"
#include "reporters/describe.h"

namespace fencepost::reporters {
namespace {

using namespace node;

std::string key_of(const ActionName& name) {
  return fmt::format("{}_{}_{}", name.resource, name.operation, to_ms(name.interval));
}

std::string kind_of(const ActionName& name) {
  return name.operation == "monitor" && name.interval == Duration{} ? "probe" : name.operation;
}

// S_TRANSITION_ENGINE for transition-engine.
std::string state_name(const std::string& state) {
  std::string name = "S_" + state;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

std::string reason_text(const std::string& reason) {
  const std::size_t colon = reason.rfind(": ");
  if (colon == std::string::npos) return ": " + reason;
  std::string by = reason.substr(0, colon);
  const std::size_t on = by.find(" on ");
  if (by.rfind("operation ", 0) == 0 && on != std::string::npos) by.insert(on, " 'modify'");
  return " by " + by + reason.substr(colon);
}

std::string logged_result(const ActionFinished& e) {
  if (e.status == OpStatus::cancelled) return "Cancelled";
  if (e.status == OpStatus::timeout)
    return "Timed Out" + (e.exit_reason.empty() ? "" : " (" + e.exit_reason + ")");
  return e.rc ? cib::rc_text(*e.rc) : "error";
}

}  // namespace

struct PacemakerLog::Writer {
  PacemakerLog& log;
  std::size_t index;
  const std::string& on;
  std::vector<std::string>& out;

  void line(std::string_view daemon, std::string_view function, std::string_view level,
            const std::string& text) const {
    out.push_back(fmt::format("{} {:<20}[1] ({}) \t{}: {}", on, daemon, function, level, text));
  }
  void controller(std::string_view function, std::string_view level, const std::string& text) const {
    line("pacemaker-controld", function, level, text);
  }
  void fencer(std::string_view function, std::string_view level, const std::string& text) const {
    line("pacemaker-fenced", function, level, text);
  }
  void attribute(const std::string& node, const std::string& name, const std::string& value) const {
    std::string& before = log.attributes_[{node, name}];
    const auto shown = [](const std::string& v) { return v.empty() ? std::string("(unset)") : v; };
    line("pacemaker-attrd", "update_attr_on_host", "notice",
         fmt::format("Setting {}[{}]: {} -> {} | from {} with no write delay", name, node, shown(before),
                     shown(value), on));
    before = value;
  }

  void operator()(const TransitionCalculated& e) const {
    if (e.decision == nullptr) return;
    for (const policy::Change& change : e.decision->changes) {
      const auto name_of = [&](policy::NodeId id) {
        return id.valid() ? e.decision->state[id].name : std::string();
      };
      if (change.kind == policy::Change::Kind::fence) {
        line("pacemaker-schedulerd", "pe_fence_node", "warning",
             fmt::format("Cluster node {} will be fenced: {}", name_of(change.origin), change.reason));
        line("pacemaker-schedulerd", "log_list_item", "notice",
             fmt::format("Actions: Fence (reboot) {} '{}'", name_of(change.origin), change.reason));
      } else {
        const std::string where =
            change.destination.valid() ? name_of(change.destination) : name_of(change.origin);
        line("pacemaker-schedulerd", "log_list_item", "notice",
             fmt::format("Actions: {:<10} {:<7} ( {} )", policy::verb(change), change.resource, where));
      }
    }
    line("pacemaker-schedulerd", "pcmk__log_transition_summary", "notice",
         fmt::format("Calculated transition {}, saving inputs in /var/lib/pacemaker/pengine/pe-input-{}.bz2",
                     e.id, e.id));
  }
  void operator()(const TransitionAborted& e) const {
    controller("abort_transition_graph", "info",
               fmt::format("Transition {} aborted{}", e.id, reason_text(e.reason)));
  }
  void operator()(const TransitionEnded& e) const {
    static constexpr const char* kStatus[] = {"Complete", "Stopped", "Terminated"};
    controller("pcmk__execute_graph", "notice",
               fmt::format("Transition {} (Complete={}, Pending=0, Fired=0, Skipped={}, Incomplete={}, "
                           "Source=/var/lib/pacemaker/pengine/pe-input-{}.bz2): {}",
                           e.id, e.completed, e.skipped, e.incomplete, e.id,
                           kStatus[static_cast<std::size_t>(e.status)]));
  }
  void operator()(const ActionInitiated& e) const {
    controller("execute_rsc_action", "notice",
               fmt::format("Initiating {} operation {} {}on {} | action {}", e.name.operation, key_of(e.name),
                           e.name.node == on ? "locally " : "", e.name.node, e.action));
  }
  void operator()(const ActionStarted& e) const {
    if (e.repeat) return;
    controller("do_lrm_rsc_op", "notice",
               fmt::format("Requesting local execution of {} operation for {} on {} | op_key={}",
                           kind_of(e.name), e.name.resource, e.name.node, key_of(e.name)));
  }
  void operator()(const ActionFinished& e) const {
    if (!e.news) return;
    controller(
        "log_executor_event", e.status == OpStatus::timeout ? "error" : "notice",
        fmt::format("Result of {} operation for {} on {}: {} | graph action confirmed; call={} key={} rc={}",
                    kind_of(e.name), e.name.resource, e.name.node, logged_result(e), e.call.value,
                    key_of(e.name), e.rc.value_or(1)));
  }
  void operator()(const ProcessWillNotDie& e) const {
    line("pacemaker-execd", "child_timeout_callback", "warning",
         key_of(e.name) + " process (PID 1) will not die!");
  }
  void operator()(const FenceRequested& e) const {
    controller("controld_execute_fence_action", "notice",
               fmt::format("Requesting fencing ({}) of node {}", e.action, e.target));
    fencer("handle_fence_request", "notice",
           fmt::format("Client pacemaker-controld.1 wants to fence ({}) {} using any device", e.action,
                       e.target));
  }
  void operator()(const FenceBegun& e) const {
    fencer("initiate_remote_stonith_op", "notice",
           fmt::format("Requesting peer fencing ({}) targeting {} | state=querying", e.action, e.target));
  }
  void operator()(const FenceDeviceStarted& e) const {
    fencer("request_peer_fencing", "notice",
           fmt::format("Requesting that {} perform '{}' action targeting {} using {}", on, e.action, e.target,
                       e.device));
  }
  void operator()(const FenceDeviceFinished& e) const {
    fencer("log_async_result", e.rc == 0 ? "notice" : "error",
           fmt::format("Operation '{}' [1] targeting {} using {} returned {}", e.action, e.target, e.device,
                       e.rc.value_or(1)));
  }
  void operator()(const FenceFinished& e) const {
    const std::string client = "pacemaker-controld.1@" + e.originator;
    fencer("finalize_op", e.success ? "notice" : "error",
           fmt::format("Operation '{}' targeting {} by {} for {}: {}", e.action, e.target,
                       e.delegate.empty() ? "unknown node" : e.delegate, client,
                       e.success ? "OK (complete)" : "Error occurred (" + e.why + ")"));
    controller("handle_fence_notification", "notice",
               e.success ? fmt::format("Peer {} was terminated ({}) by {} on behalf of {}: OK", e.target,
                                       e.action, e.delegate, client)
                         : fmt::format("Peer {} was not terminated ({}) by the cluster on behalf of {}: {}",
                                       e.target, e.action, client, e.why));
  }
  void operator()(const DcChanged& e) const {
    controller("update_dc", "info", e.dc.empty() ? "Unset DC" : "Set DC to " + e.dc + " (3.16.1)");
  }
  void operator()(const PeerChanged& e) const {
    if (e.state != PeerChanged::State::lost && e.state != PeerChanged::State::member) return;
    const bool lost = e.state == PeerChanged::State::lost;
    for (const char* daemon :
         {"pacemaker-controld", "pacemaker-fenced", "pacemaker-based", "pacemaker-attrd"}) {
      line(daemon, "update_peer_state_iter", "notice",
           fmt::format("Node {} state is now {} | previous={}", e.peer, lost ? "lost" : "member",
                       lost ? "member" : "unknown"));
    }
  }
  void operator()(const QuorumSeen& e) const {
    controller("quorum_notification_cb", e.quorate ? "notice" : "warning",
               e.quorate ? "Quorum acquired | membership" : "Quorum lost | membership");
  }
  void operator()(const ControllerState& e) const {
    std::string& before = log.state_[index];
    if (!before.empty())
      controller("do_state_transition", "notice",
                 fmt::format("State transition {} -> {}", state_name(before), state_name(e.state)));
    before = e.state;
  }
  void operator()(const FailCountChanged& e) const {
    if (e.operation.empty()) return;  // all of the resource: each is an attribute of its own
    attribute(e.node, fmt::format("fail-count-{}#{}_{}", e.resource, e.operation, to_ms(e.interval)),
              e.value);
  }
  void operator()(const AttributeWritten& e) const {
    if (e.name.rfind("fail-count-", 0) != 0 || e.value.empty()) attribute(e.node, e.name, e.value);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

std::vector<std::string> PacemakerLog::lines(const backend::Record& record) {
  std::vector<std::string> out;
  if (const auto* entry = std::get_if<JournalEntry>(&record.what)) {
    const std::size_t index = record.node.index();
    std::visit(Writer{*this, index, names_[index], out}, *entry);
  }
  return out;
}

}  // namespace fencepost::reporters
