// A cluster's status as XML.
#include <algorithm>
#include <string>

#include "engine/cib/date.h"
#include "tools/crm_simulate/clone_view.h"
#include "tools/crm_simulate/names.h"
#include "tools/crm_simulate/xml_output.h"

namespace fencepost::crm_simulate {

using policy::BundleReplica;
using policy::BundleState;
using policy::ClusterState;
using policy::FailCount;
using policy::FailedOperation;
using policy::Health;
using policy::NodeId;
using policy::NodeKind;
using policy::NodeState;
using policy::ResourceId;
using policy::ResourceState;
using policy::Role;
using policy::Variant;

namespace {

constexpr const char* kOldFeatureSet = "<3.15.1";  // a node that does not say which features it has

std::string health_text(Health health) {
  if (health == Health::red) return "red";
  return health == Health::yellow ? "yellow" : "green";
}

class StatusWriter {
 public:
  StatusWriter(XmlList& xml, const ClusterState& state, const StatusDetail& detail)
      : xml_(xml), state_(state), detail_(detail) {}

  void write() {
    nodes();
    xml_.begin("resources");
    for (const ResourceId id : state_.top_level) resource(id);
    xml_.end();
    if (detail_.attributes) attributes();
    if (detail_.fail_counts) {
      fail_counts();
      failures();
    }
  }

 private:
  void nodes();
  void node(const NodeState& node);
  void resource(ResourceId id);
  void primitive(ResourceId id);
  void collective(ResourceId id);
  void bundle(const BundleState& bundle);
  void attributes();
  void fail_counts();
  void failures();

