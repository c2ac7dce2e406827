#include <algorithm>

#include "engine/policy/constraints.h"
#include "engine/policy/stages.h"

namespace fencepost::policy {

ResourceId find_resource(const Draft& d, std::string_view reference) {
  const auto by_id = d.by_id.find(reference);
  const auto named = d.by_history_name.find(std::string{reference});
  if (named == d.by_history_name.end() || d[named->second].history_name != reference) {
    return by_id == d.by_id.end() ? ResourceId{} : by_id->second;
  }
  if (by_id != d.by_id.end()) return by_id->second;
  return top_of(d, named->second, true);
}

namespace {

void collect_from_template(const std::vector<cib::Resource>& resources, std::string_view id,
                           std::vector<std::string>& members) {
  cib::for_each_resource(resources, [&](const cib::Resource& resource, const cib::Resource*) {
    if (resource.template_id == id) members.push_back(resource.id);
  });
}

}  // namespace

bool is_collection(const Draft& d, std::string_view reference) {
  if (find_resource(d, reference).valid()) return false;
  return cib::find_template(*d.config->source, reference) != nullptr ||
         cib::find_tag(*d.config->source, reference) != nullptr;
}

std::vector<std::string> members_of(const Draft& d, std::string_view reference) {
  std::vector<std::string> members;
  if (cib::find_template(*d.config->source, reference) != nullptr) {
    collect_from_template(d.config->source->resources, reference, members);
  } else if (const cib::Tag* tag = cib::find_tag(*d.config->source, reference)) {
    members = tag->references;
  }
  return members;
}

std::vector<ResourceId> resources_of(Draft& d, const cib::ResourceSet& set) {
  std::vector<ResourceId> found;
  const auto add = [&](const std::string& reference) {
    const ResourceId id = find_resource(d, reference);
    if (id.valid()) {
      found.push_back(id);
    } else {
      d.notices.push_back(
          {Notice::Severity::error, "resource set '" + set.id + "' names '" + reference +
                                        "', which is no resource: take it out or configure it"});
    }
  };
  for (const std::string& reference : set.resources) {
    if (!is_collection(d, reference)) {
      add(reference);
      continue;
    }
    for (const std::string& member : members_of(d, reference)) add(member);
  }
  return found;
}

cib::ResourceSet set_of(const Draft& d, const std::string& reference) {
  cib::ResourceSet set;
  set.id = reference;
  if (is_collection(d, reference)) {
    set.resources = members_of(d, reference);
    set.sequential = "false";
  } else {
    set.resources = {reference};
  }
  return set;
}

bool lifetime_holds(Draft& d, const cib::ConstraintBase& constraint) {
  if (!constraint.has_lifetime) return true;
  std::optional<WallSeconds> next;
  const bool holds =
      cib::any_holds(constraint.lifetime, cib::RuleContext{.now = d.now, .next_change = &next});
  if (next) d.recheck_by(next->since_epoch);
  return holds;
}

void read_constraints(Draft& d) {
  for (const cib::Constraint& constraint : d.config->source->constraints) {
    if (!lifetime_holds(d, cib::base(constraint))) continue;
    if (const auto* location = std::get_if<cib::LocationConstraint>(&constraint)) read_location(d, *location);
    if (const auto* colocation = std::get_if<cib::ColocationConstraint>(&constraint))
      read_colocation(d, *colocation);
    if (const auto* order = std::get_if<cib::OrderConstraint>(&constraint)) read_order(d, *order);
    if (const auto* ticket = std::get_if<cib::TicketConstraint>(&constraint)) read_ticket(d, *ticket);
  }
}

}  // namespace fencepost::policy
