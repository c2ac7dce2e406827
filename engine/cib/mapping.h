// Which attribute and element of CIB XML belongs to which field, said once for reading and for writing.
//
// map(io, value) names an element's attributes first and its children after. `io` is either an ElementReader,
// which fills the fields, or an ElementWriter, which prints them; what map() does not name ends up in the
// value's extras. Private to read.cpp and write.cpp.
#pragma once

#include <string_view>
#include <type_traits>
#include <variant>

#include "engine/cib/cib.h"

namespace fencepost::cib::mapping {

// The value as this io sees it: const when writing.
template <class Io, class T>
using In = std::conditional_t<Io::kReading, T, const T>;

// Elements that share a list: the element's name tells the kind.
inline bool adopt(std::string_view tag, Resource& resource) {
  resource.legacy_master = tag == "master";
  if (tag == "primitive") {
    resource.kind = ResourceKind::primitive;
  } else if (tag == "group") {
    resource.kind = ResourceKind::group;
  } else if (tag == "clone" || tag == "master") {
    resource.kind = ResourceKind::clone;
  } else if (tag == "bundle") {
    resource.kind = ResourceKind::bundle;
  } else {
    return false;
  }
  return true;
}
inline const char* tag_of(const Resource& resource) { return element_name(resource); }

inline bool adopt(std::string_view tag, Constraint& constraint) {
  if (tag == "rsc_location") {
    constraint.emplace<LocationConstraint>();
  } else if (tag == "rsc_colocation") {
    constraint.emplace<ColocationConstraint>();
  } else if (tag == "rsc_order") {
    constraint.emplace<OrderConstraint>();
  } else if (tag == "rsc_ticket") {
    constraint.emplace<TicketConstraint>();
  } else {
    return false;
  }
  return true;
}
inline const char* tag_of(const Constraint& constraint) {
  static constexpr const char* kTags[] = {"rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket"};
  return kTags[constraint.index()];
}

inline bool adopt(std::string_view tag, Expression& expression) {
  if (tag == "rule") {
    expression.is.emplace<Rule>();
  } else if (tag == "expression") {
    expression.is.emplace<AttributeExpression>();
  } else if (tag == "date_expression") {
    expression.is.emplace<DateExpression>();
  } else if (tag == "rsc_expression") {
    expression.is.emplace<ResourceExpression>();
  } else if (tag == "op_expression") {
    expression.is.emplace<OperationExpression>();
  } else {
    return false;
  }
  return true;
}
inline const char* tag_of(const Expression& expression) {
  static constexpr const char* kTags[] = {"rule", "expression", "date_expression", "rsc_expression",
                                          "op_expression"};
  return kTags[expression.is.index()];
}

// Calls visit with the struct that the element's fields are in.
template <class Visit>
void with_fields_of(auto& value, Visit&& visit) {
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, Constraint>) {
    std::visit(visit, value);
  } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, Expression>) {
    std::visit(visit, value.is);
  } else {
    visit(value);
  }
}

// --- Rules and name/value pairs

template <class Io>
void map(Io& io, In<Io, AttributeExpression>& e) {
  io.text("id", e.id);
  io.text("attribute", e.attribute);
  io.text("operation", e.operation);
  io.text("value", e.value);
  io.text("type", e.type);
  io.text("value-source", e.value_source);
}

template <class Io>
void map(Io& io, In<Io, ResourceExpression>& e) {
  io.text("id", e.id);
  io.text("class", e.standard);
  io.text("provider", e.provider);
  io.text("type", e.type);
}

template <class Io>
void map(Io& io, In<Io, OperationExpression>& e) {
  io.text("id", e.id);
  io.text("name", e.name);
  io.text("interval", e.interval);
}

template <class Io>
void map(Io& io, In<Io, DateFields>& d) {
  io.text("id", d.id);
  io.other_attributes(d.fields);
}

template <class Io>
void map(Io& io, In<Io, DateExpression>& e) {
  io.text("id", e.id);
  io.text("operation", e.operation);
  io.text("start", e.start);
  io.text("end", e.end);
  io.children("duration", e.duration);
  io.children("date_spec", e.date_spec);
}

template <class Io>
void map(Io& io, In<Io, Rule>& r) {
  io.text("id", r.id);
  io.text("id-ref", r.id_ref);
  io.text("boolean-op", r.boolean_op);
  io.text("score", r.score);
  io.text("score-attribute", r.score_attribute);
  io.text("role", r.role);
  io.children_of_kinds(r.parts);
}

