#include "tools/crm_simulate/status_text.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tools/crm_simulate/clone_view.h"
#include "tools/crm_simulate/diagnostics_text.h"
#include "tools/crm_simulate/names.h"

namespace fencepost::crm_simulate {

using policy::BundleReplica;
using policy::BundleState;
using policy::ClusterState;
using policy::Health;
using policy::NodeId;
using policy::NodeKind;
using policy::NodeState;
using policy::ResourceId;
using policy::ResourceState;
using policy::Role;
using policy::Variant;

namespace {

class StatusPrinter {
 public:
  StatusPrinter(TextList& list, const ClusterState& state, const StatusDetail& detail)
      : list_(list), state_(state), detail_(detail) {}

  void print() {
    if (!state_.nodes.empty()) {
      list_.begin("Node List");
      nodes();
      list_.end();
      list_.blank_line();
    }
    list_.begin("Full List of Resources");
    bool any = false;
    for (const ResourceId id : state_.top_level) any = resource(id) || any;
    if (!any) list_.item("No resources");
    list_.end();
  }

 private:
  void nodes();
  bool resource(ResourceId id);
  void primitive(ResourceId id);
  void group(ResourceId id);
  void clone(ResourceId id);
  void bundle(const BundleState& bundle);
  void replica(const BundleReplica& replica);
  std::string primitive_line(const ResourceState& resource, const std::string& name, NodeId node) const;
  std::vector<std::string> primitive_flags(const ResourceState& resource, NodeId node) const;
  std::string role_text(const ResourceState& resource) const;
  std::string probe_failure_text(const ResourceState& resource, NodeId node) const;

