// Tickets: what a site may not run without (§7.1).
#include "engine/policy/actions.h"
#include "engine/policy/constraints.h"
#include "engine/policy/fencing.h"

namespace fencepost::policy {
namespace {

enum class LossPolicy : std::uint8_t { stop, demote, fence, freeze };

LossPolicy loss_policy(const Draft& d, const std::string& text, Role role) {
  if (cib::equal_ignoring_case(text, "fence"))
    return d.options.stonith ? LossPolicy::fence : LossPolicy::stop;
  if (cib::equal_ignoring_case(text, "freeze")) return LossPolicy::freeze;
  if (cib::equal_ignoring_case(text, "demote")) return LossPolicy::demote;
  if (cib::equal_ignoring_case(text, "stop")) return LossPolicy::stop;
  return role == Role::promoted ? LossPolicy::demote : LossPolicy::stop;
}

void ban(Draft& d, ResourceId id, const Ticket& ticket) {
  ban_or_prefer(d, id, NodeId{}, -Score::kInfinity, {ScoreReason::Cause::ticket, ticket.ticket});
}

void ban_unless_promoted_role(Draft& d, ResourceId id, const Ticket& ticket, LossPolicy policy) {
  if (ticket.role != Role::promoted || policy == LossPolicy::stop) ban(d, id, ticket);
}

void lose(Draft& d, ResourceId id, const Ticket& ticket, LossPolicy policy) {
  Resource& r = d[id];
  const bool concerned = ticket.role == Role::unknown || ticket.role == r.role;
  switch (policy) {
    case LossPolicy::stop:
      return ban(d, id, ticket);
    case LossPolicy::demote:
      if (ticket.role != Role::promoted) ban(d, id, ticket);
      return;
    case LossPolicy::fence: {
      if (!concerned) return;
      ban(d, id, ticket);
      const std::vector<NodeId> nodes = d[id].active_on;
      for (NodeId node : nodes) fence(d, node, {.reason = "deadman ticket was lost"});
      return;
    }
    case LossPolicy::freeze:
      if (!concerned) return;
      r.managed = false;
      r.blocked = true;
      return;
  }
}

void apply(Draft& d, ResourceId id, const Ticket& ticket, LossPolicy policy) {
  if (d[id].is_collective()) {
    const std::vector<ResourceId> children = d[id].children;
    for (ResourceId child : children) apply(d, child, ticket, policy);
    return;
  }
  if (!ticket.granted && !d[id].active_on.empty()) return lose(d, id, ticket, policy);
  ban_unless_promoted_role(d, id, ticket, policy);
}

void require_ticket(Draft& d, const std::string& reference, const cib::TicketConstraint& c,
                    const std::string& role) {
  const ResourceId id = find_resource(d, reference);
  if (!id.valid()) {
    d.notices.push_back({Notice::Severity::error, "ticket constraint '" + c.id + "' names '" + reference +
                                                      "', which is no resource: constraint ignored"});
    return;
  }
  Ticket ticket;
  ticket.id = c.id;
  ticket.ticket = c.ticket;
  const auto parsed = cib::parse_role(role);
  if (parsed && *parsed != Role::started) ticket.role = *parsed;
  if (const cib::TicketState* state = cib::find_ticket(d.cib->status, c.ticket)) {
    ticket.granted = state->granted.value_or(false);
    ticket.standby = state->standby.value_or(false);
  }
  d[id].tickets.push_back(static_cast<std::uint32_t>(d.tickets.size()));
  d.tickets.push_back(ticket);
  if (!ticket.granted || ticket.standby) apply(d, id, ticket, loss_policy(d, c.loss_policy, ticket.role));
}

}  // namespace

void read_ticket(Draft& d, const cib::TicketConstraint& c) {
  if (!c.sets.empty() && c.resource.empty()) {
    for (const cib::ResourceSet& set : c.sets) {
      for (const std::string& reference : set.resources) {
        if (!is_collection(d, reference)) {
          require_ticket(d, reference, c, set.role);
          continue;
        }
        for (const std::string& member : members_of(d, reference)) require_ticket(d, member, c, set.role);
      }
    }
    return;
  }
  if (!is_collection(d, c.resource)) return require_ticket(d, c.resource, c, c.role);
  for (const std::string& member : members_of(d, c.resource)) require_ticket(d, member, c, c.role);
}

}  // namespace fencepost::policy
