// What resources that are together mean for each other's scores (§3).
#pragma once

#include "engine/policy/draft.h"

namespace fencepost::policy {

// Whether the dependent's preferences count for the resource it follows.
bool has_influence(const Draft& d, const Colocation& c, ResourceId reference);

enum class Applies : std::uint8_t { nothing, scores, priority };
Applies applies(const Draft& d, ResourceId dependent, ResourceId primary, const Colocation& c,
                bool preview = false);

// Lets the primary's assignment change the dependent's scores or promotion priority.
void apply_colocation(Draft& d, ResourceId dependent, ResourceId primary, const Colocation& c);

enum MergeFlags : unsigned { kMergeActive = 1, kMergeNonNegative = 2, kMergeThisWith = 4 };
// Rolls a resource's preferences, weighed by the factor, into another's table.
void merge_preferences(Draft& d, ResourceId from, ScoreTable& into, std::string_view attribute, float factor,
                       unsigned flags);
float factor_of(const Colocation& c);

// The node's value of a colocation's attribute; for the node itself, its name.
const std::string* colocation_value(const Draft& d, NodeId node, std::string_view attribute);
bool same_value(const std::string* a, const std::string* b);
bool any_usable(const Draft& d, const ScoreTable& table);

// Pairing of clone instances and bundle replicas (§4.3).
bool instance_compatible(const Draft& d, ResourceId instance, NodeId node, Role role, bool current);
ResourceId partner_at(const Draft& d, NodeId node, ResourceId collective, Role role, bool current);
ResourceId partner_of(const Draft& d, ResourceId instance, ResourceId collective, Role role, bool current);
// Children that take part: a clone's instances, a bundle's containers.
std::vector<ResourceId> paired_children(const Draft& d, ResourceId collective);

}  // namespace fencepost::policy
