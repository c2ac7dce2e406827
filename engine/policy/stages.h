// The stages of decide(), in the order in which they run. Each reads and extends the draft.
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

// Reading the snapshot.
void set_up(Draft& d);            // nodes, resources and their score tables, as configured
void read_node_states(Draft& d);  // who is online, who must be fenced
void read_histories(Draft& d);    // what runs where, what failed
void settle_remote_node(Draft& d, NodeId node);
void read_remote_attributes(Draft& d, NodeId node);  // with its history, if that is ever read
void settle_remote_nodes(Draft& d);                  // what follows from it for remote and guest nodes
void count_active(Draft& d);                         // multiply active resources
ClusterState describe(const Draft& d);

// #uname and the like: of nodes that are listed at once, of other remote and guest nodes with their history.
void set_automatic_attributes(Draft& d, Node& node);

// Parts of reading that orphans need too.
void set_up_resource(Draft& d, const ResourceSpec& spec);
Role target_role(const Draft& d, const ResourceSpec& spec);
const ResourceSpec* d_spec(const Draft& d, ResourceId id);

// Scores.
void apply_node_health(Draft& d);
void read_constraints(Draft& d);
void lock_shut_down_resources(Draft& d);
void apply_locations(Draft& d);
void apply_stickiness(Draft& d);
void read_lock(Draft& d, ResourceId resource, NodeId node, std::int64_t time);
bool threshold_reached(Draft& d, ResourceId resource, NodeId node);
void ban_after_failures(Draft& d);  // migration-threshold, exclusive discovery
void add_implicit_constraints(Draft& d);
void check_definitions(Draft& d);  // digests: restart, reload

// Placement.
void assign_all(Draft& d);

// Actions.
void check_deferred_definitions(Draft& d);
void schedule_probes(Draft& d);
void clear_orphan_failcounts(Draft& d);
void create_actions(Draft& d);
void order_remote_connections(Draft& d);
void propagate_orderings(Draft& d);
void make_graph(Draft& d);
std::vector<Change> list_changes(Draft& d);

}  // namespace fencepost::policy
