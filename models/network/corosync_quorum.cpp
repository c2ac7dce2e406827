// Quorum of Corosync's rings: the quorum device, and counting anew.
#include <algorithm>

#include "models/core/stack.h"
#include "models/network/corosync.h"
#include "models/network/corosync_ring.h"
#include "models/world.h"

namespace fencepost::models {

// The device gives its votes to one part of a split: the largest of those that reach it, and of equal ones
// that with the lowest node (ffsplit and lms of corosync-qdevice(8); heuristics and tie_breaker other than
// lowest are left out).
bool Corosync::device_votes_for(const Members& members) const {
  const auto& device = quorum_.options().qdevice;
  if (!device) return false;
  const auto host = world_.network().find_endpoint(device->host);
  const auto reaches = [&](node::NodeId node) {
    return host && awake(node) && world_.network().passes_both_ways(endpoint(node), *host);
  };
  if (!std::ranges::all_of(members, reaches)) return false;
  Members others;
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    const node::NodeId node{i};
    const bool elsewhere = std::ranges::none_of(
        members, [&](auto member) { return member == node || in_contact(member, node); });
    if (elsewhere && instances_[i].state != State::starting && reaches(node)) others.push_back(node);
  }
  while (!others.empty()) {
    Members part;
    for (const node::NodeId node : others) {
      if (part.empty() || in_contact(part.front(), node)) part.push_back(node);
    }
    std::erase_if(others, [&](auto node) { return std::ranges::count(part, node) > 0; });
    if (part.size() > members.size() || (part.size() == members.size() && part.front() < members.front()))
      return false;
  }
  return true;
}

void Corosync::verdict(Ring& ring, bool quorate) {
  if (ring.quorate == quorate) return;
  ring.quorate = quorate;
  for (const node::NodeId member : ring.members) {
    if (at(member).ring != &ring) continue;
    at(member).quorate = quorate;
    world_.machine(member).stack().post(node::QuorumChanged{quorate}, Duration::zero());
    tell_parts(member);
  }
}

// A device that is lost or found changes the verdict after its timeout.
void Corosync::look_at_device(Ring& ring) {
  const auto& device = quorum_.options().qdevice;
  if (!device) return;
  if (quorum_.decide(ring.members, device_votes_for(ring.members)) == ring.quorate)
    return ring.device.disarm();
  if (!ring.device.armed()) ring.device.arm_in(device->timeout);
}

void Corosync::recount(Ring& ring) {
  verdict(ring, quorum_.decide(ring.members, device_votes_for(ring.members)));
}

void Corosync::window_passed(Ring& ring) {
  if (quorum_.shrink(ring.members, device_votes_for(ring.members))) recount(ring);
}

}  // namespace fencepost::models
