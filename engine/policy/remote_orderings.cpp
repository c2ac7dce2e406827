// What happens on a remote or guest node needs the connection to it (§6.3, "later phases").
#include "engine/policy/actions.h"
#include "engine/policy/fencing.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

class RemoteOrderer {
 public:
  RemoteOrderer(Draft& d, ActionId action)
      : d_(d), action_(action), node_(d[action].node), connection_(d[d[action].node].connection) {}

  void run() {
    const PlanAction& a = d_[action_];
    if (a.key == kStart) after_other_stops();
    if (d_[connection_].container.valid()) {
      on_guest();
    } else {
      on_remote();
    }
  }

 private:
  void after_other_stops() {
    for (const ActionId stop : find_actions(d_, d_[action_].resource, kStop, NodeId{}))
      if (d_[stop].node != node_) order_then_action(connection_, kStart, stop, kOrder);
  }
  void order_then_action(ResourceId first, Key key, ActionId then, Kinds kinds) {
    order_key_then(d_, first, key, then, kinds);
  }
  void connect_first(Kinds kinds = kNoKind) {
    order_key_then(d_, connection_, kStart, action_, kinds | kPreserve | kRunnableLeft);
  }
  void disconnect_after(Kinds kinds = kNoKind) {
    order_then_key(d_, action_, connection_, kStop, kinds | kPreserve);
  }
  bool recurs() const { return d_[action_].key.interval_ms > 0; }

  void on_guest();
  void on_remote();
  void stop_on_remote(Reach state);
  void other_on_remote(Reach state);

  Draft& d_;
  ActionId action_;
  NodeId node_;
  ResourceId connection_;
};

void RemoteOrderer::on_guest() {
  const ResourceId container = d_[connection_].container;
  const bool failed = d_[container].failed;
  if (failed) fence(d_, node_, {.reason = "container failed"});
  // What is cancelled needs no connection that is not there yet.
  if (d_[action_].cancel) return;
  const Task task = d_[action_].key.task;
  switch (task) {
    case Task::start:
    case Task::promote:
      order_key_then(d_, container, kStart, action_, kPreserve | kImpliesThen | kRunnableLeft);
      connect_first();
      return;
    case Task::stop:
    case Task::demote:
    case Task::migrate_to:
    case Task::migrate_from:
      if (!failed) disconnect_after();
      return;
    default:
      connect_first(recurs() ? kImpliesThen : kNoKind);
  }
}

void RemoteOrderer::stop_on_remote(Reach state) {
  if (state == Reach::alive) return disconnect_after(kImpliesFirst);
  if (state == Reach::failed) {
    fence(d_, node_, {.reason = "resources are active but connection is unrecoverable"});
    return;
  }
  if (d_[connection_].next_role == Role::stopped) return disconnect_after(kImpliesFirst);
  connect_first();
}

void RemoteOrderer::other_on_remote(Reach state) {
  if (recurs()) return connect_first(kImpliesThen);
  const bool probe = d_[action_].key == kProbe;
  if (probe && state == Reach::failed) {
    fence(d_, node_, {.reason = "resources are in unknown state and connection is unrecoverable"});
  }
  if (!d_[connection_].active_on.empty() && state == Reach::stopped) return disconnect_after(kRunnableLeft);
  connect_first();
}

void RemoteOrderer::on_remote() {
  const Reach state = remote_reach(d_, node_);
  switch (d_[action_].key.task) {
    case Task::start:
    case Task::promote:
      connect_first(state == Reach::failed ? kImpliesThen : kNoKind);
      return;
    case Task::stop:
    case Task::migrate_to:
    case Task::migrate_from:
      return stop_on_remote(state);
    case Task::demote:
      if (state == Reach::resting || state == Reach::unknown) connect_first();
      return;
    default:
      return other_on_remote(state);
  }
}

}  // namespace

Reach remote_reach(const Draft& d, NodeId node) {
  const ResourceId id = d[node].connection;
  const Resource& c = d[id];
  const NodeId host = current_node(d, id);
  const bool host_lost = host.valid() && d[host].unclean;
  const bool will_run = c.assigned.valid() && c.next_role != Role::stopped;
  if (!will_run) {
    if (host_lost) return Reach::failed;
    if (!c.failed) return Reach::stopped;
    const bool retries = c.def->reconnect_interval_s > 0 && d[node].was_fenced && !d[node].asked_to_leave;
    return retries ? Reach::unknown : Reach::failed;
  }
  if (!host.valid()) return Reach::unknown;
  if (host_lost || !d[host].online || c.partial_target.valid()) return Reach::resting;
  return Reach::alive;
}

void order_remote_connections(Draft& d) {
  if (!d.config->guest_nodes_in_use && d.nodes.empty()) return;
  for (std::size_t i = d.actions.size(); i-- > 0;) {
    const ActionId id{i};
    const PlanAction& action = d[id];
    if (!action.resource.valid()) continue;
    // A connection is tried again only when its failures are forgotten.
    if (action.task == Task::clear_failcount && is_remote_connection(d, action.resource)) {
      order_then_key(d, id, action.resource, kStart, kOrder);
      continue;
    }
    if (action.pseudo || !action.node.valid() || !d[action.node].is_remote()) continue;
    if (!d[action.node].connection.valid()) continue;
    RemoteOrderer(d, id).run();
  }
}

}  // namespace fencepost::policy
