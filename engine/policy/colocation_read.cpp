// rsc_colocation, simple and with sets (§3.1).
#include <algorithm>

#include "engine/policy/actions.h"
#include "engine/policy/constraints.h"

namespace fencepost::policy {
namespace {

Role role_or_none(const std::string& text) {
  const auto role = cib::parse_role(text);
  return !role || *role == Role::started ? Role::unknown : *role;
}

// priority descending; bundles, clones, groups, primitives; promotable clones first among clones; then by id.
int compare_rank(const Draft& d, ResourceId a_id, ResourceId b_id) {
  const Resource& a = d[a_id];
  const Resource& b = d[b_id];
  if (a.priority != b.priority) return a.priority > b.priority ? -1 : 1;
  if (a.variant != b.variant) return a.variant > b.variant ? -1 : 1;
  if (a.is_clone() && a.clone().promotable != b.clone().promotable) return a.clone().promotable ? -1 : 1;
  return a.spec->id.compare(b.spec->id);
}

template <class Of>
void insert_sorted(Draft& d, std::vector<std::uint32_t>& list, std::uint32_t made, Of resource_of) {
  const auto place = std::find_if(list.begin(), list.end(), [&](std::uint32_t other) {
    return compare_rank(d, resource_of(d.colocations[made]), resource_of(d.colocations[other])) <= 0;
  });
  list.insert(place, made);
}

// What loses a role comes before what gains the other.
void order_apart(Draft& d, ResourceId first, Role first_role, ResourceId then, Role then_role) {
  std::vector<Key> losing{kStop};
  if (first_role == Role::promoted) losing = {kDemote};
  if (first_role == Role::unpromoted) losing = {kStop, kPromote};
  std::vector<Key> gaining{kStart};
  if (then_role == Role::promoted) gaining = {kPromote};
  if (then_role == Role::unpromoted) gaining = {kStart, kDemote};
  for (Key lost : losing) {
    for (Key gained : gaining) order(d, first, lost, then, gained, kAntiColocation);
  }
}

bool influence_of(const Draft& d, const std::string& text, ResourceId dependent) {
  const auto explicitly = cib::parse_boolean(text);
  return explicitly ? *explicitly : d[dependent].def->critical;
}

void colocate(Draft& d, const cib::ColocationConstraint& c, std::string_view id, ResourceId dependent,
              ResourceId primary, std::int32_t score, const std::string& dependent_role,
              const std::string& primary_role, std::string_view attribute) {
  add_colocation(d, {.id = id,
                     .attribute = attribute,
                     .dependent = dependent,
                     .primary = primary,
                     .dependent_role = role_or_none(dependent_role),
                     .primary_role = role_or_none(primary_role),
                     .score = score,
                     .influence = influence_of(d, c.influence, dependent)});
}

bool is_false(const std::string& text) { return !text.empty() && !cib::is_true(text); }

void within_set(Draft& d, const cib::ColocationConstraint& c, const cib::ResourceSet& set,
                std::int32_t score) {
  if (!set.score.empty()) score = cib::parse_score(set.score).value();
  if (score == 0 || is_false(set.sequential)) return;
  const std::vector<ResourceId> members = resources_of(d, set);
  const std::string_view id = *d.keep(set.id);
  const auto pair = [&](ResourceId dependent, ResourceId primary) {
    colocate(d, c, id, dependent, primary, score, set.role, set.role, {});
  };
  const bool grouped = set.ordering.empty() || set.ordering == "group";
  if (score > 0) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      grouped ? pair(members[i], members[i - 1]) : pair(members[i - 1], members[i]);
    }
    return;
  }
  for (std::size_t i = 1; i < members.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) pair(members[i], members[k]);
  }
}

