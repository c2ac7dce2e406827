#include "reporters/trace.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <utility>

namespace fencepost::reporters {
namespace {

using namespace node;
using namespace backend;
using Json = nlohmann::ordered_json;

double milliseconds(Duration d) { return std::round(to_seconds(d) * 1e4) / 1e4; }

Json action(const char* kind, double t, const ActionName& name) {
  return {{"t", t},
          {"kind", kind},
          {"node", name.node},
          {"resource", name.resource},
          {"operation", name.operation},
          {"interval_ms", to_ms(name.interval)}};
}

const char* status_text(OpStatus status) {
  switch (status) {
    case OpStatus::timeout:
      return "timeout";
    case OpStatus::cancelled:
      return "cancelled";
    default:
      return "done";
  }
}

}  // namespace

struct TraceWriter::Writer {
  std::ostream& out;
  std::vector<std::string> node_names;
  std::optional<SimTime> t0;
  std::map<std::pair<std::string, std::string>, std::string> roles;  // (resource, node) -> role
  std::map<std::string, std::string> dc;                             // as each node sees it

  double t(SimTime at) const { return milliseconds(at - *t0); }
  void line(const Json& json) { out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n'; }
  void situation();

  struct Line {
    Writer& to;
    double t;
    const std::string& on;

    void operator()(const TransitionCalculated& e) const { transition(e.id, "calculated"); }
    void operator()(const TransitionStarted& e) const { transition(e.id, "start"); }
    void operator()(const TransitionAborted& e) const {
      to.line({{"t", t},
               {"kind", "transition"},
               {"node", on},
               {"id", e.id},
               {"status", "abort"},
               {"reason", e.reason}});
    }
    void operator()(const TransitionEnded& e) const {
      static constexpr const char* kResult[] = {"Complete", "Stopped", "Terminated"};
      to.line({{"t", t},
               {"kind", "transition"},
               {"node", on},
               {"id", e.id},
               {"status", "end"},
               {"result", kResult[static_cast<std::size_t>(e.status)]},
               {"complete", e.completed},
               {"skipped", e.skipped},
               {"incomplete", e.incomplete}});
    }
    void operator()(const ActionInitiated& e) const {
      Json json = action("initiate", t, e.name);
      json["dc"] = on;
      json["transition"] = e.transition;
      json["action_id"] = e.action;
      to.line(json);
    }
    void operator()(const ActionStarted& e) const {
      if (e.name.operation == "meta-data") return;
      Json json = action("action-start", t, e.name);
      json["transition"] = e.transition;
      json["action_id"] = e.action;
      json["expect_rc"] = e.expected_rc;
      if (!e.notify.empty()) json["notify"] = e.notify;
      to.line(json);
    }
    void operator()(const ActionFinished& e) const {
      if (e.name.operation == "meta-data") return;
      Json json = action("action-result", t, e.name);
      if (e.rc) json["rc"] = *e.rc;
      json["status"] = status_text(e.status);
      if (!e.exit_reason.empty()) json["reason"] = e.exit_reason;
      json["transition"] = e.transition;
      if (!e.notify.empty()) json["notify"] = e.notify;
      if (e.repeat && e.status != OpStatus::cancelled) json["agent_start"] = to.t(e.started);
      if (e.repeat) json[e.news ? "recurred" : "repeat"] = true;
      to.line(json);
    }
    void operator()(const FenceRequested& e) const { fence_start("request", e.action, e.target); }
    void operator()(const FenceBegun& e) const { fence_start("op", e.action, e.target); }
    void operator()(const FenceDeviceStarted& e) const {
      to.line({{"t", t},
               {"kind", "fence-start"},
               {"scope", "agent"},
               {"node", on},
               {"operation", e.action},
               {"target", e.target},
               {"device", e.device}});
    }
    void operator()(const FenceDeviceFinished& e) const {
      Json json{{"t", t},
                {"kind", "fence-result"},
                {"scope", "agent"},
                {"node", on},
                {"operation", e.action},
                {"target", e.target},
                {"device", e.device}};
      if (e.rc) json["rc"] = *e.rc;
      to.line(json);
    }
    void operator()(const FenceFinished& e) const {
      to.line({{"t", t},
               {"kind", "fence-result"},
               {"scope", "op"},
               {"node", on},
               {"originator", e.originator},
               {"operation", e.action},
               {"target", e.target},
               {"delegate", e.delegate},
               {"status", e.success ? "ok" : "failed"}});
    }
    void operator()(const DcChanged& e) const {
      to.line({{"t", t}, {"kind", "dc"}, {"node", on}, {"dc", e.dc}});
    }
    void operator()(const PeerChanged& e) const {
      using State = PeerChanged::State;
      if (e.state != State::lost && e.state != State::member) return;
      to.line({{"t", t},
               {"kind", "membership"},
               {"node", on},
               {"event", e.state == State::lost ? "peer-lost" : "peer-member"},
               {"peer", e.peer}});
    }
    void operator()(const QuorumSeen& e) const {
      to.line({{"t", t}, {"kind", "quorum"}, {"node", on}, {"status", e.quorate ? "acquired" : "lost"}});
    }
    void operator()(const ControllerState& e) const {
      to.line({{"t", t}, {"kind", "fsa"}, {"node", on}, {"to", e.state}, {"input", e.cause}});
    }
    void operator()(const CommandTaken& e) const {
      to.line({{"t", t}, {"kind", "command"}, {"node", on}, {"cmd", e.text}});
    }
    void operator()(const FaultInjected& e) const {
      to.line({{"t", t}, {"kind", "fault"}, {"verb", e.verb}, {"target", e.target}, {"text", e.text}});
    }
    void operator()(const PowerChanged& e) const {
      to.line({{"t", t},
               {"kind", "power"},
               {"node", e.node},
               {"status", e.on ? "on" : "off"},
               {"reason", e.why}});
    }
    void operator()(const TokenLost& e) const {
      to.line({{"t", t}, {"kind", "membership"}, {"node", e.node}, {"event", "token-loss"}});
    }
    void operator()(const MembershipSeen& e) const {
      to.line(
          {{"t", t}, {"kind", "membership"}, {"node", e.node}, {"event", "view"}, {"members", e.members}});
    }
    void operator()(const RoleChanged& e) const {
      to.line({{"t", t}, {"kind", "state"}, {"node", e.node}, {"resource", e.resource}, {"role", e.role}});
    }
    template <class Other>
    void operator()(const Other&) const {}  // the lab has no such line

    void transition(int id, const char* status) const {
      to.line({{"t", t}, {"kind", "transition"}, {"node", on}, {"id", id}, {"status", status}});
    }
    void fence_start(const char* scope, const std::string& operation, const std::string& target) const {
      to.line({{"t", t},
               {"kind", "fence-start"},
               {"scope", scope},
               {"node", on},
               {"operation", operation},
               {"target", target}});
    }
  };
};

TraceWriter::TraceWriter(std::ostream& out, std::vector<std::string> node_names)
    : writer_(std::make_unique<Writer>(Writer{out, std::move(node_names), {}, {}, {}})) {}
TraceWriter::~TraceWriter() = default;

void TraceWriter::begin(SimTime t0, const TraceMeta& meta) {
  Writer& to = *writer_;
  to.t0 = t0;
  Json json{{"t", 0.0},          {"kind", "meta"},      {"format", 1},
            {"name", meta.name}, {"about", meta.about}, {"nodes", meta.nodes}};
  if (!meta.json_extra.empty()) json.update(Json::parse(meta.json_extra));
  to.line(json);
  to.situation();
}

void TraceWriter::Writer::situation() {
  for (const auto& [where, role] : roles)
    if (role != "Stopped")
      line({{"t", 0.0},
            {"kind", "state"},
            {"at0", true},
            {"resource", where.first},
            {"node", where.second},
            {"role", role}});
  for (const auto& [node, who] : dc)
    if (node == who) line({{"t", 0.0}, {"kind", "dc"}, {"at0", true}, {"dc", who}});
}

void TraceWriter::observe(const Record& record) {
  Writer& to = *writer_;
  const std::string on = record.node.valid() ? to.node_names.at(record.node.index()) : std::string{};
  if (const auto* seen = std::get_if<Observation>(&record.what))
    if (const auto* role = std::get_if<RoleChanged>(seen))
      to.roles[{role->resource, role->node}] = role->role;
  if (const auto* entry = std::get_if<JournalEntry>(&record.what))
    if (const auto* dc = std::get_if<DcChanged>(entry)) to.dc[on] = dc->dc;
  if (!to.t0) return;
  std::visit(
      [&](const auto& stream) {
        std::visit(Writer::Line{to, to.t(record.time), on}, stream);
      },
      record.what);
}

void TraceWriter::finish(const std::vector<Outage>& outages) {
  Writer& to = *writer_;
  for (const Outage& outage : outages)
    to.line({{"t", to.t(outage.from)},
             {"kind", "outage"},
             {"resource", outage.resource},
             {"until", to.t(outage.until)},
             {"duration_s", milliseconds(outage.length())},
             {"open", outage.open}});
}

}  // namespace fencepost::reporters
