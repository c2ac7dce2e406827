// Bundles: containers are spread like instances, and what they hold follows them (§4.5).
#include "engine/policy/actions.h"
#include "engine/policy/assign.h"
#include "engine/policy/constraints.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {
namespace {

void follow_host_connection(Draft& d, const BundlePart& part) {
  const ResourceId connection = part.spec->connection;
  if (!connection.valid()) return;
  const NodeId host = d[part.spec->container].assigned;
  if (host.valid() && d[host].is_remote() && d[host].connection.valid()) {
    // A connection from a host that is itself reached through one.
    add_colocation(d, {.id = "child-remote-with-docker-remote",
                       .dependent = connection,
                       .primary = d[host].connection,
                       .score = Score::kInfinity});
  }
  assign(d, connection, NodeId{});
}

void assign_inner(Draft& d, const BundlePart& part) {
  const ResourceId inner = part.spec->inner;
  if (!inner.valid()) return;
  for (const Node& node : d.nodes) {
    if (!d[inner].scores.has(node.id)) continue;
    const std::int32_t before = d[inner].scores[node.id].score;
    std::int32_t score = -Score::kInfinity;
    if (node.id == part.node && !threshold_reached(d, inner, node.id)) score = Score::kInfinity;
    d[inner].scores[node.id].score = score;
    note_score(d, inner, node.id, score - before, {ScoreReason::Cause::guest, "bundle"});
  }
  d[d[inner].parent].assigning = true;
  assign(d, inner, part.node);
  d[d[inner].parent].assigning = false;
}

void open_inner_clone(Draft& d, const Bundle& bundle) {
  const ResourceId clone = bundle.spec->inner_clone;
  for (const Node& node : d.nodes) {
    Candidate& candidate = d[clone].scores[node.id];
    if (!candidate.present) continue;
    candidate.score = part_at(d, bundle, node.id) != nullptr ? 0 : -Score::kInfinity;
  }
  assign(d, clone, NodeId{});
}

}  // namespace

void assign_bundle(Draft& d, ResourceId id) {
  // A bundle is gone through each time that somebody wants to be with it; what is assigned stays so.
  if (d[id].assigning) return;
  d[id].assigning = true;
  const Bundle& bundle = *bundle_data(d, id);
  dump_scores(d, id, ScoreLine::Kind::bundle);
  std::vector<ResourceId> containers;
  for (const BundlePart& part : bundle.parts) containers.push_back(part.spec->container);
  sort_instances(d, containers);
  distribute(d, {.collective = id,
                 .instances = containers,
                 .max = bundle.spec->replicas,
                 .per_node = bundle.spec->per_host});
  for (const BundlePart& part : bundle.parts) {
    if (part.spec->ip.valid()) assign(d, part.spec->ip, NodeId{});
    follow_host_connection(d, part);
    assign_inner(d, part);
  }
  if (bundle.spec->inner_clone.valid()) open_inner_clone(d, bundle);
  d[id].assigning = false;
  d[id].unassigned = false;
}

}  // namespace fencepost::policy
