// Live migration: the resource is handed over while it runs (§5.6).
#include "engine/policy/action_stages.h"
#include "engine/policy/orderings.h"

namespace fencepost::policy {
namespace {

void set_ends(Draft& d, ActionId action, NodeId source, NodeId target) {
  d[action].set_meta("migrate_source", std::string{d[source].name()});
  d[action].set_meta("migrate_target", std::string{d[target].name()});
}

ActionId request_hand_over(Draft& d, ResourceId id, Key key, NodeId node) {
  const ActionId action = request(d, id, key, node, Demand::optional);
  d[action].migratable = true;
  return action;
}

}  // namespace

// Whether it comes to that is decided when all orderings are known: as long as nothing speaks against it, the
// start is only for show and the stop comes last.
void create_migration_actions(Draft& d, ResourceId id, NodeId source, bool continues) {
  const NodeId target = d[id].assigned;
  const ActionId start = request(d, id, kStart, target, Demand::optional);
  const ActionId stop = request(d, id, kStop, source, Demand::optional);
  d[start].migratable = true;
  d[start].pseudo = true;
  d[stop].migratable = true;

  const ActionId from = request_hand_over(d, id, kMigrateFrom, target);
  set_ends(d, from, source, target);
  if (continues) {
    order(d, id, kProbe, id, kMigrateFrom, kOrder);
  } else {
    const ActionId to = request_hand_over(d, id, kMigrateTo, source);
    set_ends(d, to, source, target);
    if (!is_remote_connection(d, id)) d[to].set_meta("record-pending", "true");
    order(d, id, kProbe, id, kMigrateTo, kOrder);
    order(d, id, kMigrateTo, id, kMigrateFrom, kOrder | kImpliesFirstMigratable);
  }
  order(d, id, kMigrateFrom, id, kStop, kOrder | kImpliesFirstMigratable);
  order(d, id, kMigrateFrom, id, kStart, kOrder | kImpliesFirstMigratable | kPseudoLeft);
}

}  // namespace fencepost::policy