template <class Io>
void map(Io& io, In<Io, Nvpair>& p) {
  io.text("id", p.id);
  io.text("id-ref", p.id_ref);
  io.text("name", p.name);
  if (Io::kReading || p.value_is_own) io.text("value", p.value);
}

template <class Io>
void map(Io& io, In<Io, NvpairBlock>& b) {
  io.text("id", b.id);
  io.text("id-ref", b.id_ref);
  io.text("score", b.score_text);
  if constexpr (Io::kReading) b.score = parse_score(b.score_text);
  io.children("rule", b.rules);
  io.children("nvpair", b.pairs);
}

// --- Resources

template <class Io>
void map(Io& io, In<Io, Operation>& o) {
  io.text("id", o.id);
  io.text("id-ref", o.id_ref);
  io.text("name", o.name);
  io.text("interval", o.interval_text);
  if constexpr (Io::kReading) o.interval = parse_interval(o.interval_text).value_or(Milliseconds{0});
  io.other_attributes(o.settings);
  io.children("meta_attributes", o.meta);
  io.children("instance_attributes", o.parameters);
}

template <class Io>
void map(Io& io, In<Io, PortMapping>& m) {
  io.text("id", m.id);
  io.text("port", m.port);
  io.text("internal-port", m.internal_port);
  io.text("range", m.range);
}

template <class Io>
void map(Io& io, In<Io, StorageMapping>& m) {
  io.text("id", m.id);
  io.text("source-dir", m.source_dir);
  io.text("source-dir-root", m.source_dir_root);
  io.text("target-dir", m.target_dir);
  io.text("options", m.options);
}

template <class Io>
void map_bundle(Io& io, In<Io, Bundle>& b) {
  io.child_of({"docker", "podman", "rkt"}, b.technology, b.container_extras, [&b](auto& container) {
    container.text("image", b.image);
    container.text("replicas", b.replicas);
    container.text("replicas-per-host", b.replicas_per_host);
    container.text("promoted-max", b.promoted_max);
    container.text("masters", b.masters);
    container.text("run-command", b.run_command);
    container.text("network", b.network);
    container.text("options", b.options);
  });
  io.child("network", b.has_network, b.network_extras, [&b](auto& network) {
    network.text("id", b.network_id);
    network.text("ip-range-start", b.ip_range_start);
    network.text("control-port", b.control_port);
    network.text("host-interface", b.host_interface);
    network.text("host-netmask", b.host_netmask);
    network.text("add-host", b.add_host);
    network.children("port-mapping", b.ports);
  });
  bool has_storage = !b.storage.empty() || !b.storage_extras.empty();
  io.child("storage", has_storage, b.storage_extras,
           [&b](auto& storage) { storage.children("storage-mapping", b.storage); });
}

template <class Io>
void map(Io& io, In<Io, Resource>& r) {
  io.text("id", r.id);
  io.text("class", r.agent.standard);
  io.text("provider", r.agent.provider);
  io.text("type", r.agent.type);
  io.text("template", r.template_id);
  io.text("description", r.description);
  if constexpr (Io::kReading) {
    if (r.kind == ResourceKind::bundle) r.bundle.emplace();
  }
  io.children("meta_attributes", r.meta);
  io.children("instance_attributes", r.parameters);
  if (r.bundle) map_bundle(io, *r.bundle);
  bool has_operations = !r.operations.empty() || !r.operations_id.empty() || !r.operations_id_ref.empty() ||
                        !r.operations_extras.empty();
  io.child("operations", has_operations, r.operations_extras, [&r](auto& operations) {
    operations.text("id", r.operations_id);
    operations.text("id-ref", r.operations_id_ref);
    if (Io::kReading || r.operations_id_ref.empty()) operations.children("op", r.operations);
  });
  io.children("utilization", r.utilization);
  io.children_of_kinds(r.children);
}

// --- Constraints

template <class Io>
void map(Io& io, In<Io, ResourceSet>& s) {
  io.text("id", s.id);
  io.text("id-ref", s.id_ref);
  io.text("sequential", s.sequential);
  io.text("require-all", s.require_all);
  io.text("ordering", s.ordering);
  io.text("action", s.action);
  io.text("role", s.role);
  io.text("score", s.score);
  io.text("kind", s.kind);
  io.text("symmetrical", s.symmetrical);
  io.references("resource_ref", s.resources);
}

