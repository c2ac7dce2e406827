// Placement: each resource is given a node, primaries before those who follow them (§2, §4).
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

// Assigns a resource of any kind; the node of a primitive or of a colocated group.
NodeId assign(Draft& d, ResourceId resource, NodeId preferred);
NodeId assign_primitive(Draft& d, ResourceId resource, NodeId preferred);
NodeId assign_group(Draft& d, ResourceId resource, NodeId preferred);
void assign_clone(Draft& d, ResourceId resource);
void assign_bundle(Draft& d, ResourceId resource);

// Gives it that node, or none; unless forced, only a node that will do. For collectives: all their parts.
bool assign_to(Draft& d, ResourceId resource, NodeId node, bool force);
void unassign(Draft& d, ResourceId resource);

// Nodes of its table, best first (§2.3).
std::vector<NodeId> nodes_by_preference(const Draft& d, ResourceId resource);
void dump_scores(Draft& d, ResourceId resource, ScoreLine::Kind kind);

// Instances of a clone, or containers of a bundle, are spread over the nodes (§4.2).
struct Distribution {
  ResourceId collective;
  std::vector<ResourceId> instances;
  int max = 1;
  int per_node = 1;
};
void distribute(Draft& d, const Distribution& what);
void sort_instances(Draft& d, std::vector<ResourceId>& instances);
// Negative: a is assigned first.
int compare_instances(Draft& d, ResourceId a, ResourceId b);

// Promotion (§4.4).
void add_promotion_scores(Draft& d, ResourceId clone);
void choose_promoted(Draft& d, ResourceId clone);

// Utilization (§4.6).
void fit_by_utilization(Draft& d, ResourceId resource, NodeId& preferred);
int compare_capacity(const Draft& d, NodeId a, NodeId b);
void consume(Draft& d, ResourceId resource, NodeId node, int sign);
void dump_capacities(Draft& d, ScoreLine::Kind kind);
void dump_need(Draft& d, ResourceId id);  // of one just assigned
// The order of a table of nodes in Pacemaker's memory: it breaks ties for the node with most room (§0.2).
std::vector<NodeId> hash_order(const Draft& d, const ScoreTable& table);

}  // namespace fencepost::policy
