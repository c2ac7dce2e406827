#include "engine/policy/keep.h"

#include <algorithm>

#include "engine/policy/compile.h"
#include "engine/policy/graph_parts.h"
#include "engine/policy/workings.h"

namespace fencepost::policy {
namespace {

constexpr std::string_view kOrigin = "interval-origin";

// Until an operation with an origin begins depends on when the decision is made.
bool has_origin(const cib::NvpairBlocks& blocks) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [](const cib::NvpairBlock& block) { return block.find(kOrigin) != nullptr; });
}

bool has_dates(const cib::Configuration& source) {
  const auto in_operation = [](const cib::Operation& op) {
    const auto is_origin = [](const cib::Attribute& setting) { return setting.name == kOrigin; };
    return any_date(op.parameters) || has_origin(op.meta) ||
           std::any_of(op.settings.begin(), op.settings.end(), is_origin);
  };
  bool found = has_origin(source.operation_defaults);
  const auto look = [&](const cib::Resource& resource, const cib::Resource*) {
    found = found || any_date(resource.utilization) ||
            std::any_of(resource.operations.begin(), resource.operations.end(), in_operation);
  };
  cib::for_each_resource(source.resources, look);
  cib::for_each_resource(source.templates, look);
  for (const cib::Node& node : source.nodes)
    found = found || any_date(node.attributes) || any_date(node.utilization);
  for (const cib::Constraint& constraint : source.constraints) {
    found = found || any_date(base(constraint).lifetime);
    const auto* location = std::get_if<cib::LocationConstraint>(&constraint);
    found = found || (location != nullptr && any_date(location->rules));
  }
  return found;
}

bool has_dates(const cib::Status& status) {
  return std::any_of(status.nodes.begin(), status.nodes.end(),
                     [](const auto& state) { return any_date(state->transient_attributes); });
}

// When the youngest result there is has been forgotten, should it be one that is.
std::int64_t all_expired_at(const Configuration& configuration, const cib::Status& status) {
  std::int64_t timeout = 0;
  for (const ResourceSpec& spec : configuration.resources)
    timeout = std::max(timeout, spec.definition->failure_timeout_s);
  std::int64_t latest = 0;
  for (const auto& state : status.nodes) {
    for (const auto& entry : state->resources) {
      for (const cib::OpHistory& op : entry->ops)
        if (op.last_rc_change) latest = std::max(latest, op.last_rc_change->since_epoch);
    }
  }
  return latest + timeout;
}

}  // namespace

std::shared_ptr<const Configuration> compiled(const std::shared_ptr<const Configuration>& known,
                                              const cib::Cib& cib, WallSeconds now) {
  const bool fits = known != nullptr && known->source == cib.configuration &&
                    (!known->depends_on_time || known->compiled_for == now);
  return fits ? known : compile(cib, now);
}

bool still_holds(const Decision& made, WallSeconds at, const Configuration& configuration,
                 const cib::Cib& before, const cib::Cib& cib) {
  if (made.graph.recheck_by || configuration.depends_on_time || configuration.options.shutdown_lock)
    return false;
  cib::Cib then = before;
  then.execution_date = cib.execution_date;  // says only when it was decided upon
  if (!(then == cib) || has_dates(*cib.configuration) || has_dates(cib.status)) return false;
  return all_expired_at(configuration, cib.status) <= at.since_epoch;
}

std::shared_ptr<const Action> complete(const Decision& decision, std::size_t index) {
  const Action& action = decision.graph.actions[index];
  if (decision.workings == nullptr) return std::make_shared<const Action>(action);
  const auto completed = std::make_shared<Action>();
  describe_action(decision.workings->draft, ActionId{action.id - 1}, true, *completed);
  completed->maintenance = action.maintenance;
  return completed;
}

Decision in_full(const Decision& decision) {
  Decision full = decision;
  if (decision.workings == nullptr) return full;
  full.workings = nullptr;
  for (std::size_t i = 0; i < full.graph.actions.size(); ++i) full.graph.actions[i] = *complete(decision, i);
  full.actions = planned_actions(decision.workings->draft);
  full.orderings = planned_orderings(decision.workings->draft);
  return full;
}

}  // namespace fencepost::policy