template <class Io>
void map_lifetime_and_sets(Io& io, In<Io, ConstraintBase>& c) {
  bool has_lifetime = c.has_lifetime;
  io.child("lifetime", has_lifetime, c.lifetime_extras,
           [&c](auto& lifetime) { lifetime.children("rule", c.lifetime); });
  if constexpr (Io::kReading) c.has_lifetime = has_lifetime;
  io.children("resource_set", c.sets);
}

template <class Io>
void map(Io& io, In<Io, LocationConstraint>& c) {
  io.text("id", c.id);
  io.text("rsc", c.resource);
  io.text("rsc-pattern", c.resource_pattern);
  io.text("role", c.role);
  io.text("score", c.score);
  io.text("node", c.node);
  io.text("resource-discovery", c.resource_discovery);
  map_lifetime_and_sets(io, c);
  io.children("rule", c.rules);
}

template <class Io>
void map(Io& io, In<Io, ColocationConstraint>& c) {
  io.text("id", c.id);
  io.text("rsc", c.dependent);
  io.text("rsc-role", c.dependent_role);
  io.text("with-rsc", c.primary);
  io.text("with-rsc-role", c.primary_role);
  io.text("score", c.score);
  io.text("node-attribute", c.node_attribute);
  io.text("influence", c.influence);
  io.text("rsc-instance", c.dependent_instance);
  io.text("with-rsc-instance", c.primary_instance);
  map_lifetime_and_sets(io, c);
}

template <class Io>
void map(Io& io, In<Io, OrderConstraint>& c) {
  io.text("id", c.id);
  io.text("first", c.first);
  io.text("first-action", c.first_action);
  io.text("then", c.then);
  io.text("then-action", c.then_action);
  io.text("kind", c.kind);
  io.text("score", c.score);
  io.text("symmetrical", c.symmetrical);
  io.text("require-all", c.require_all);
  io.text("first-instance", c.first_instance);
  io.text("then-instance", c.then_instance);
  map_lifetime_and_sets(io, c);
}

template <class Io>
void map(Io& io, In<Io, TicketConstraint>& c) {
  io.text("id", c.id);
  io.text("rsc", c.resource);
  io.text("rsc-role", c.role);
  io.text("ticket", c.ticket);
  io.text("loss-policy", c.loss_policy);
  map_lifetime_and_sets(io, c);
}

// --- The configuration

template <class Io>
void map(Io& io, In<Io, Node>& n) {
  io.text("id", n.id);
  io.text("uname", n.uname);
  io.text("type", n.type);
  io.text("score", n.score);
  io.text("description", n.description);
  io.children("instance_attributes", n.attributes);
  io.children("utilization", n.utilization);
}

template <class Io>
void map(Io& io, In<Io, Tag>& t) {
  io.text("id", t.id);
  io.references("obj_ref", t.references);
}

template <class Io>
void map(Io& io, In<Io, FencingLevel>& l) {
  io.text("id", l.id);
  io.text("target", l.target);
  io.text("target-pattern", l.target_pattern);
  io.text("target-attribute", l.target_attribute);
  io.text("target-value", l.target_value);
  io.text("index", l.index);
  io.list("devices", l.devices);
}

template <class Io>
void map(Io& io, In<Io, Configuration>& c) {
  io.section("crm_config", true, c.section_extras,
             [&c](auto& section) { section.children("cluster_property_set", c.cluster_properties); });
  io.section("nodes", true, c.section_extras, [&c](auto& section) { section.children("node", c.nodes); });
  io.section("resources", true, c.section_extras, [&c](auto& section) {
    section.children("template", c.templates);
    section.children_of_kinds(c.resources);
    if constexpr (Io::kReading) {
      for (Resource& resource : c.templates) resource.kind = ResourceKind::template_;
    }
  });
  io.section("constraints", true, c.section_extras,
             [&c](auto& section) { section.children_of_kinds(c.constraints); });
  io.section("fencing-topology", !c.fencing_levels.empty(), c.section_extras,
             [&c](auto& section) { section.children("fencing-level", c.fencing_levels); });
  const bool has_defaults = !c.resource_defaults.empty() || !c.resource_default_parameters.empty();
  io.section("rsc_defaults", has_defaults, c.section_extras, [&c](auto& section) {
    section.children("meta_attributes", c.resource_defaults);
    section.children("instance_attributes", c.resource_default_parameters);
  });
  io.section("op_defaults", !c.operation_defaults.empty(), c.section_extras,
             [&c](auto& section) { section.children("meta_attributes", c.operation_defaults); });
  io.section("tags", !c.tags.empty(), c.section_extras,
             [&c](auto& section) { section.children("tag", c.tags); });
}

