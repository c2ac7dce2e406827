// Reading constraints: references to resources, templates and tags; sets; and the making of constraints.
#pragma once

#include <string>
#include <vector>

#include "engine/policy/draft.h"

namespace fencepost::policy {

// The first resource, depth first, whose id or history name this is; of the latter, its outermost ancestor.
ResourceId find_resource(const Draft& d, std::string_view reference);
// Whether it names a template or a tag; their members.
bool is_collection(const Draft& d, std::string_view reference);
std::vector<std::string> members_of(const Draft& d, std::string_view reference);
// Members of a set, collections in it replaced in place.
std::vector<ResourceId> resources_of(Draft& d, const cib::ResourceSet& set);
// A set that stands for one reference, which may be a collection.
cib::ResourceSet set_of(const Draft& d, const std::string& reference);

bool lifetime_holds(Draft& d, const cib::ConstraintBase& constraint);

void read_location(Draft& d, const cib::LocationConstraint& constraint);
void read_colocation(Draft& d, const cib::ColocationConstraint& constraint);
void read_order(Draft& d, const cib::OrderConstraint& constraint);
void read_ticket(Draft& d, const cib::TicketConstraint& constraint);

void add_location(Draft& d, ResourceId resource, Location location);
void apply_location(Draft& d, ResourceId resource, const Location& location);

struct NewColocation {
  std::string_view id;
  std::string_view attribute = {};
  ResourceId dependent, primary;
  Role dependent_role = Role::unknown;
  Role primary_role = Role::unknown;
  std::int32_t score = 0;
  bool influence = true;
};
void add_colocation(Draft& d, const NewColocation& made);
// Puts a colocation into a resource's list, in its place.
void insert_this_with(Draft& d, std::vector<std::uint32_t>& list, std::uint32_t colocation);
void insert_with_this(Draft& d, std::vector<std::uint32_t>& list, std::uint32_t colocation);

}  // namespace fencepost::policy
