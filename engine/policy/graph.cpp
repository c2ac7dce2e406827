// The plan that is carried out: which actions are in it, in which order they are listed, what each waits for
// (§8).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/graph_parts.h"
#include "engine/policy/notifications.h"
#include "engine/policy/propagate.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {

// ---------------------------------------------------------------- what is in

bool goes_into_graph(const Draft& d, const PlanAction& action) {
  if (!action.runnable || (action.optional && !action.shown)) return false;
  if (action.resource.valid() && !d[action.resource].managed) {
    if (action.key.task != Task::monitor && action.key.interval_ms == 0) return false;
  }
  if (action.pseudo || action.task == Task::stonith || action.task == Task::shutdown) return true;
  if (!action.node.valid()) return false;
  const Node& node = d[action.node];
  if (action.by_dc || (node.kind == NodeKind::guest && !node.needs_reset)) return true;
  return node.online && !node.unclean;
}

namespace {

bool only(Kinds kinds, Kinds allowed) { return (kinds & ~allowed) == 0; }

// Load counts only where it happens.
bool load_matters(const Draft& d, const PlanAction& first, const PlanAction& then) {
  if (then.task == Task::migrate_to) return first.node == d[then.resource].assigned;
  return first.node == then.node && !first.optional;
}

bool anti_colocation_matters(const PlanAction& first, const PlanAction& then) {
  const bool apart = first.node.valid() && then.node.valid() && first.node != then.node;
  return !apart && !first.optional;
}

bool is_stuck_stop(const Draft& d, const PlanAction& first, const PlanAction& then) {
  if (!first.resource.valid() || !then.resource.valid() || first.resource == then.resource) return false;
  return d[first.resource].failed && !d[first.resource].managed && first.key == kStop &&
         d[then.resource].is_clone();
}

// What is neither needed nor shown is not waited for.
bool will_happen(const Draft& d, const PlanAction& first) {
  return !first.optional || first.shown || first.in_graph || goes_into_graph(d, first);
}

}  // namespace

bool accept_input(Draft& d, LinkId id) {
  Link& l = d[id];
  const PlanAction& first = d[l.first];
  const PlanAction& then = d[l.then];
  if (l.accepted) return true;
  if (l.kinds == kNoKind) return false;
  if (!first.runnable && only(l.kinds, kOrder | kFirstShown | kThenShown)) return false;
  if (!first.runnable && (l.kinds & (kOneOrMore | kImpliesFirstMigratable)) != 0) return false;
  if ((l.kinds & kNotIfMigratable) != 0 && first.migratable) return false;
  if (l.kinds == kOrder && first.migratable && first.key == kStop) return false;
  if (l.kinds == kLoad || l.kinds == kAntiColocation) {
    const bool matters =
        l.kinds == kLoad ? load_matters(d, first, then) : anti_colocation_matters(first, then);
    if (!matters) l.kinds = kNoKind;
    l.accepted = matters;
    return matters;
  }
  if (is_stuck_stop(d, first, then) || !will_happen(d, first)) return false;
  l.accepted = true;
  return true;
}

namespace {

class GraphMaker {
 public:
  explicit GraphMaker(Draft& d) : d_(d) {}

  void make() {
    header();
    for (const ResourceId id : d_.top_level) add_resource(id);
    add_maintenance();
    for (std::size_t i = d_.actions.size(); i-- > 0;) add(ActionId{i});
    describe();
  }

 private:
  struct Entry {
    ActionId action;
    std::int32_t priority = 0;
    std::size_t inputs = 0;  // so many of accepted_, after those of the entries before
  };

  void header();
  void add_resource(ResourceId id);
  void add_own(ResourceId id);
  void add_clone(ResourceId id);
  void add_bundle(ResourceId id);
  void add_maintenance();
  void add(ActionId id);
  void sort_inputs(ActionId id);
  void describe();