// --- Status

template <class Io>
void map(Io& io, In<Io, OpHistory>& o) {
  io.text("id", o.id);
  io.text("operation_key", o.operation_key);
  io.text("operation", o.operation);
  io.text("crm-debug-origin", o.crm_debug_origin);
  io.text("crm_feature_set", o.crm_feature_set);
  io.text("transition-key", o.transition_key);
  io.text("transition-magic", o.transition_magic);
  io.text("exit-reason", o.exit_reason);
  io.text("on_node", o.on_node);
  io.number("call-id", o.call_id);
  io.number("rc-code", o.rc);
  io.number("op-status", o.status);
  io.number("interval", o.interval);
  io.number("last-rc-change", o.last_rc_change);
  io.number("last-run", o.last_run);
  io.number("exec-time", o.exec_time);
  io.number("queue-time", o.queue_time);
  io.text("op-digest", o.op_digest);
  io.text("migrate_source", o.migrate_source);
  io.text("migrate_target", o.migrate_target);
  io.text("op-force-restart", o.op_force_restart);
  io.text("op-restart-digest", o.op_restart_digest);
  io.text("op-secure-params", o.op_secure_params);
  io.text("op-secure-digest", o.op_secure_digest);
}

template <class Io>
void map(Io& io, In<Io, ResourceHistory>& h) {
  io.text("id", h.id);
  io.text("class", h.agent.standard);
  io.text("provider", h.agent.provider);
  io.text("type", h.agent.type);
  io.text("container", h.container);
  io.number("shutdown-lock", h.shutdown_lock);
  io.children("lrm_rsc_op", h.ops);
}

template <class Io>
void map(Io& io, In<Io, NodeState>& s) {
  io.text("id", s.id);
  io.text("uname", s.uname);
  io.text("in_ccm", s.in_ccm);
  io.text("crmd", s.crmd);
  io.text("crm-debug-origin", s.crm_debug_origin);
  io.text("join", s.join);
  io.text("expected", s.expected);
  io.text("remote_node", s.remote_node);
  io.text("node_fenced", s.node_fenced);
  io.text("node_in_maintenance", s.node_in_maintenance);
  bool has_transient = s.has_transient_attributes;
  io.child("transient_attributes", has_transient, s.transient_extras,
           [&s](auto& transient) { transient.children("instance_attributes", s.transient_attributes); });
  bool has_lrm = s.has_lrm;
  io.child("lrm", has_lrm, s.lrm_extras, [&s](auto& lrm) {
    bool has_resources = true;
    lrm.child("lrm_resources", has_resources, s.lrm_resources_extras,
              [&s](auto& resources) { resources.children("lrm_resource", s.resources); });
  });
  if constexpr (Io::kReading) {
    s.has_transient_attributes = has_transient;
    s.has_lrm = has_lrm;
  }
}

template <class Io>
void map(Io& io, In<Io, TicketState>& t) {
  io.text("id", t.id);
  io.truth("granted", t.granted);
  io.truth("standby", t.standby);
  io.number("last-granted", t.last_granted);
  io.other_attributes(t.attributes);
}

template <class Io>
void map(Io& io, In<Io, Status>& s) {
  bool has_tickets = !s.tickets.empty() || !s.tickets_extras.empty();
  io.children("node_state", s.nodes);
  io.child("tickets", has_tickets, s.tickets_extras,
           [&s](auto& tickets) { tickets.children("ticket_state", s.tickets); });
}

// Attributes of <cib>; the sections are for the caller, who may want only some.
template <class Io>
void map_header(Io& io, In<Io, Cib>& c) {
  io.text("crm_feature_set", c.crm_feature_set);
  io.text("validate-with", c.validate_with);
  io.number("epoch", c.version.epoch);
  io.number("num_updates", c.version.num_updates);
  io.number("admin_epoch", c.version.admin_epoch);
  io.flag("have-quorum", c.have_quorum);
  io.text("dc-uuid", c.dc_uuid);
  io.text("no-quorum-panic", c.no_quorum_panic);
  io.number("execution-date", c.execution_date);
}

}  // namespace fencepost::cib::mapping
