#include "engine/live/control/control.h"

#include <algorithm>
#include <array>
#include <set>

#include "engine/base/assert.h"
#include "engine/base/version.h"
#include "engine/cib/cib.h"
#include "engine/cib/edit.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"
#include "engine/policy/decision.h"

namespace fencepost::live {
namespace {

using namespace node;

constexpr const char* kLookUp = ": `fencepost ctl status` lists them";

std::set<std::string> errors_in(const cib::Cib& cib) {
  std::set<std::string> found;
  for (const cib::Problem& problem : cib::check(cib, "")) {
    if (problem.severity == cib::Severity::error) found.insert(problem.message);
  }
  return found;
}

// What speaks against a command, if anything does; and what has to be said though it is done.
class Examination {
 public:
  Examination(Controlled& node, const Control::MissingAgents& missing_agents)
      : node_(node), cib_(node.cib()), missing_agents_(missing_agents) {}

  std::optional<std::string> error;
  std::vector<std::string> warnings;

  void operator()(const SetStandby& x) { known_node(x.node); }
  void operator()(const MoveResource& x) {
    known_resource(x.resource);
    x.node.empty() ? runs_somewhere(x.resource) : known_node(x.node);
    stays(x.resource, x.lifetime);
  }
  void operator()(const BanResource& x) {
    known_resource(x.resource);
    x.node.empty() ? runs_somewhere(x.resource) : known_node(x.node);
    stays(x.resource, x.lifetime);
  }
  void operator()(const ClearResource& x) { where(x.resource, x.node); }
  void operator()(const CleanupResource& x) { where(x.resource, x.node); }
  void operator()(const RefreshResource& x) { where(x.resource, x.node); }
  void operator()(const SetProperty& x) {
    if (named(x.name)) becomes(with_property(*cib_.configuration, x.name, x.value));
  }
  void operator()(const SetResourceMeta& x) {
    known_resource(x.resource);
    if (named(x.name)) becomes(with_resource_meta(*cib_.configuration, x.resource, x.name, x.value));
  }
  void operator()(const SetNodeAttribute& x) {
    known_node(x.node);
    if (named(x.name) && !x.transient)
      becomes(with_node_attribute(*cib_.configuration, x.node, x.name, x.value));
  }
  void operator()(const EditCib& x) {
    const auto edited = cib::apply(cib_, *x.edit);
    edited ? becomes(edited->configuration) : refuse(edited.error().message);
  }
  void operator()(const FenceNode& x) {
    known_node(x.node);
    constexpr std::array kActions = {"reboot", "off", "on"};
    if (std::find(kActions.begin(), kActions.end(), x.action) == kActions.end())
      refuse("a node is fenced by reboot, off or on, not by '" + x.action + "'");
  }
  void operator()(const Shutdown&) {}

 private:
  void refuse(std::string why) {
    if (!error) error = std::move(why);
  }

  void known_node(const std::string& name) {
    const auto& members = node_.nodelist();
    const bool member = std::any_of(members.begin(), members.end(),
                                    [&](const NodelistEntry& entry) { return entry.name == name; });
    // Remote and guest nodes are only in the CIB.
    if (member || cib::find_node(*cib_.configuration, name) || cib::find_node_state(cib_.status, name))
      return;
    refuse("there is no node '" + name + "'" + kLookUp);
  }

  void known_resource(const std::string& id) {
    if (!cib::find_resource(*cib_.configuration, id)) refuse("there is no resource '" + id + "'" + kLookUp);
  }

  // Both may be empty: all of them.
  void where(const std::string& resource, const std::string& node) {
    if (!resource.empty()) known_resource(resource);
    if (!node.empty()) known_node(node);
  }

  void runs_somewhere(const std::string& id) {
    if (error) return;
    policy::Snapshot snapshot;
    snapshot.cib = &cib_;
    snapshot.now = node_.wall();
    const policy::ClusterState state = policy::read_state(snapshot);
    const auto active = [&](const policy::ResourceState& resource) {
      if (resource.active_on.empty()) return false;
      for (policy::ResourceId each{static_cast<std::size_t>(&resource - state.resources.data())};
           each.valid(); each = state[each].parent) {
        if (state[each].id == id || state[each].name == id) return true;
      }
      return false;
    };
    if (std::none_of(state.resources.begin(), state.resources.end(), active))
      refuse("'" + id + "' runs nowhere, so there is nothing to move away from: name a node");
  }

  // People forget it, and wonder weeks later why nothing runs on that node.
  void stays(const std::string& resource, const std::optional<Duration>& lifetime) {
    if (!lifetime)
      warnings.push_back("this stays in the configuration until `fencepost ctl clear " + resource + "`");
  }

  bool named(const std::string& name) {
    if (name.empty()) refuse("it has no name: say what to set");
    return !name.empty();
  }

  void becomes(const Result<cib::SharedConfiguration>& changed) {
    if (!changed) return refuse(changed.error().message);
    becomes(*changed);
  }

  // Errors that are there already must not keep anybody from repairing another.
  void becomes(const cib::SharedConfiguration& configuration) {
    cib::Cib after = cib_;
    after.configuration = configuration;
    const auto before = errors_in(cib_);
    for (const std::string& each : errors_in(after)) {
      if (!before.contains(each)) refuse("this configuration is not taken: " + each);
    }
    const auto missing_before = missing_agents_(*cib_.configuration);
    for (const std::string& each : missing_agents_(*configuration)) {
      if (std::find(missing_before.begin(), missing_before.end(), each) == missing_before.end()) refuse(each);
    }
  }

  Controlled& node_;
  const cib::Cib& cib_;
  const Control::MissingAgents& missing_agents_;
};

// Before that, what it sends would reach nobody.
bool has_joined(const Controlled& node) {
  const cib::NodeState* state = cib::find_node_state(node.cib().status, node.name());
  return state != nullptr && state->crmd == "online" && state->join == "member";
}

}  // namespace

Answer Control::answer(const Request& request) {
  if (std::holds_alternative<StatusQuery>(request)) return status();
  if (const auto* attribute = std::get_if<AttributeRequest>(&request)) {
    if (attribute->name.empty()) return {"an attribute needs a name", {}, {}};
    node_.attribute({attribute->name, attribute->value, attribute->delay.value_or(Duration{})});
    return {};
  }
  const Command& command = std::get<CommandRequest>(request).command;
  if (!std::holds_alternative<Shutdown>(command) && !has_joined(node_))
    return {"node " + node_.name() +
                " has not joined the cluster yet: try again when `fencepost ctl status` "
                "shows it online",
            {},
            {}};
  Examination examination(node_, missing_agents_);
  std::visit(examination, command);
  if (examination.error) return {std::move(examination.error), {}, {}};
  node_.command(command);
  return {{}, std::move(examination.warnings), {}};
}

Answer Control::status() const {
  return {{}, {}, Status{node_.name(), kVersion, node_.is_dc(), cib::write(node_.cib())}};
}

}  // namespace fencepost::live