// Members of the first set depend on those of the second. A sequential set acts through one member.
void between_sets(Draft& d, const cib::ColocationConstraint& c, const cib::ResourceSet& dependents,
                  const cib::ResourceSet& primaries, std::int32_t score) {
  if (score == 0) return;
  std::vector<ResourceId> first = resources_of(d, dependents);
  std::vector<ResourceId> second = resources_of(d, primaries);
  if (first.empty() || second.empty()) return;
  if (!is_false(dependents.sequential)) first = {first.front()};
  if (!is_false(primaries.sequential)) second = {second.back()};
  const std::string_view id = *d.keep(c.id);
  for (ResourceId dependent : first) {
    for (ResourceId primary : second) {
      colocate(d, c, id, dependent, primary, score, dependents.role, primaries.role, {});
    }
  }
}

void read_sets(Draft& d, const cib::ColocationConstraint& c, const std::vector<cib::ResourceSet>& sets,
               std::int32_t score) {
  const cib::ResourceSet* last = nullptr;
  for (const cib::ResourceSet& set : sets) {
    within_set(d, c, set, score);
    if (last != nullptr) between_sets(d, c, *last, set, score);
    last = &set;
  }
}

ResourceId instance_of(const Draft& d, ResourceId clone, const std::string& number) {
  if (number.empty() || !clone.valid() || !d[clone].is_clone()) return clone;
  for (ResourceId child : d[clone].children) {
    if (std::to_string(d[child].spec->instance) == number) return child;
  }
  return {};
}

}  // namespace

void insert_this_with(Draft& d, std::vector<std::uint32_t>& list, std::uint32_t made) {
  insert_sorted(d, list, made, [](const Colocation& c) { return c.primary; });
}

void insert_with_this(Draft& d, std::vector<std::uint32_t>& list, std::uint32_t made) {
  insert_sorted(d, list, made, [](const Colocation& c) { return c.dependent; });
}

void add_colocation(Draft& d, const NewColocation& made) {
  if (made.score == 0) return;
  const auto index = static_cast<std::uint32_t>(d.colocations.size());
  d.colocations.push_back({.id = made.id,
                           .attribute = made.attribute == "#uname" ? std::string_view{} : made.attribute,
                           .dependent = made.dependent,
                           .primary = made.primary,
                           .dependent_role = made.dependent_role,
                           .primary_role = made.primary_role,
                           .score = made.score,
                           .influence = made.influence});
  insert_this_with(d, d[made.dependent].this_with, index);
  insert_with_this(d, d[made.primary].with_this, index);
  if (made.score <= -Score::kInfinity) {
    order_apart(d, made.dependent, made.dependent_role, made.primary, made.primary_role);
    order_apart(d, made.primary, made.primary_role, made.dependent, made.dependent_role);
  }
}

void read_colocation(Draft& d, const cib::ColocationConstraint& c) {
  const std::int32_t score = c.score.empty() ? 0 : cib::parse_score(c.score).value();
  if (!c.sets.empty() && c.dependent.empty()) return read_sets(d, c, c.sets, score);
  const bool dependents = is_collection(d, c.dependent);
  const bool primaries = is_collection(d, c.primary);
  if (dependents && primaries) return;
  if (dependents || primaries) {
    std::vector<cib::ResourceSet> sets{set_of(d, c.dependent), set_of(d, c.primary)};
    sets[0].role = c.dependent_role;
    sets[1].role = c.primary_role;
    return read_sets(d, c, sets, score);
  }
  const ResourceId dependent = instance_of(d, find_resource(d, c.dependent), c.dependent_instance);
  const ResourceId primary = instance_of(d, find_resource(d, c.primary), c.primary_instance);
  if (!dependent.valid() || !primary.valid()) {
    d.notices.push_back({Notice::Severity::error, "colocation '" + c.id +
                                                      "' names a resource that does not exist: "
                                                      "constraint ignored"});
    return;
  }
  colocate(d, c, c.id, dependent, primary, score, c.dependent_role, c.primary_role, c.node_attribute);
}

}  // namespace fencepost::policy
