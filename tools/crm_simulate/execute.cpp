#include "tools/crm_simulate/execute.h"

#include <algorithm>

#include "engine/cib/edit.h"
#include "engine/cib/history.h"
#include "tools/crm_simulate/resource_names.h"

namespace fencepost::crm_simulate {

using policy::Action;
using policy::ActionKind;
using policy::Synapse;
using Kind = Step::Kind;

namespace {

constexpr std::int32_t kHighestPriority = 1'000'000;

class Executor {
 public:
  Executor(const policy::TransitionGraph& graph, const policy::ClusterState& state, cib::Cib& cib,
           const std::vector<OperationSpec>& failures, WallSeconds now)
      : graph_(graph),
        state_(state),
        cib_(cib),
        failures_(failures),
        now_(now),
        done_(graph.actions.size()) {}

  // Pass after pass over the synapses in their order, until one fires nothing. What is done at once may let a
  // later synapse of the same pass fire.
  Execution run() {
    for (bool fired = true; fired;) {
      fired = false;
      for (const Synapse& synapse : graph_.synapses) {
        if (!may_fire(synapse)) continue;
        perform(graph_.actions[synapse.action]);
        done_[synapse.action] = true;
        fired = true;
      }
    }
    const auto is_done = [&](const Synapse& synapse) { return done_[synapse.action]; };
    execution_.complete = aborted_ || std::all_of(graph_.synapses.begin(), graph_.synapses.end(), is_done);
    return std::move(execution_);
  }

 private:
  bool may_fire(const Synapse& synapse) const {
    if (done_[synapse.action] || (aborted_ && synapse.priority < kHighestPriority)) return false;
    return std::all_of(synapse.inputs.begin(), synapse.inputs.end(),
                       [&](std::size_t input) { return done_[input]; });
  }

  void perform(const Action& action) {
    switch (action.kind) {
      case ActionKind::pseudo:
        say({Kind::pseudo, action.key, "", action.node, ""});
        break;
      case ActionKind::cluster:
        cluster(action);
        break;
      case ActionKind::resource_op:
        resource(action);
        break;
    }
  }

  void cluster(const Action& action);
  void fence(const Action& action);
  void resource(const Action& action);
  std::string history_name(const Action& action) const;
  const OperationSpec* pretended_failure(const Action& action, const std::string& name) const;
  void fail(const Action& action, OperationResult result, const OperationSpec& failure);
  void say(Step step) { execution_.steps.push_back(std::move(step)); }

  const policy::TransitionGraph& graph_;
  const policy::ClusterState& state_;
  cib::Cib& cib_;
  const std::vector<OperationSpec>& failures_;
  WallSeconds now_;
  std::vector<bool> done_;
  bool aborted_ = false;
  Execution execution_;
};

void Executor::cluster(const Action& action) {
  if (action.task == "stonith") {
    fence(action);
  } else if (action.task != "probe_again") {
    say({Kind::cluster, action.resource.id, action.task, action.node, ""});
  }
}

void Executor::fence(const Action& action) {
  say({Kind::fencing, "", action.stonith_action, action.node, ""});
  if (action.stonith_action == "on") return;
  cib::NodeState& target = cib::ensure_node_state(cib_.status, action.node_uuid, action.node);
  set_membership(cib_, target, "false", "offline", "down");
  forget_history(target);
}

// Anonymous instances go by the bare name once any of them has history under it.
std::string Executor::history_name(const Action& action) const {
  const policy::ActionResource& resource = action.resource;
  if (find_named(state_, resource.id) != nullptr || resource.long_id.empty()) return resource.id;
  return resource.long_id;
}

const OperationSpec* Executor::pretended_failure(const Action& action, const std::string& name) const {
  for (const OperationSpec& one : failures_)
    if (one.resource == name && one.task == action.task && one.interval_ms == action.interval_ms &&
        cib::equal_ignoring_case(one.node, action.node))
      return &one;
  return nullptr;
}

std::string notify_id(const Action& action, const std::string& name) {
  const auto type = action.meta("notify_type");
  const auto operation = action.meta("notify_operation");
  if (!type || !operation) return "";
  return name + "_" + std::string(*type) + "_notify_" + std::string(*operation) + "_0";
}

void Executor::resource(const Action& action) {
  const std::string name = history_name(action);
  const std::string interval = action.interval_ms > 0 ? std::to_string(action.interval_ms) : "";
  say({Kind::resource, name, action.task, action.node, interval});
  if (action.task == "delete") return;

  OperationResult result;
  result.resource = name;
  result.agent = {action.resource.agent_class, action.resource.provider, action.resource.type};
  const bool reload = action.task == "reload" || action.task == "reload-agent";
  result.task = reload ? "start" : action.task;
  if (action.task == "notify") result.history_id = notify_id(action, name);
  result.interval_ms = action.interval_ms;
  result.expected_rc = action.target_rc.value_or(0);
  result.rc = result.expected_rc;
  result.digest = policy::recorded_digest(action);
  result.now = now_;
  if (const OperationSpec* failure = pretended_failure(action, name)) return fail(action, result, *failure);
  record_result(cib_, cib::ensure_node_state(cib_.status, action.node_uuid, action.node), result);
}

void Executor::fail(const Action& action, OperationResult result, const OperationSpec& failure) {
  cib::NodeState& node = cib::ensure_node_state(cib_.status, action.node_uuid, action.node);
  say({Kind::pretended, std::to_string(action.id), "", "", std::to_string(failure.rc)});
  say({Kind::attribute, fail_count_name(failure), "", node.id, "value++"});
  say({Kind::attribute, last_failure_name(failure), "", node.id, std::to_string(now_.since_epoch)});
  result.rc = failure.rc;
  record_result(cib_, node, result);
  record_failure(cib_, node, failure, now_);
  aborted_ = true;
}

}  // namespace

Execution execute(const policy::TransitionGraph& graph, const policy::ClusterState& state, cib::Cib& cib,
                  const std::vector<OperationSpec>& failures, WallSeconds now) {
  return Executor(graph, state, cib, failures, now).run();
}

}  // namespace fencepost::crm_simulate
