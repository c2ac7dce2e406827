// Parts of make_graph().
#pragma once

#include <string>
#include <vector>

#include "engine/policy/draft.h"

namespace fencepost::policy {

// The action as those who carry it out see it, written to a new one. Without attributes only who does what,
// and whether it is awaited.
void describe_action(const Draft& d, ActionId id, bool in_full, Action& described);
// Parameters and settings, sorted by name.
NameValues action_attributes(const Draft& d, const PlanAction& action);

// "start", "cancel", "notified", …; milestones are their own task.
std::string_view task_text(const Draft& d, const PlanAction& action);
// What histories will call it, for a resource they know by another name: fs_start_0 for fs:0.
std::string history_key(const Draft& d, const PlanAction& action);
// The cluster node that reaches the action's remote or guest node; empty for others.
std::string_view router_of(const Draft& d, const PlanAction& action);

// Whether the action happens; whether what it waits for is to be waited for (§8.1, §8.2).
bool goes_into_graph(const Draft& d, const PlanAction& action);
bool accept_input(Draft& d, LinkId link);

// All that was thought of, for drawings.
std::vector<PlannedAction> planned_actions(const Draft& d);
std::vector<PlannedOrdering> planned_orderings(const Draft& d);

}  // namespace fencepost::policy
