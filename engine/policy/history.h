// Operation histories while they are read: which resource an entry is about, what each operation meant, and
// what follows for the resource on that node.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/policy/draft.h"

namespace fencepost::policy {

// A resource's history on a node, and what reading it has found so far.
struct HistoryReader {
  Draft& d;
  NodeId node;
  ResourceId resource;
  const cib::ResourceHistory& entry;
  OnFail on_fail = OnFail::ignore;  // the worst that is still to be acted upon
  const cib::OpHistory* last_failure = nullptr;
};

struct OpEntry {
  const cib::OpHistory* xml = nullptr;
  std::string_view task;  // operation
  std::uint32_t interval_ms = 0;
  int rc = 0;
  int expected_rc = -1;
  cib::OpStatus status = cib::OpStatus::done;
  bool expired = false;
  bool masked_probe = false;
  bool is_probe() const { return task == "monitor" && interval_ms == 0; }
  bool is(std::string_view word) const { return task == word; }
};

// Which resource the entry belongs to; a new orphan if none is configured for it.
ResourceId resource_of_history(Draft& d, NodeId node, const cib::ResourceHistory& entry);

// Oldest first (§4.2).
std::vector<const cib::OpHistory*> sorted_operations(const cib::ResourceHistory& entry, NodeId node);
// Negative: a is older. Nodes matter for how call ids compare.
int compare_age(const cib::OpHistory& a, const cib::OpHistory& b, bool same_node);

void read_operation(HistoryReader& reader, const cib::OpHistory& op);

// on-fail of an operation and the role it leaves the resource in (§3.6).
struct FailurePolicy {
  OnFail on_fail = OnFail::restart;
  Role role = Role::started;
};
FailurePolicy failure_policy(const Draft& d, ResourceId resource, NodeId node, std::string_view task,
                             std::uint32_t interval_ms, int expected_rc);

// A demote without a say of its own follows the promoted role's monitor; null if that says nothing.
const std::string* promoted_monitor_on_fail(const Definition& def);

// Expiry (§4.5): whether the entry no longer counts. May schedule the clearing of a fail count.
bool has_expired(HistoryReader& reader, const OpEntry& op);

// Fail counts: what a node's attributes say of a resource alone, and as they count: `effective`, 0 once
// failure-timeout has passed.
struct Failures {
  std::int32_t count = 0;
  std::optional<std::int64_t> last;
};
Failures own_failures(const Draft& d, const Resource& resource, NodeId node);
// Once it is looked at (by itself, or for no operation), a failure that blocks for ever ends failure-timeout.
Failures fail_count(Draft& d, ResourceId resource, NodeId node, bool effective,
                    const cib::OpHistory* looked_at = nullptr);
// What counts towards its migration-threshold: with the failures of what it contains, but for a bundle's.
Failures counted_failures(Draft& d, ResourceId resource, NodeId node);
ActionId clear_fail_count(Draft& d, ResourceId resource, NodeId node, std::string reason);

// Live migration seen in histories (§4.8).
void migrate_to_succeeded(HistoryReader& reader, const OpEntry& op);
void migrate_to_failed(HistoryReader& reader, const OpEntry& op);
void migrate_from_failed(HistoryReader& reader, const OpEntry& op);

// A resource is active on a node.
void add_active_node(Draft& d, ResourceId resource, NodeId node, bool failed);
void set_active(Draft& d, Resource& r);

// From which entry on the current run of a resource counts (§4.6 rule 1): indices into sorted operations.
struct RunBounds {
  int start = -1;
  int stop = -1;
};
RunBounds current_run(const std::vector<const cib::OpHistory*>& sorted);

const cib::ResourceHistory* history_on(const Draft& d, NodeId node, std::string_view entry_id);
void settle_after_history(HistoryReader& reader);
void check_multiply_active(Draft& d, ResourceId resource);

}  // namespace fencepost::policy
