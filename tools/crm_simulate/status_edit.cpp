#include "tools/crm_simulate/status_edit.h"

#include <algorithm>
#include <charconv>

#include "engine/cib/edit.h"
#include "engine/cib/history.h"

namespace fencepost::crm_simulate {

namespace {

constexpr const char* kFeatureSet = "3.16.1";
constexpr const char* kNobody = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";  // the transition key's uuid
constexpr const char* kOrigin = "crm_simulate";

template <class Number>
bool parse_number(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

cib::ResourceHistory& history_of(cib::NodeState& node, const std::string& id, const cib::Agent& agent) {
  node.has_lrm = true;
  for (auto& history : node.resources)
    if (history->id == id) return history.edit();
  cib::ResourceHistory history;
  history.id = id;
  history.agent = agent;
  node.resources.push_back(history);
  return node.resources.back().edit();
}

int next_call_id(const cib::ResourceHistory& history) {
  int highest = 0;
  for (const cib::OpHistory& op : history.ops) highest = std::max(highest, op.call_id);
  return highest + 1;
}

cib::OpHistory& entry_of(cib::ResourceHistory& history, const std::string& id) {
  for (auto& op : history.ops)
    if (op->id == id) return op.edit();
  cib::OpHistory& made = history.ops.emplace_back().edit();
  made.id = id;
  return made;
}

std::string key_of(const OperationResult& result) {
  return result.resource + "_" + result.task + "_" + std::to_string(result.interval_ms);
}

void fill_entry(cib::OpHistory& op, const OperationResult& result, int call_id) {
  const bool failed = result.rc != result.expected_rc;
  op.operation_key = key_of(result);
  op.operation = result.task;
  op.crm_debug_origin = kOrigin;
  op.crm_feature_set = kFeatureSet;
  op.transition_key = std::to_string(call_id) + ":-1:" + std::to_string(result.expected_rc) + ":" + kNobody;
  op.transition_magic = "0:" + std::to_string(result.rc) + ";" + op.transition_key;
  op.exit_reason = failed ? "Simulated action result" : "";
  op.call_id = call_id;
  op.rc = static_cast<cib::AgentRc>(result.rc);
  op.status = cib::OpStatus::done;
  op.interval = cib::Milliseconds{result.interval_ms};
  op.last_rc_change = result.now;
  op.exec_time = cib::Milliseconds{0};
  op.queue_time = cib::Milliseconds{0};
  if (!result.digest.empty()) op.op_digest = result.digest;
}

std::string one_more(const std::string* count) {
  if (count == nullptr) return "1";
  if (*count == "INFINITY") return *count;
  return std::to_string(cib::parse_integer(*count).value_or(0) + 1);
}

std::string operation_suffix(const OperationSpec& spec) {
  return spec.resource + "#" + spec.task + "_" + std::to_string(spec.interval_ms);
}

}  // namespace

Result<OperationSpec> parse_operation_spec(const std::string& text) {
  const std::size_t at = text.find('@');
  const std::size_t equals = at == std::string::npos ? at : text.find('=', at);
  OperationSpec spec;
  int fields = 1 + (at != std::string::npos ? 1 : 0);
  if (equals != std::string::npos && parse_number(text.substr(equals + 1), spec.rc)) ++fields;
  if (fields < 3)
    return failure({},
                   "Invalid operation spec: " + text + ".  Only found " + std::to_string(fields) + " fields");

  const std::string key = text.substr(0, at);
  spec.node = text.substr(at + 1, equals - at - 1);
  const std::size_t interval = key.rfind('_');
  std::size_t task =
      interval == std::string::npos || interval == 0 ? std::string::npos : key.rfind('_', interval - 1);
  if (task == std::string::npos || !parse_number(key.substr(interval + 1), spec.interval_ms))
    return failure({}, "Invalid operation spec: " + text + ".  '" + key + "' is no RESOURCE_TASK_INTERVAL");
  spec.task = key.substr(task + 1, interval - task - 1);
  // Two tasks have an underscore of their own.
  if ((spec.task == "to" || spec.task == "from") && task >= 8 && key.substr(task - 8, 8) == "_migrate") {
    task -= 8;
    spec.task = "migrate_" + spec.task;
  }
  spec.resource = key.substr(0, task);
  return spec;
}

void record_result(cib::Cib& cib, cib::NodeState& node, const OperationResult& result) {
  cib::ResourceHistory& history = history_of(node, result.resource, result.agent);
  const int call_id = next_call_id(history);
  const bool recurring = result.interval_ms > 0;
  const bool failed = result.rc != result.expected_rc;
  const bool migration = result.task == "migrate_to" || result.task == "migrate_from";
  // A failure is remembered beside what was done last; a failed recurring operation only as a failure.
  if (failed) fill_entry(entry_of(history, result.resource + "_last_failure_0"), result, call_id);
  if (!failed || !recurring) {
    std::string id = result.history_id;
    if (id.empty()) id = recurring || migration ? key_of(result) : result.resource + "_last_0";
    fill_entry(entry_of(history, id), result, call_id);
  }
  cib::status_changed(cib);
}

std::string fail_count_name(const OperationSpec& spec) { return "fail-count-" + operation_suffix(spec); }
std::string last_failure_name(const OperationSpec& spec) { return "last-failure-" + operation_suffix(spec); }

void record_failure(cib::Cib& cib, cib::NodeState& node, const OperationSpec& spec, WallSeconds now) {
  const std::string name = fail_count_name(spec);
  cib::set_transient_attribute(node, name, one_more(cib::transient_attribute(node, name)));
  cib::set_transient_attribute(node, last_failure_name(spec), std::to_string(now.since_epoch));
  cib::status_changed(cib);
}

void set_membership(cib::Cib& cib, cib::NodeState& node, const std::string& in_ccm, const std::string& crmd,
                    const std::string& join) {
  node.in_ccm = in_ccm;
  node.crmd = crmd;
  node.join = join;
  node.expected = join;
  node.crm_debug_origin = kOrigin;
  cib::status_changed(cib);
}

void forget_history(cib::NodeState& node) {
  cib::erase_history(node);
  cib::erase_transient_attributes(node);
}

}  // namespace fencepost::crm_simulate
