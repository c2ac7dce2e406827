#include "engine/node/cib_change.h"

#include <algorithm>

#include "engine/cib/history.h"

namespace fencepost::node {
namespace {

using Kind = CibNotice::Kind;

CibNotice take_configuration(cib::Cib& cib, cib::SharedConfiguration changed, std::string text,
                             Kind kind = Kind::configuration) {
  if (*changed == *cib.configuration) return {};
  cib::set_configuration(cib, std::move(changed));
  return {kind, std::move(text)};
}

CibNotice take_configuration(cib::Cib& cib, Result<cib::SharedConfiguration> changed, std::string text) {
  if (!changed) return {Kind::refused, to_string(changed.error())};
  return take_configuration(cib, *std::move(changed), std::move(text));
}

// XML ids have no '#'.
std::string as_id(std::string text) {
  std::replace(text.begin(), text.end(), '#', '.');
  return text;
}

const char* verb(bool existed) { return existed ? "modify" : "create"; }

struct Apply {
  cib::Cib& cib;

  CibNotice operator()(const AddNode& c) const {
    if (cib::find_node(*cib.configuration, c.uname) != nullptr) return {};
    return take_configuration(cib, cib::with_node(*cib.configuration, c.id, c.uname), "node " + c.uname);
  }

  CibNotice operator()(const PutProperty& c) const {
    const bool existed = cib::find_property(*cib.configuration, c.name) != nullptr;
    const std::string id = "cib-bootstrap-options-" + c.name;
    std::string text = c.value ? id + " doing " + verb(existed) + " " + c.name + "=" + *c.value
                               : "deletion of nvpair[@id='" + id + "']";
    return take_configuration(cib, cib::with_property(*cib.configuration, c.name, c.value), std::move(text),
                              Kind::properties);
  }

  CibNotice operator()(const PutResourceMeta& c) const {
    return take_configuration(cib, cib::with_resource_meta(*cib.configuration, c.resource, c.name, c.value),
                              c.resource + "-meta_attributes-" + c.name);
  }

  CibNotice operator()(const PutNodeAttribute& c) const {
    return take_configuration(cib, cib::with_node_attribute(*cib.configuration, c.node, c.name, c.value),
                              "attribute " + c.name + " of " + c.node);
  }

  CibNotice operator()(const PutConstraint& c) const {
    return take_configuration(cib, cib::with_constraint(*cib.configuration, c.constraint),
                              "rsc_location." + cib::id_of(c.constraint) + " 'create'");
  }

  CibNotice operator()(const RemoveConstraint& c) const {
    return take_configuration(cib, cib::without_constraint(*cib.configuration, c.id),
                              "deletion of rsc_location[@id='" + c.id + "']");
  }

  CibNotice operator()(const ApplyEdit& c) const {
    Result<cib::Cib> edited = cib::apply(cib, *c.edit);
    if (!edited) return {Kind::refused, to_string(edited.error())};
    const bool properties =
        edited->configuration->cluster_properties != cib.configuration->cluster_properties;
    cib = *std::move(edited);
    return {properties ? Kind::properties : Kind::configuration, "edited " + c.edit->scope + c.edit->xpath};
  }

  CibNotice operator()(const PutCluster& c) const {
    if (c.dc_uuid) {
      cib.dc_uuid = *c.dc_uuid;
      cib.crm_feature_set = kFeatureSet;
    }
    if (c.have_quorum) {
      // Only who has had quorum can lose it: no-quorum-policy=suicide asks for this mark.
      if (*c.have_quorum) {
        cib.no_quorum_panic.clear();
      } else if (cib.have_quorum.value_or(false)) {
        cib.no_quorum_panic = "1";
      }
      cib.have_quorum = *c.have_quorum;
    }
    cib::status_changed(cib);
    return {Kind::cluster, {}};
  }

