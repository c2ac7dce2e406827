#include "engine/node/local_resources.h"

#include <algorithm>

#include "engine/cib/history.h"
#include "engine/node/cib_change.h"

namespace fencepost::node {
namespace {

constexpr Duration kMetaDataTimeout = 30s;  // of the meta-data action, as the executor's library has it

std::string agent_name(const policy::ActionResource& r) {
  return r.agent_class + ":" + r.provider + ":" + r.type;
}

AgentClass agent_class(std::string_view name) {
  if (name == "stonith") return AgentClass::stonith;
  if (name == "systemd") return AgentClass::systemd;
  if (name == "lsb") return AgentClass::lsb;
  if (name == "service") return AgentClass::service;
  return AgentClass::ocf;
}

constexpr std::string_view kMeta = "CRM_meta_";
bool is_meta(std::string_view name) { return name.starts_with(kMeta); }

bool changes_role(std::string_view task) {
  return task == "start" || task == "stop" || task == "promote" || task == "demote" || task == "migrate_to" ||
         task == "migrate_from";
}

Duration ms(std::int64_t count) { return std::chrono::milliseconds(count); }

std::string history_id(const std::string& resource, const std::string& task, Duration interval) {
  return resource + "_" + task + "_" + std::to_string(to_ms(interval));
}

std::string label_of_notification(const policy::Action& action) {
  if (std::string_view(action.task) != "notify") return "";
  const auto type = action.meta("notify_type");
  const auto operation = action.meta("notify_operation");
  return !type || !operation ? "" : std::string(*type) + "-" + std::string(*operation);
}

cib::SharedValue<cib::OpHistory> history_of(const Step& step, const Job& job) {
  const policy::Action& action = *job.action;
  cib::SharedValue<cib::OpHistory> made;
  cib::OpHistory& op = made.edit();
  op.operation = job.command->action;
  op.interval = std::chrono::duration_cast<cib::Milliseconds>(job.command->interval);
  op.transition_key =
      cib::to_string(cib::TransitionKey{job.id.action, job.id.transition, job.expected_rc, job.id.uuid});
  op.on_node = step.self.name();
  op.crm_feature_set = kFeatureSet;
  op.crm_debug_origin = "do_update_resource";
  op.op_digest = job.digest;
  if (const auto source = action.meta("migrate_source")) op.migrate_source = *source;
  if (const auto target = action.meta("migrate_target")) op.migrate_target = *target;
  return made;
}

void set_result(cib::OpHistory& op, OpStatus status, int rc) {
  op.status = status;
  op.rc = static_cast<cib::AgentRc>(rc);
  op.transition_magic =
      std::to_string(static_cast<int>(status)) + ":" + std::to_string(rc) + ";" + op.transition_key;
}

}  // namespace

// --- Orders ---

void LocalResources::order(Step& step, NodeId dc, const Order& order, Executor& executor,
                           Attributes& attributes, const cib::Cib& cib) {
  const policy::Action& action = *order.action;
  const std::string_view task = action.task;
  if (task == "cancel") {
    cancel(step, dc, order, executor);
  } else if (task == "delete" || task == "lrm_delete") {
    forget(step, action.resource.id, executor);
    step.send({OrderDone{dc, order.id}});
  } else if (task == "clear_failcount") {
    clear_fail_counts(step, action.resource.id, attributes, cib);
    erase_op(step, action.resource.id, action.resource.id + "_last_failure_0");
  } else if (needs_meta_data(step, action)) {
    const std::string agent = agent_name(action.resource);
    auto& waiting = waiting_[agent];
    waiting.push_back({dc, order});
    if (waiting.size() > 1) return;
    AgentCommand command;
    command.standard = agent_class(action.resource.agent_class);
    command.provider = action.resource.provider;
    command.type = action.resource.type;
    command.resource = "meta-data " + agent;
    command.action = command.standard == AgentClass::stonith ? "metadata" : "meta-data";
    command.timeout = kMetaDataTimeout;
    Job job;
    job.command = std::make_shared<const AgentCommand>(std::move(command));
    job.notify = agent;
    job.internal = true;
    executor.request(step, std::make_shared<const Job>(std::move(job)));
  } else {
    run(step, dc, order, executor);
  }
}

bool LocalResources::needs_meta_data(const Step& step, const policy::Action& action) const {
  if (action.task == "start" && step.profile.meta_data_before_start) return true;
  return known_agents_.count(agent_name(action.resource)) == 0;
}

void LocalResources::run(Step& step, NodeId dc, const Order& order, Executor& executor) {
  const policy::Action& action = *order.action;
  Job job;
  job.command = command_of(action);
  job.id = order.id;
  job.ordered_by = dc;
  job.expected_rc = action.target_rc.value_or(0);
  job.notify = label_of_notification(action);
  job.start_delay = ms(action.start_delay_ms);
  job.action = order.action;
  const bool leaves_result = std::string_view(action.task) != "notify";
  if (leaves_result) job.digest = policy::recorded_digest(action);
  const auto record_pending = action.meta("record_pending");
  if (leaves_result && (!record_pending || cib::is_true(*record_pending))) {
    auto result = history_of(step, job);
    cib::OpHistory& pending = result.edit();
    pending.call_id = -1;
    set_result(pending, OpStatus::pending, static_cast<int>(cib::AgentRc::unknown));
    pending.last_rc_change = step.now.wall;
    record(step, job, std::move(result));
  }
  // Its order is there first: then nothing of it recurs any more.
  const std::string resource = job.command->resource;
  const bool role_changes = changes_role(action.task);
  executor.request(step, std::make_shared<const Job>(std::move(job)));
  if (role_changes) executor.cancel_recurring(step, resource);
}

void LocalResources::cancel(Step& step, NodeId dc, const Order& order, Executor& executor) {
  const policy::Action& action = *order.action;
  const std::string task{action.meta("operation").value_or("monitor")};
  const Duration interval = ms(action.interval_ms);
  if (!executor.cancel(step, action.resource.id, task, interval))
    erase_op(step, action.resource.id, history_id(action.resource.id, task, interval));
  step.send({OrderDone{dc, order.id}});
}

void LocalResources::forget(Step& step, const std::string& resource, Executor& executor) {
  executor.forget(step, resource);
  cib::erase_resource(history_, resource);
  step.change_cib(EraseResource{step.self.name(), resource});
}

// --- Results ---

void LocalResources::result(Step& step, const JobResult& result, Executor& executor) {
  const Job& job = *result.job;
  if (job.internal) {  // meta-data: whatever it said, those who waited have waited
    known_agents_.insert(job.notify);
    for (const Waiting& each : std::exchange(waiting_[job.notify], {}))
      run(step, each.dc, each.order, executor);
    return;
  }
  const AgentCommand& command = *job.command;
  if (result.status == OpStatus::cancelled) {
    erase_op(step, command.resource, history_id(command.resource, command.action, command.interval));
    return;
  }
  if (command.action == "notify") {
    step.send({OrderDone{job.ordered_by, job.id, result.rc == job.expected_rc, result.status,
                         result.rc.value_or(1)}});
    return;
  }
  auto made = history_of(step, job);
  cib::OpHistory& op = made.edit();
  op.call_id = result.call_id;
  op.exit_reason = result.exit_reason;
  op.last_rc_change = step.now.wall;
  op.exec_time = std::chrono::duration_cast<cib::Milliseconds>(result.ran);
  op.queue_time = std::chrono::duration_cast<cib::Milliseconds>(result.queued);
  set_result(op, result.status, result.rc.value_or(1));
  record(step, job, std::move(made));
}

void LocalResources::record(Step& step, const Job& job, cib::SharedValue<cib::OpHistory> op) {
  const policy::ActionResource& r = job.action->resource;
  const std::string& resource = job.command->resource;
  cib::Agent agent{r.agent_class, r.provider, r.type};
  auto recorded = cib::record(history_, {.id = resource, .agent = agent, .container = {}}, std::move(op));
  step.change_cib(PutOp{step.self.uuid(), step.self.name(), resource, std::move(agent), std::move(recorded)});
}

void LocalResources::erase_op(Step& step, const std::string& resource, const std::string& op) {
  cib::erase_op(history_, resource, op);
  step.change_cib(EraseOp{step.self.name(), resource, op});
}

bool LocalResources::loses_results(const PutHistory& written, const cib::Cib& before) const {
  cib::NodeState after;
  after.resources = written.resources;
  const cib::NodeState* known = cib::find_node_state(before.status, written.node);
  if (known == nullptr) return false;
  const auto has = [](const cib::NodeState& state, const std::string& resource, const cib::OpHistory& op) {
    const cib::ResourceHistory* history = cib::find_history(state, resource);
    return history != nullptr && std::any_of(history->ops.begin(), history->ops.end(),
                                             [&op](const cib::OpHistory& other) { return other == op; });
  };
  for (const auto& own : history_.resources) {
    for (const cib::OpHistory& op : own->ops)
      if (has(*known, own->id, op) && !has(after, own->id, op)) return true;
  }
  return false;
}

void LocalResources::lose_memory() { *this = LocalResources{}; }

// --- What an order means ---

AgentCommandPtr command_of(const policy::Action& action) {
  AgentCommand command;
  command.standard = agent_class(action.resource.agent_class);
  command.provider = action.resource.provider;
  command.type = action.resource.type;
  command.resource = action.resource.id;
  command.action = action.task;
  command.interval = ms(action.interval_ms);
  command.timeout = ms(action.timeout_ms);
  std::size_t metas = 0, meta_characters = 0;
  for (const NameValues::Pair each : action.attributes) {
    if (!is_meta(each.name)) continue;
    ++metas;
    meta_characters += each.name.size() - kMeta.size() + each.value.size();
  }
  command.meta.reserve(metas, meta_characters);
  for (const NameValues::Pair each : action.attributes) {
    if (is_meta(each.name)) {
      command.meta.add(each.name.substr(kMeta.size()), each.value);
    } else if (each.name != "crm_feature_set") {
      command.parameters.add(each.name, each.value);
    }
  }
  return std::make_shared<const AgentCommand>(std::move(command));
}

void clear_fail_counts(Step& step, const std::string& resource, Attributes& attributes, const cib::Cib& cib) {
  const cib::NodeState* state = cib::find_node_state(cib.status, step.self.name());
  if (state == nullptr) return;
  std::vector<PutTransient> changes;
  for (const std::string prefix : {"last-failure-", "fail-count-"}) {
    for (const cib::NvpairBlock& block : state->transient_attributes) {
      for (const cib::Nvpair& pair : block.pairs) {
        const std::string mine = prefix + resource;
        if (pair.name != mine && pair.name.rfind(mine + "#", 0) != 0) continue;
        changes.push_back({step.self.uuid(), step.self.name(), pair.name, std::nullopt, false});
        if (prefix == "fail-count-") step.journal(FailCountChanged{step.self.name(), resource, "", {}, ""});
      }
    }
  }
  if (!changes.empty()) attributes.write(step, std::move(changes));
}

}  // namespace fencepost::node