  TextList& list_;
  const ClusterState& state_;
  StatusDetail detail_;
};

bool stands_alone(const NodeState& node) {
  return node.unclean || node.pending || node.standby || node.maintenance ||
         (node.standby_on_fail && node.online) || node.health != Health::green;
}

std::string health_note(const NodeState& node) {
  if (node.health == Health::red) return " (health is RED)";
  return node.health == Health::yellow ? " (health is YELLOW)" : "";
}

void StatusPrinter::nodes() {
  std::map<std::string, std::vector<std::string>> lists;
  for (const NodeState& node : state_.nodes) {
    const std::string prefix = node_kind_prefix(node);
    if (stands_alone(node)) {
      list_.item(prefix + "Node " + node.name + ": " + node_status(node) + health_note(node));
    } else if (node.online || node.kind != NodeKind::guest) {
      lists[prefix + (node.online ? "Online" : "OFFLINE")].push_back(node.name);
    }
  }
  for (const char* title : {"Online", "OFFLINE", "RemoteOnline", "RemoteOFFLINE", "GuestOnline"}) {
    const auto found = lists.find(title);
    if (found == lists.end()) continue;
    list_.item((list_.plain() ? "" : std::string(title) + ": ") + bracketed(found->second));
  }
}

// Whether anything was printed.
bool StatusPrinter::resource(ResourceId id) {
  const ResourceState& resource = state_[id];
  if (resource.internal) return false;
  if (resource.orphan && !is_active(state_, id)) return false;
  if (resource.variant != Variant::primitive && is_out_of_reach(state_, id)) return false;
  switch (resource.variant) {
    case Variant::primitive:
      primitive(id);
      break;
    case Variant::group:
      group(id);
      break;
    case Variant::clone:
      clone(id);
      break;
    case Variant::bundle:
      for (const BundleState& one : state_.bundles)
        if (one.resource == id) bundle(one);
      break;
  }
  return true;
}

void StatusPrinter::primitive(ResourceId id) {
  const ResourceState& resource = state_[id];
  NodeId node = resource.current;
  if (!node.valid()) node = resource.pending_node;
  if (!node.valid()) node = resource.lock_node;
  list_.item(primitive_line(resource, resource.name, node));
}

std::string StatusPrinter::primitive_line(const ResourceState& resource, const std::string& name,
                                          NodeId node) const {
  const bool several = resource.active_on.size() > 1;
  std::string text = name + "\t(" + agent_name(resource) + "):\t";
  if (resource.orphan) text += " ORPHANED";
  text += " " + role_text(resource);
  if (node.valid() && !several) text += " " + state_[node].name;
  text += probe_failure_text(resource, node);
  text += in_parentheses(primitive_flags(resource, several ? NodeId{} : node));
  if (!several) return text;
  if (!resource.description.empty()) text += " " + resource.description;
  std::vector<std::string> names;
  for (const NodeId active : resource.active_on) names.push_back(state_[active].name);
  return text + " " + bracketed(names);
}

std::string StatusPrinter::role_text(const ResourceState& resource) const {
  if (resource.failed) return resource.role == Role::promoted ? "FAILED Promoted" : "FAILED";
  const std::string pending = detail_.pending ? pending_text(resource) : "";
  if (!pending.empty()) return pending;
  return to_string(shown_role(state_, resource));
}

std::string StatusPrinter::probe_failure_text(const ResourceState& resource, NodeId node) const {
  if (resource.role > Role::stopped) return "";
  const policy::MaskedProbeFailure* failure = masked_failure(resource, node);
  return failure == nullptr ? "" : " (" + rc_text(failure->rc) + ") ";
}

std::vector<std::string> StatusPrinter::primitive_flags(const ResourceState& resource, NodeId node) const {
  std::vector<std::string> flags;
  if (node.valid() && !state_[node].online && state_[node].unclean) flags.push_back("UNCLEAN");
  if (node.valid() && node == resource.lock_node) flags.push_back("LOCKED");
  if (detail_.pending && resource.pending_task == "monitor") flags.push_back("Monitoring");
  if (resource.target == Role::stopped) flags.push_back("disabled");
  if (resource.target == Role::unpromoted) flags.push_back("target-role:" + resource.target_role);
  if (resource.blocked) flags.push_back("blocked");
  if (!resource.blocked && !resource.managed) flags.push_back("unmanaged");
  if (resource.failure_ignored) flags.push_back("failure ignored");
  return flags;
}

void StatusPrinter::group(ResourceId id) {
  const ResourceState& group = state_[id];
  std::vector<std::string> flags;
  if (!group.managed) flags.push_back("unmanaged");
  if (group.target == Role::stopped) flags.push_back("disabled");
  list_.begin("Resource Group: " + group.id + in_parentheses(flags));
  for (const ResourceId member : group.children) primitive(member);
  list_.end();
}

void StatusPrinter::clone(ResourceId id) {
  const ResourceState& clone = state_[id];
  std::vector<std::string> flags;
  if (clone.promotable) flags.push_back("promotable");
  if (clone.unique) flags.push_back("unique");
  if (!clone.managed) flags.push_back("unmanaged");
  if (is_disabled(clone)) flags.push_back("disabled");

  const CloneView view = view_clone(state_, id, detail_.pending);
  list_.begin("Clone Set: " + clone.id + " [" + view.child + "]" + in_parentheses(flags));
  for (const ResourceId instance : view.individually) resource(instance);
  if (!view.promoted.empty()) list_.item("Promoted: " + bracketed(view.promoted));
  if (!view.started.empty()) {
    const bool limited = target_of_clone(state_, id).target == Role::unpromoted;
    const std::string title = !clone.promotable ? "Started"
                              : limited         ? "Unpromoted (target-role)"
                                                : "Unpromoted";
    list_.item(title + ": " + bracketed(view.started));
  }
  for (const auto& [text, nodes] : view.stopped) list_.item(text + ": " + bracketed(nodes));
  list_.end();
}

void StatusPrinter::bundle(const BundleState& bundle) {
  const ResourceState& resource = state_[bundle.resource];
  std::string text = bundle.replicas.size() > 1 ? "Container bundle set: " : "Container bundle: ";
  text += resource.id + " [" + bundle.image + "]";
  if (bundle.unique) text += " (unique)";
  if (!resource.managed) text += " (unmanaged)";
  list_.begin(text);
  for (const BundleReplica& one : bundle.replicas) replica(one);
  list_.end();
}

void StatusPrinter::replica(const BundleReplica& replica) {
  const ResourceState& container = state_[replica.container];
  const ResourceState& shown = replica.inner.valid() ? state_[replica.inner] : container;
  std::string name = replica.connection.valid() ? state_[replica.connection].name : container.name;
  if (!replica.ip_address.empty()) name += " (" + replica.ip_address + ")";
  list_.item(primitive_line(shown, name, container.current));
}

}  // namespace

void print_status(TextList& list, const ClusterState& state, const StatusDetail& detail) {
  StatusPrinter(list, state, detail).print();
  if (detail.attributes) print_attributes(list, state);
  if (detail.fail_counts) print_failures(list, state);
}

}  // namespace fencepost::crm_simulate
