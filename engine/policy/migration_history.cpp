// Live migrations that histories tell of: done, failed, or under way (§4.8).
#include "engine/policy/history.h"

namespace fencepost::policy {
namespace {

struct Ends {
  NodeId source, target;
};

Ends ends_of(const Draft& d, const cib::OpHistory& op) {
  return {find_node(d, op.migrate_source), find_node(d, op.migrate_target)};
}

// The entry of that migration on the node.
const cib::OpHistory* find_migration(const Draft& d, const HistoryReader& reader, NodeId node,
                                     std::string_view task, const cib::OpHistory& like) {
  const cib::ResourceHistory* entry = history_on(d, node, reader.entry.id);
  if (entry == nullptr) return nullptr;
  for (const cib::OpHistory& op : entry->ops) {
    if (op.operation == task && op.migrate_source == like.migrate_source &&
        op.migrate_target == like.migrate_target) {
      return &op;
    }
  }
  return nullptr;
}

bool newer_than(const cib::OpHistory& op, const cib::OpHistory& than, bool same_node) {
  return &op != &than && compare_age(op, than, same_node) > 0;
}

// A start, stop or migration on the node that is newer than this entry.
bool newer_operation(const HistoryReader& reader, NodeId node, const cib::OpHistory& than, bool same_node) {
  const cib::ResourceHistory* entry = history_on(reader.d, node, reader.entry.id);
  if (entry == nullptr) return false;
  for (const cib::OpHistory& op : entry->ops) {
    const bool counts = op.operation == "start" || op.operation == "stop" || op.operation == "migrate_to" ||
                        op.operation == "migrate_from";
    if (counts && newer_than(op, than, same_node)) return true;
  }
  return false;
}

bool newer_not_running(const HistoryReader& reader, NodeId node, const cib::OpHistory& than, bool same_node) {
  const cib::ResourceHistory* entry = history_on(reader.d, node, reader.entry.id);
  if (entry == nullptr) return false;
  for (const cib::OpHistory& op : entry->ops) {
    if (op.operation == "monitor" && static_cast<int>(op.rc) == 7 && op.status == cib::OpStatus::done &&
        newer_than(op, than, same_node)) {
      return true;
    }
  }
  return false;
}

// Whether the target's history says something newer than the migration: compared with migrate_from where
// there is one, for that was done on the same node.
bool newer_state_at_target(const HistoryReader& reader, NodeId target, const cib::OpHistory& migrate_to,
                           const cib::OpHistory* migrate_from) {
  const cib::OpHistory& than = migrate_from != nullptr ? *migrate_from : migrate_to;
  const bool same_node = migrate_from != nullptr;
  return newer_operation(reader, target, than, same_node) ||
         newer_not_running(reader, target, than, same_node);
}

// No history entry there says anything: all we could learn is unknown (193).
bool unknown_on(const HistoryReader& reader, NodeId node) {
  const cib::ResourceHistory* entry = history_on(reader.d, node, reader.entry.id);
  if (entry == nullptr) return true;
  for (const cib::OpHistory& op : entry->ops) {
    if (static_cast<int>(op.rc) != 193) return false;
  }
  return true;
}

void fail_and_stay(Resource& r) {
  r.failed = true;
  r.must_stop = true;
  r.allow_migrate = false;
}

void add_dangling(Resource& r, NodeId node) { r.dangling.insert(r.dangling.begin(), node); }

}  // namespace

void migrate_to_succeeded(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  const Ends ends = ends_of(d, *op.xml);
  if (!ends.source.valid() || !ends.target.valid() || ends.source != reader.node) return;
  Resource& r = d[reader.resource];
  const cib::OpHistory* from = find_migration(d, reader, ends.target, "migrate_from", *op.xml);
  const bool source_moved_on = newer_operation(reader, ends.source, *op.xml, true);
  if (from != nullptr && source_moved_on) return;
  const bool target_moved_on = newer_state_at_target(reader, ends.target, *op.xml, from);
  if (source_moved_on && target_moved_on) return;

  r.role = Role::started;
  const bool from_pending = from != nullptr && from->status == cib::OpStatus::pending;
  const bool from_ok =
      from != nullptr && from->status == cib::OpStatus::done && static_cast<int>(from->rc) == 0;
  if (from_ok) {
    // Done, but the source was never told to stop.
    r.role = Role::stopped;
    add_dangling(r, ends.source);
    return;
  }
  const bool target_online = d[ends.target].online;
  if (from != nullptr && !from_pending) {
    if (!target_moved_on && target_online) {
      add_active_node(d, reader.resource, ends.target, true);
    } else {
      fail_and_stay(r);
    }
    return;
  }
  if (target_online && unknown_on(reader, ends.target)) return;
  if (!target_moved_on && target_online) {
    if (d[ends.source].online) {
      r.partial_target = ends.target;
      r.partial_source = ends.source;
    }
    add_active_node(d, reader.resource, ends.target, false);
  } else if (!source_moved_on) {
    fail_and_stay(r);
  }
}

void migrate_to_failed(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  const Ends ends = ends_of(d, *op.xml);
  if (!ends.source.valid() || !ends.target.valid() || ends.source != reader.node) return;
  Resource& r = d[reader.resource];
  r.role = Role::started;
  const cib::OpHistory* from = find_migration(d, reader, ends.target, "migrate_from", *op.xml);
  if (!unknown_on(reader, ends.target) && !newer_state_at_target(reader, ends.target, *op.xml, from)) {
    if (d[ends.target].online) add_active_node(d, reader.resource, ends.target, false);
  } else if (!newer_operation(reader, ends.source, *op.xml, true)) {
    add_dangling(r, ends.source);
  }
}

void migrate_from_failed(HistoryReader& reader, const OpEntry& op) {
  Draft& d = reader.d;
  const Ends ends = ends_of(d, *op.xml);
  if (!ends.source.valid() || !ends.target.valid() || ends.target != reader.node) return;
  Resource& r = d[reader.resource];
  r.role = Role::started;
  if (unknown_on(reader, ends.source)) return;
  const cib::OpHistory* to = find_migration(d, reader, ends.source, "migrate_to", *op.xml);
  const cib::OpHistory& than = to != nullptr ? *to : *op.xml;
  const bool same_node = to != nullptr;
  if (newer_operation(reader, ends.source, than, same_node) ||
      newer_not_running(reader, ends.source, than, same_node)) {
    return;
  }
  if (d[ends.source].online) add_active_node(d, reader.resource, ends.source, true);
}

}  // namespace fencepost::policy
