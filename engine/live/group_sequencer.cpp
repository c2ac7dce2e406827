#include "engine/live/group_sequencer.h"

#include <algorithm>

#include "engine/live/codec.h"

namespace fencepost::live {

void GroupSequencer::ring(RingId id, std::vector<std::uint32_t> members) {
  pending_.push_back(RingFormed{id, std::move(members)});
}
void GroupSequencer::processes(std::vector<Sender> members) {
  pending_.push_back(ProcessesChanged{std::move(members)});
}
void GroupSequencer::message(Sender from, std::string bytes) {
  pending_.push_back(MessageCame{from, std::move(bytes)});
}
void GroupSequencer::quorum(RingId id, bool quorate) { verdicts_.emplace_back(id, quorate); }

void GroupSequencer::deliver() {
  while (!pending_.empty()) {
    if (const auto* formed = std::get_if<RingFormed>(&pending_.front())) {
      const std::optional<bool> quorate = verdict_on(formed->id);
      if (!quorate) return;
      while (!verdicts_.empty() && verdicts_.front().first.sequence < formed->id.sequence)
        verdicts_.pop_front();
      current_ = formed->id;
      ring_members_ = formed->members;
      told_quorate_ = *quorate;
      node::MembershipFormed event{formed->id.sequence, nodes_of(formed->members), *quorate};
      pending_.pop_front();
      take_(std::move(event));
      continue;
    }
    if (speaks_of_the_next_ring(pending_.front())) {
      const auto ring = std::find_if(pending_.begin(), pending_.end(), [](const Pending& each) {
        return std::holds_alternative<RingFormed>(each);
      });
      if (ring == pending_.end()) return;
      std::rotate(pending_.begin(), ring, ring + 1);
      continue;
    }
    const Pending next = std::move(pending_.front());
    pending_.pop_front();
    if (const auto* change = std::get_if<ProcessesChanged>(&next)) hand_on(*change);
    if (const auto* message = std::get_if<MessageCame>(&next)) hand_on(*message);
  }
  // Between memberships votequorum may change its mind.
  if (!current_) return;
  const std::optional<bool> now = verdict_on(*current_);
  if (now && *now != told_quorate_) {
    told_quorate_ = *now;
    take_(node::QuorumChanged{*now});
  }
}

// libcpg tells of processes on nodes that join before it tells of the ring that they join in.
bool GroupSequencer::speaks_of_the_next_ring(const Pending& pending) const {
  if (!current_) return true;
  const auto* change = std::get_if<ProcessesChanged>(&pending);
  return change != nullptr &&
         std::any_of(change->members.begin(), change->members.end(), [&](const Sender& each) {
           return std::find(ring_members_.begin(), ring_members_.end(), each.corosync_id) ==
                  ring_members_.end();
         });
}

// The last word on this ring; a ring that was left before there was a word had no quorum.
std::optional<bool> GroupSequencer::verdict_on(const RingId& ring) const {
  std::optional<bool> verdict;
  for (const auto& [id, quorate] : verdicts_) {
    if (id == ring) verdict = quorate;
    if (id.sequence > ring.sequence && !verdict) return false;
  }
  return verdict;
}

void GroupSequencer::hand_on(const ProcessesChanged& change) {
  for (const Sender& each : members_) {
    if (std::find(change.members.begin(), change.members.end(), each) == change.members.end())
      reassembly_.forget(each);
  }
  members_ = change.members;
  for (std::set<Sender>* each : {&heeded_, &understood_})
    std::erase_if(*each, [&](const Sender& sender) {
      return std::find(members_.begin(), members_.end(), sender) == members_.end();
    });
  if (!heard_) heeded_.insert(members_.begin(), members_.end());
  std::vector<std::uint32_t> ids;
  for (const Sender& each : members_) ids.push_back(each.corosync_id);
  take_(node::GroupChanged{nodes_of(ids)});
}

void GroupSequencer::hand_on(const MessageCame& message) {
  const std::string who = "node " + std::to_string(message.from.corosync_id);
  const node::NodeId from = find(message.from.corosync_id);
  if (!from.valid() || std::find(members_.begin(), members_.end(), message.from) == members_.end()) {
    complain_("A message of " + who + ", which is no member of the group, is ignored");
    return;
  }
  if (!is_piece(message.bytes) && !understood_.contains(message.from))
    return complain_("Nonsense of " + who + ", from a program that is no fencepost node, is ignored");
  const auto whole = reassembly_.add(message.from, message.bytes);
  if (!whole) return not_understood(message.from, to_string(whole.error()));
  if (!*whole) return;  // more of it is to come
  auto decoded = decode(**whole, nodelist_);
  if (!decoded) return not_understood(message.from, "From " + who + ": " + to_string(decoded.error()));
  heard_ = true;
  heeded_.insert(message.from);
  understood_.insert(message.from);
  take_(node::MessageDelivered{from, std::move(*decoded)});
}

// A newcomer of another version is told of and not heard: it does not understand us either, and leaves. Where
// we are the newcomer, or the sender has been one of us, its message is a part of what everybody else knows.
void GroupSequencer::not_understood(const Sender& from, const std::string& why) {
  if (heeded_.contains(from)) return give_up_(why);
  complain_(why);
}

std::vector<node::NodeId> GroupSequencer::nodes_of(const std::vector<std::uint32_t>& ids) {
  std::vector<node::NodeId> nodes;
  for (const std::uint32_t id : ids) {
    const node::NodeId node = find(id);
    if (node.valid()) {
      nodes.push_back(node);
    } else {
      complain_(
          "Node " + std::to_string(id) +
          " is in the membership and not in the nodelist that this node started with: make corosync.conf the "
          "same on all nodes and start fencepost anew, one node after the other");
    }
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

node::NodeId GroupSequencer::find(std::uint32_t corosync_id) const {
  const auto found = std::find_if(nodelist_.begin(), nodelist_.end(), [&](const node::NodelistEntry& each) {
    return each.corosync_id == corosync_id;
  });
  return found == nodelist_.end() ? node::NodeId{}
                                  : node::NodeId{static_cast<std::size_t>(found - nodelist_.begin())};
}

}  // namespace fencepost::live