  XmlList& xml_;
  const ClusterState& state_;
  StatusDetail detail_;
};

void StatusWriter::nodes() {
  xml_.begin("nodes");
  for (const NodeState& one : state_.nodes) node(one);
  xml_.end();
}

void StatusWriter::node(const NodeState& node) {
  const bool remote = node.kind == NodeKind::remote || node.kind == NodeKind::guest;
  XmlAttributes attributes{{"name", node.name},
                           {"id", node.id},
                           {"online", yes_or_no(node.online)},
                           {"standby", yes_or_no(node.standby)},
                           {"standby_onfail", yes_or_no(node.standby_on_fail)},
                           {"maintenance", yes_or_no(node.maintenance)},
                           {"pending", yes_or_no(node.pending)},
                           {"unclean", yes_or_no(node.unclean)},
                           {"health", health_text(node.health)}};
  if (node.online && !remote) {
    attributes.emplace_back("feature_set", node.feature_set.empty() ? kOldFeatureSet : node.feature_set);
  }
  attributes.emplace_back("shutdown", yes_or_no(node.shutdown));
  attributes.emplace_back("expected_up", yes_or_no(node.expected_up));
  attributes.emplace_back("is_dc", yes_or_no(node.is_dc));
  attributes.emplace_back("resources_running", std::to_string(node.active_resources));
  attributes.emplace_back("type", remote ? "remote" : (node.kind == NodeKind::ping ? "ping" : "member"));
  if (node.connection.valid() && state_[node.connection].container.valid())
    attributes.emplace_back("id_as_resource", state_[state_[node.connection].container].id);
  xml_.empty("node", attributes);
}

void StatusWriter::resource(ResourceId id) {
  const ResourceState& resource = state_[id];
  if (resource.orphan && !resource.parent.valid() && !is_active(state_, id)) return;
  if (resource.variant == Variant::primitive) return primitive(id);
  if (is_out_of_reach(state_, id)) return;
  if (resource.variant != Variant::bundle) return collective(id);
  for (const BundleState& one : state_.bundles)
    if (one.resource == id) bundle(one);
}

void StatusWriter::primitive(ResourceId id) {
  const ResourceState& resource = state_[id];
  const bool active = is_active(state_, id);
  const std::string pending = detail_.pending ? pending_text(resource) : "";
  XmlAttributes attributes{{"id", resource.name},
                           {"resource_agent", agent_name(resource)},
                           {"role", pending.empty() ? to_string(shown_role(state_, resource)) : pending}};
  if (!resource.target_role.empty()) attributes.emplace_back("target_role", resource.target_role);
  attributes.emplace_back("active", yes_or_no(active));
  attributes.emplace_back("orphaned", yes_or_no(resource.orphan));
  attributes.emplace_back("blocked", yes_or_no(resource.blocked));
  attributes.emplace_back("managed", yes_or_no(resource.managed));
  attributes.emplace_back("failed", yes_or_no(resource.failed));
  attributes.emplace_back("failure_ignored", yes_or_no(resource.failure_ignored));
  attributes.emplace_back("nodes_running_on", std::to_string(resource.active_on.size()));
  if (resource.lock_node.valid()) attributes.emplace_back("locked_to", state_[resource.lock_node].name);
  if (detail_.pending && resource.pending_task == "monitor") attributes.emplace_back("pending", "Monitoring");
  xml_.begin("resource", attributes);
  for (const NodeId node : resource.active_on) {
    xml_.empty(
        "node",
        {{"name", state_[node].name}, {"id", state_[node].id}, {"cached", yes_or_no(state_[node].online)}});
  }
  xml_.end();
}

void StatusWriter::collective(ResourceId id) {
  const ResourceState& resource = state_[id];
  const bool disabled = is_disabled(resource);
  if (resource.variant == Variant::group) {
    xml_.begin("group", {{"id", resource.id},
                         {"number_resources", std::to_string(resource.children.size())},
                         {"managed", yes_or_no(resource.managed)},
                         {"disabled", yes_or_no(disabled)}});
    for (const ResourceId child : resource.children) primitive(child);
  } else {
    XmlAttributes attributes{{"id", resource.id},
                             {"multi_state", yes_or_no(resource.promotable)},
                             {"unique", yes_or_no(resource.unique)},
                             {"managed", yes_or_no(resource.managed)},
                             {"disabled", yes_or_no(disabled)},
                             {"failed", yes_or_no(resource.failed)},
                             {"failure_ignored", yes_or_no(resource.failure_ignored)}};
    const std::string& target = target_of_clone(state_, id).target_role;
    if (!target.empty()) attributes.emplace_back("target_role", target);
    xml_.begin("clone", attributes);
    for (const ResourceId child : resource.children) this->resource(child);
  }
  xml_.end();
}

void StatusWriter::bundle(const BundleState& bundle) {
  const ResourceState& resource = state_[bundle.resource];
  xml_.begin("bundle", {{"id", resource.id},
                        {"type", bundle.engine},
                        {"image", bundle.image},
                        {"unique", yes_or_no(bundle.unique)},
                        {"managed", yes_or_no(resource.managed)},
                        {"failed", yes_or_no(resource.failed)}});
  for (const BundleReplica& replica : bundle.replicas) {
    xml_.begin("replica", {{"id", std::to_string(replica.number)}});
    for (const ResourceId part : {replica.ip, replica.inner, replica.container, replica.connection})
      if (part.valid()) primitive(part);
    xml_.end();
  }
  xml_.end();
}

void StatusWriter::attributes() {
  bool titled = false;
  for (const NodeState& node : state_.nodes) {
    if (!node.online || node.attributes.empty()) continue;
    if (!titled) xml_.begin("node_attributes");
    titled = true;
    xml_.begin("node", {{"name", node.name}});
    for (const policy::NameValue& one : node.attributes)
      xml_.empty("attribute", {{"name", one.name}, {"value", one.value}});
    xml_.end();
  }
  if (titled) xml_.end();
}

void StatusWriter::fail_counts() {
  xml_.begin("node_history");
  NodeId titled;
  for (const FailCount& one : state_.fail_counts) {
    if (!state_[one.node].online) continue;
    if (one.node != titled) {
      if (titled.valid()) xml_.end();
      xml_.begin("node", {{"name", state_[one.node].name}});
      titled = one.node;
    }
    XmlAttributes attributes{{"id", one.resource},
                             {"orphan", "false"},
                             {"migration-threshold", std::to_string(one.migration_threshold.value())},
                             {"fail-count", std::to_string(one.count.value())}};
    if (one.last_failure) attributes.emplace_back("last-failure", clock_text(*one.last_failure));
    xml_.empty("resource_history", attributes);
  }
  if (titled.valid()) xml_.end();
  xml_.end();
}

void StatusWriter::failures() {
  if (state_.failed_operations.empty()) return;
  xml_.begin("failures");
  for (const FailedOperation& one : state_.failed_operations) {
    const std::size_t interval = one.key.rfind('_');
    const std::size_t task =
        interval == std::string::npos || interval == 0 ? interval : one.key.rfind('_', interval - 1);
    XmlAttributes attributes{{"op_key", one.key},
                             {"node", state_[one.node].name},
                             {"exitstatus", rc_text(one.rc)},
                             {"exitreason", one.exit_reason.empty() ? "none" : one.exit_reason},
                             {"exitcode", std::to_string(one.rc)},
                             {"call", std::to_string(one.call_id)},
                             {"status", status_text(one.status)}};
    if (one.last_rc_change) {
      attributes.emplace_back("last-rc-change", cib::to_iso8601(WallSeconds{*one.last_rc_change}));
      if (one.queue_ms) attributes.emplace_back("queued", std::to_string(*one.queue_ms));
      if (one.exec_ms) attributes.emplace_back("exec", std::to_string(*one.exec_ms));
    }
    if (task != std::string::npos) {
      attributes.emplace_back("interval", one.key.substr(interval + 1));
      attributes.emplace_back("task", one.key.substr(task + 1, interval - task - 1));
    }
    xml_.empty("failure", attributes);
  }
  xml_.end();
}

}  // namespace

void write_status(XmlList& xml, const ClusterState& state, const StatusDetail& detail) {
  StatusWriter(xml, state, detail).write();
}

}  // namespace fencepost::crm_simulate
