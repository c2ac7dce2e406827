#include "tools/crm_simulate/inject.h"

#include <tuple>

#include "engine/cib/edit.h"
#include "engine/cib/history.h"
#include "tools/crm_simulate/resource_names.h"
#include "tools/crm_simulate/status_edit.h"

namespace fencepost::crm_simulate {

using Kind = Step::Kind;

namespace {

class Injector {
 public:
  Injector(cib::Cib& cib, const policy::ClusterState& state, const Injections& events, WallSeconds now)
      : cib_(cib), state_(state), events_(events), now_(now) {}

  Result<Injected> all() {
    cluster();
    for (const auto& outcome : {nodes(events_.node_up, "Online"), nodes(events_.node_down, "Offline"),
                                nodes(events_.node_fail, "Failing")})
      if (!outcome) return tl::unexpected(outcome.error());
    tickets();
    for (const std::string& text : events_.operations) {
      const auto outcome = operation(text);
      if (!outcome) return tl::unexpected(outcome.error());
    }
    return std::move(injected_);
  }

 private:
  using Done = Result<std::tuple<>>;

  void cluster();
  Done nodes(const std::vector<std::string>& names, const std::string& what);
  Result<cib::NodeState*> node(const std::string& name);
  void tickets();
  void ticket(const std::string& id, const std::string& what);
  Done operation(const std::string& text);
  void say(Step step) { injected_.steps.push_back(std::move(step)); }

  cib::Cib& cib_;
  const policy::ClusterState& state_;
  const Injections& events_;
  WallSeconds now_;
  Injected injected_;
};

void Injector::cluster() {
  if (events_.quorum) {
    say({Kind::quorum, "", "", "", *events_.quorum});
    cib_.have_quorum = cib::is_true(*events_.quorum);
  }
  if (events_.watchdog) {
    say({Kind::watchdog, "", "", "", *events_.watchdog});
    cib::set_configuration(cib_, cib::with_property(*cib_.configuration, "have-watchdog", *events_.watchdog));
  }
}

Injector::Done Injector::nodes(const std::vector<std::string>& names, const std::string& what) {
  for (const std::string& name : names) {
    say({Kind::node, name, what, "", ""});
    const auto found = node(name);
    if (!found) return tl::unexpected(found.error());
    if (what == "Online") set_membership(cib_, **found, "true", "online", "member");
    if (what == "Failing") set_membership(cib_, **found, "false", "online", "member");
    if (what == "Offline") {
      set_membership(cib_, **found, "false", "offline", "down");
      forget_history(**found);
    }
  }
  return {};
}

// Bringing any node online lets every node that is named and not there come into being.
Result<cib::NodeState*> Injector::node(const std::string& name) {
  if (cib::NodeState* found = cib::edit_node_state(cib_.status, name)) return found;
  const cib::Node* configured = cib::find_node(*cib_.configuration, name);
  if (events_.node_up.empty())
    return failure(
        {}, "node '" + name + "' has no state in the CIB: name one that has, or bring it in with --node-up");
  if (configured == nullptr) cib::set_configuration(cib_, cib::with_node(*cib_.configuration, name, name));
  return &cib::ensure_node_state(cib_.status, configured == nullptr ? name : configured->id, name);
}

void Injector::tickets() {
  for (const std::string& id : events_.ticket_grant) ticket(id, "Granting");
  for (const std::string& id : events_.ticket_revoke) ticket(id, "Revoking");
  for (const std::string& id : events_.ticket_standby) ticket(id, "Standby");
  for (const std::string& id : events_.ticket_activate) ticket(id, "Activating");
}

void Injector::ticket(const std::string& id, const std::string& what) {
  say({Kind::ticket, id, what, "", ""});
  cib::TicketState* found = nullptr;
  for (cib::TicketState& one : cib_.status.tickets)
    if (one.id == id) found = &one;
  if (found == nullptr) {
    cib_.status.tickets.emplace_back();
    found = &cib_.status.tickets.back();
    found->id = id;
  }
  if (what == "Granting" || what == "Revoking") found->granted = what == "Granting";
  if (what == "Standby" || what == "Activating") found->standby = what == "Standby";
  cib::status_changed(cib_);
}

Injector::Done Injector::operation(const std::string& text) {
  say({Kind::spec, text, "", "", ""});
  const auto spec = parse_operation_spec(text);
  if (!spec) {
    injected_.complaints.push_back(spec.error().message);
    return {};
  }
  const auto found = node(spec->node);
  if (!found) return tl::unexpected(found.error());
  const policy::ResourceState* resource = find_named(state_, spec->resource);
  if (resource == nullptr) {
    injected_.complaints.push_back("Invalid resource name: " + spec->resource);
    return {};
  }
  // A probe that finds nothing is no failure.
  const bool failed = spec->rc != 0 && !(spec->rc == 7 && spec->interval_ms == 0);
  if (failed) {
    for (const auto& [name, value] : {std::pair{fail_count_name(*spec), std::string("value++")},
                                      std::pair{last_failure_name(*spec), std::to_string(now_.since_epoch)}})
      say({Kind::attribute, name, "", (*found)->id, value});
    record_failure(cib_, **found, *spec, now_);
  }
  OperationResult result;
  result.resource = spec->resource;
  result.agent = agent_of(*resource);
  result.task = spec->task;
  result.interval_ms = spec->interval_ms;
  result.rc = spec->rc;
  result.now = now_;
  record_result(cib_, **found, result);
  return {};
}

}  // namespace

Result<Injected> inject(cib::Cib& cib, const policy::ClusterState& state, const Injections& events,
                        WallSeconds now) {
  return Injector(cib, state, events, now).all();
}

}  // namespace fencepost::crm_simulate
