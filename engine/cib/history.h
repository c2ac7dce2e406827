// How results and membership change the status section, as Pacemaker's controller records them.
#pragma once

#include <string>
#include <string_view>

#include "engine/cib/status.h"

namespace fencepost::cib {

// The entry for that node, made if there is none.
NodeState& ensure_node_state(Status& status, std::string_view id, std::string_view uname);
// The entry to change, or null.
NodeState* edit_node_state(Status& status, std::string_view uname);

struct ResourceIdentity {
  std::string_view id;
  Agent agent;
  std::string_view container = {};
};

// Puts a result (or a pending action) into the history under the id it is kept by: <rsc>_last_0,
// <rsc>_monitor_<ms>, and also <rsc>_last_failure_0 for a failure. Its id and operation_key are filled in.
// Returns what was put there last: where it is recorded again, it is shared.
SharedValue<OpHistory> record(NodeState& state, const ResourceIdentity& resource,
                              SharedValue<OpHistory> result);

void erase_op(NodeState& state, std::string_view resource, std::string_view op_id);
void erase_resource(NodeState& state, std::string_view resource);
void erase_history(NodeState& state);  // the whole lrm section
void erase_transient_attributes(NodeState& state);

// The value a transient attribute has, rules aside; null if it is not set.
const std::string* transient_attribute(const NodeState& state, std::string_view name);
void set_transient_attribute(NodeState& state, std::string_view name, std::string_view value);
bool erase_transient_attribute(NodeState& state, std::string_view name);

}  // namespace fencepost::cib
