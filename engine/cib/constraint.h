// Constraints as configured. Fields are the attributes' own texts; an empty string means "absent". What a
// wrong text means is for policy to say, since Pacemaker gives every one of them its own meaning.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/cib/rule.h"

namespace fencepost::cib {

struct ResourceSet {
  std::string id;
  std::string id_ref;
  std::string sequential, require_all, ordering, action, role, score, kind, symmetrical;
  std::vector<std::string> resources;  // resource_ref ids
  Extras extras;
  Line line;
  bool operator==(const ResourceSet&) const = default;
};

// Every constraint may have a <lifetime>: rules of which one must hold for the constraint to count.
struct ConstraintBase {
  std::string id;
  std::vector<ResourceSet> sets;
  bool has_lifetime = false;
  std::vector<Rule> lifetime;
  Extras lifetime_extras;
  Extras extras;
  Line line;
  bool operator==(const ConstraintBase&) const = default;
};

struct LocationConstraint : ConstraintBase {
  std::string resource;          // XML "rsc"
  std::string resource_pattern;  // XML "rsc-pattern"
  std::string node, score, role, resource_discovery;
  std::vector<Rule> rules;
  bool operator==(const LocationConstraint&) const = default;
};

struct ColocationConstraint : ConstraintBase {
  std::string dependent;  // XML "rsc"
  std::string primary;    // XML "with-rsc"
  std::string score, dependent_role, primary_role, node_attribute, influence;
  std::string dependent_instance, primary_instance;
  bool operator==(const ColocationConstraint&) const = default;
};

struct OrderConstraint : ConstraintBase {
  std::string first, then, first_action, then_action;
  std::string kind, score, symmetrical, require_all, first_instance, then_instance;
  bool operator==(const OrderConstraint&) const = default;
};

struct TicketConstraint : ConstraintBase {
  std::string resource, role, ticket, loss_policy;
  bool operator==(const TicketConstraint&) const = default;
};

using Constraint = std::variant<LocationConstraint, ColocationConstraint, OrderConstraint, TicketConstraint>;

inline const ConstraintBase& base(const Constraint& constraint) {
  return std::visit([](const auto& c) -> const ConstraintBase& { return c; }, constraint);
}
inline const std::string& id_of(const Constraint& constraint) { return base(constraint).id; }

}  // namespace fencepost::cib