  Draft& d_;
  std::vector<Entry> entries_;
  std::vector<LinkId> inputs_;      // of the action at hand
  std::vector<ActionId> accepted_;  // of all entries
  std::vector<NodeMaintenance> maintenance_;
  ActionId maintenance_action_;
};

void GraphMaker::header() {
  TransitionGraph& graph = d_.graph;
  graph.cluster_delay = d_.options.cluster_delay;
  graph.stonith_timeout = d_.options.stonith_timeout;
  graph.failed_start_offset = d_.options.start_failure_is_fatal ? "INFINITY" : "1";
  graph.batch_limit = d_.options.batch_limit;
  if (d_.options.migration_limit > 0) graph.migration_limit = std::to_string(d_.options.migration_limit);
  if (d_.next_change) graph.recheck_by = d_.next_change->since_epoch;
}

void GraphMaker::add_resource(ResourceId id) {
  switch (d_[id].variant) {
    case Variant::primitive:
      return add_own(id);
    case Variant::group:
      add_own(id);
      for (const ResourceId member : d_[id].children) add_resource(member);
      return;
    case Variant::clone:
      return add_clone(id);
    case Variant::bundle:
      return add_bundle(id);
  }
}

void GraphMaker::add_own(ResourceId id) {
  for (std::size_t i = d_[id].actions.size(); i-- > 0;) add(d_[id].actions[i]);
}

void GraphMaker::add_clone(ResourceId id) {
  for (const ActionId action : d_[id].actions) {
    const Flags flags = effective_flags(d_, action, NodeId{});
    d_[action].optional = d_[action].optional && flags.optional;
  }
  notify_instances(d_, id);
  for (const ResourceId instance : d_[id].children) add_resource(instance);
  add_own(id);
}

void GraphMaker::add_bundle(ResourceId id) {
  const BundleSpec& spec = *bundle_data(d_, id)->spec;
  if (spec.inner_clone.valid()) add_resource(spec.inner_clone);
  for (const BundleReplicaSpec& replica : spec.parts)
    for (const ResourceId part : {replica.ip, replica.container, replica.connection})
      if (part.valid()) add_resource(part);
}

// Remote and guest nodes are told when their maintenance mode changes.
void GraphMaker::add_maintenance() {
  for (const Node& node : d_.nodes) {
    if (!node.is_remote() || node.maintenance == node.knows_maintenance) continue;
    maintenance_.push_back({node.spec->id, node.maintenance});
  }
  if (maintenance_.empty()) return;
  maintenance_action_ = milestone(d_, "maintenance_nodes", Task::maintenance_nodes);
  d_[maintenance_action_].optional = false;
  add(maintenance_action_);
}

// Its inputs by ascending id; of several links from one action only the oldest stays, with all their kinds.
void GraphMaker::sort_inputs(ActionId id) {
  inputs_.clear();
  for_each_before(d_, id, [this](LinkId link) { inputs_.push_back(link); });
  std::sort(inputs_.begin(), inputs_.end(), [this](LinkId a, LinkId b) {
    return d_[a].first != d_[b].first ? d_[a].first < d_[b].first : a < b;
  });
  LinkId last;
  std::size_t kept = 0;
  for (const LinkId link : inputs_) {
    if (last.valid() && d_[last].first == d_[link].first) {
      d_[last].kinds |= d_[link].kinds;
      d_[last].accepted = d_[last].accepted || d_[link].accepted;
      continue;
    }
    d_[link].older_before = last;
    last = link;
    inputs_[kept++] = link;
  }
  inputs_.resize(kept);
  d_[id].newest_before = last;
}

void GraphMaker::add(ActionId id) {
  if (d_[id].processed) return;
  d_[id].processed = true;
  sort_inputs(id);
  if (!goes_into_graph(d_, d_[id])) return;
  d_[id].in_graph = true;
  Entry entry;
  entry.action = id;
  const PlanAction& action = d_[id];
  const std::int32_t own = action.resource.valid() ? d_[action.resource].priority : 0;
  entry.priority = std::max({own, action.priority, 0});
  for (const LinkId link : inputs_) {
    if (!accept_input(d_, link)) continue;
    accepted_.push_back(d_[link].first);
    ++entry.inputs;
  }
  entries_.push_back(entry);
}

void GraphMaker::describe() {
  TransitionGraph& graph = d_.graph;
  std::vector<std::size_t> place(d_.actions.size(), d_.actions.size());
  const auto put = [&](ActionId id) {
    place[id.index()] = graph.actions.size();
    describe_action(d_, id, d_.want.attributes, graph.actions.emplace_back());
    if (id == maintenance_action_) graph.actions.back().maintenance = maintenance_;
  };
  graph.actions.reserve(entries_.size() + entries_.size() / 4);
  graph.synapses.reserve(entries_.size());
  for (const Entry& entry : entries_) put(entry.action);
  for (const ActionId input : accepted_)
    if (place[input.index()] == d_.actions.size()) put(input);
  auto input = accepted_.begin();
  for (const Entry& entry : entries_) {
    Synapse& synapse = graph.synapses.emplace_back();
    synapse.priority = entry.priority;
    synapse.action = place[entry.action.index()];
    synapse.inputs.reserve(entry.inputs);
    for (std::size_t i = 0; i < entry.inputs; ++i) synapse.inputs.push_back(place[(input++)->index()]);
  }
}

}  // namespace

void make_graph(Draft& d) { GraphMaker(d).make(); }

}  // namespace fencepost::policy