  CibNotice operator()(const PutNodeState& c) const {
    cib::NodeState& state = cib::ensure_node_state(cib.status, c.id, c.node);
    const auto put = [](std::string& field, const std::string& value) {
      if (!value.empty()) field = value;
    };
    put(state.in_ccm, c.in_ccm);
    put(state.crmd, c.crmd);
    put(state.join, c.join);
    put(state.expected, c.expected);
    put(state.node_in_maintenance, c.in_maintenance);
    cib::status_changed(cib);
    return {Kind::node_state, {}};
  }

  CibNotice operator()(const PutTransient& c) const {
    const cib::NodeState* known = cib::find_node_state(cib.status, c.node);
    const std::string* before = known == nullptr ? nullptr : cib::transient_attribute(*known, c.name);
    const std::string id = as_id("status-" + c.id + "-" + c.name);
    if (!c.value) {
      if (before == nullptr) return {};
      cib::erase_transient_attribute(*cib::edit_node_state(cib.status, c.node), c.name);
      cib::status_changed(cib);
      return {Kind::transient, "deletion of nvpair[@id='" + id + "']"};
    }
    const std::string value = c.add_one ? increased(before) : *c.value;
    if (before != nullptr && *before == value) return {};
    std::string text = id + " doing " + verb(before != nullptr) + " " + c.name + "=" + value;
    cib::set_transient_attribute(cib::ensure_node_state(cib.status, c.id, c.node), c.name, value);
    cib::status_changed(cib);
    return {Kind::transient, std::move(text)};
  }

  CibNotice operator()(const EraseTransients& c) const {
    const cib::NodeState* known = cib::find_node_state(cib.status, c.node);
    if (known == nullptr || !known->has_transient_attributes) return {};
    std::string text = "deletion of transient_attributes[@id='" + known->id + "']";
    cib::erase_transient_attributes(*cib::edit_node_state(cib.status, c.node));
    cib::status_changed(cib);
    return {Kind::transient, std::move(text)};
  }

  CibNotice operator()(const PutOp& c) const {
    cib::record(cib::ensure_node_state(cib.status, c.id, c.node),
                {.id = c.resource, .agent = c.agent, .container = {}}, c.op);
    cib::status_changed(cib);
    return {Kind::result, {}};
  }

  CibNotice operator()(const EraseOp& c) const {
    cib::NodeState* state = cib::edit_node_state(cib.status, c.node);
    if (state == nullptr) return {};
    cib::erase_op(*state, c.resource, c.op);
    cib::status_changed(cib);
    return {Kind::nothing, {}};
  }

  CibNotice operator()(const EraseResource& c) const {
    const cib::NodeState* known = cib::find_node_state(cib.status, c.node);
    if (known == nullptr || cib::find_history(*known, c.resource) == nullptr) return {};
    cib::erase_resource(*cib::edit_node_state(cib.status, c.node), c.resource);
    cib::status_changed(cib);
    return {Kind::history_gone, "deletion of lrm_resource[@id='" + c.resource + "']"};
  }

  CibNotice operator()(const PutHistory& c) const {
    cib::NodeState& state = cib::ensure_node_state(cib.status, c.id, c.node);
    state.resources = c.resources;
    state.has_lrm = true;
    cib::status_changed(cib);
    return {Kind::history_gone, "deletion of lrm[@id='" + c.id + "']"};
  }

  CibNotice operator()(const EraseHistory& c) const {
    const cib::NodeState* known = cib::find_node_state(cib.status, c.node);
    if (known == nullptr || !known->has_lrm) return {};
    std::string text = "deletion of lrm[@id='" + known->id + "']";
    cib::erase_history(*cib::edit_node_state(cib.status, c.node));
    cib::status_changed(cib);
    return {Kind::history_gone, std::move(text)};
  }

  // A fail count: "INFINITY" stays what it is.
  static std::string increased(const std::string* before) {
    if (before == nullptr) return "1";
    return to_string(cib::parse_score(*before) + Score{1});
  }
};

}  // namespace

CibNotice apply(cib::Cib& cib, const CibChange& change) { return std::visit(Apply{cib}, change); }

}  // namespace fencepost::node
