// Changes to the CIB as they travel between nodes: every replica applies the same changes in the same order,
// so all of them stay equal without anybody copying them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/cib/cib.h"
#include "engine/cib/edit.h"

namespace fencepost::node {

// --- Configuration ---

struct AddNode {
  std::string id, uname;
};
// crm_resource writes this property when it has asked the nodes to forget something.
inline constexpr const char* kLookAgain = "last-lrm-refresh";
struct PutProperty {
  std::string name;
  std::optional<std::string> value;  // in all of these, nothing deletes
};
struct PutResourceMeta {
  std::string resource, name;
  std::optional<std::string> value;
};
struct PutNodeAttribute {
  std::string node, name;
  std::optional<std::string> value;
};
struct PutConstraint {
  cib::Constraint constraint;
};
struct RemoveConstraint {
  std::string id;
};
struct ApplyEdit {
  std::shared_ptr<const cib::Edit> edit;
};

// --- The cluster ---

inline constexpr const char* kFeatureSet = "3.16.1";  // of Pacemaker 2.1.5

struct PutCluster {
  std::optional<std::string> dc_uuid;
  std::optional<bool> have_quorum;
};

// --- Status of a node; `node` is its uname ---

// What is empty stays as it is.
struct PutNodeState {
  std::string id, node;
  std::string in_ccm, crmd, join, expected;
  std::string in_maintenance;
};
struct PutTransient {
  std::string id, node, name;
  std::optional<std::string> value;
  bool add_one = false;  // to the number it has, whatever it has become on the way
};
struct EraseTransients {
  std::string node;
};
struct PutOp {
  std::string id, node;
  std::string resource;
  cib::Agent agent;
  cib::SharedValue<cib::OpHistory> op;
};
struct EraseOp {
  std::string node, resource, op;
};
struct EraseResource {
  std::string node, resource;
};
// The whole history, as its own node knows it.
struct PutHistory {
  std::string id, node;
  std::vector<cib::SharedValue<cib::ResourceHistory>> resources;
};
struct EraseHistory {
  std::string node;
};

using CibChange = std::variant<AddNode, PutProperty, PutResourceMeta, PutNodeAttribute, PutConstraint,
                               RemoveConstraint, ApplyEdit, PutCluster, PutNodeState, PutTransient,
                               EraseTransients, PutOp, EraseOp, EraseResource, PutHistory, EraseHistory>;

// What a change did to a replica, for those who have to react.
struct CibNotice {
  enum class Kind {
    nothing,  // no difference, or none that matters to a plan
    cluster,  // the DC or the quorum
    configuration,
    properties,  // configuration, and cluster properties are part of it
    node_state,
    transient,  // a transient attribute has another value
    history_gone,
    result,
    refused,  // the change could not be made: see text
  };
  Kind kind = Kind::nothing;
  std::string text;  // as Pacemaker would say it: "status-1-master-drbd doing modify master-drbd=10"
};

CibNotice apply(cib::Cib& cib, const CibChange& change);

}  // namespace fencepost::node
