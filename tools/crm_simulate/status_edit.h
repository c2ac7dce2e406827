// Changes to a CIB's status as a cluster's daemons would make them: results in a node's history, transient
// attributes, a node that comes, goes or is fenced.
#pragma once

#include <optional>
#include <string>

#include "engine/cib/cib.h"

namespace fencepost::crm_simulate {

// RESOURCE_TASK_INTERVAL@NODE=RC
struct OperationSpec {
  std::string resource;
  std::string task;
  std::int64_t interval_ms = 0;
  std::string node;
  int rc = 0;
};
Result<OperationSpec> parse_operation_spec(const std::string& text);

struct OperationResult {
  std::string resource;  // the id of its history
  cib::Agent agent;
  std::string task;
  std::string history_id;  // set: the entry's id, instead of the one its task and interval give
  std::int64_t interval_ms = 0;
  int rc = 0;
  int expected_rc = 0;
  std::string digest;
  WallSeconds now;
};

void record_result(cib::Cib& cib, cib::NodeState& node, const OperationResult& result);

// Counts the failure and remembers when it was.
std::string fail_count_name(const OperationSpec& spec);
std::string last_failure_name(const OperationSpec& spec);
void record_failure(cib::Cib& cib, cib::NodeState& node, const OperationSpec& spec, WallSeconds now);

void set_membership(cib::Cib& cib, cib::NodeState& node, const std::string& in_ccm, const std::string& crmd,
                    const std::string& join);
void forget_history(cib::NodeState& node);  // and the transient attributes

}  // namespace fencepost::crm_simulate
