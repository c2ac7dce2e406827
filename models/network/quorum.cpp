#include "models/network/quorum.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string_view>

namespace fencepost::models {

Quorum::Quorum(const QuorumOptions& options, const std::vector<CorosyncNode>& nodes) : options_(options) {
  // votequorum(5), of both: "the quorum device will be disabled".
  if (options_.auto_tie_breaker || options_.last_man_standing) options_.qdevice.reset();
  for (const CorosyncNode& node : nodes) nodes_.push_back({.votes = node.votes, .id = node.id});
  for (const Node& node : nodes_) all_votes_ += node.votes;
  const int device_votes = options_.qdevice ? options_.qdevice->votes : 0;
  const int expected =
      options_.expected_votes.value_or(all_votes_) + (options_.expected_votes ? 0 : device_votes);
  for (Node& node : nodes_) node.expected_votes = expected;
}

void Quorum::started(node::NodeId node) {
  nodes_[node.index()].waits_for_all = wait_for_all();
  nodes_[node.index()].last_majority.clear();
  nodes_[node.index()].expected_votes = std::ranges::max(nodes_, {}, &Node::expected_votes).expected_votes;
}

bool Quorum::decide(const std::vector<node::NodeId>& members, bool qdevice) {
  const int votes = votes_of(members);

  // Who joins a membership that has been complete need not wait itself (assumed; the manual does not say).
  const bool all_wait =
      std::ranges::all_of(members, [&](auto member) { return nodes_[member.index()].waits_for_all; });
  if (all_wait && votes < all_votes_) return false;
  for (const node::NodeId member : members) nodes_[member.index()].waits_for_all = false;

  if (options_.two_node && nodes_.size() == 2) return votes > 0;
  const int with_device = votes + (qdevice && options_.qdevice ? options_.qdevice->votes : 0);
  const int expected = expected_votes(members);
  if (with_device >= expected / 2 + 1) {
    for (const node::NodeId member : members) nodes_[member.index()].last_majority = members;
    return true;
  }
  return options_.auto_tie_breaker && votes * 2 == expected && is_tie_breaker_in(members);
}

// Down to two votes, or to one if a tie breaker is there.
bool Quorum::shrink(const std::vector<node::NodeId>& members, bool qdevice) {
  if (!options_.last_man_standing || !decide(members, qdevice)) return false;
  const int least = options_.auto_tie_breaker ? 1 : 2;
  const int votes = std::max(votes_of(members), least);
  if (votes >= expected_votes(members)) return false;
  for (const node::NodeId member : members) nodes_[member.index()].expected_votes = votes;
  return true;
}

void Quorum::left(node::NodeId node, const std::vector<node::NodeId>& others) {
  if (!options_.allow_downscale) return;
  for (const node::NodeId other : others) {
    Node& known = nodes_[other.index()];
    known.expected_votes = std::max(known.expected_votes - nodes_[node.index()].votes, votes_of(others));
  }
}

bool Quorum::is_tie_breaker_in(const std::vector<node::NodeId>& members) const {
  const auto holds = [&](std::uint32_t id) {
    return std::ranges::any_of(members, [&](auto member) { return nodes_[member.index()].id == id; });
  };
  const auto split_off = [&](std::uint32_t id) {
    return std::ranges::any_of(members, [&](auto member) {
      const auto& before = nodes_[member.index()].last_majority;
      // Who knows of no time before the split takes everybody for there.
      return before.empty() ||
             std::ranges::any_of(before, [&](auto other) { return nodes_[other.index()].id == id; });
    });
  };
  std::string_view list = options_.auto_tie_breaker_node;
  if (list == "lowest") return holds(std::ranges::min(nodes_, {}, &Node::id).id);
  if (list == "highest") return holds(std::ranges::max(nodes_, {}, &Node::id).id);
  // In order: a node that was not in the cluster before the split leaves it to the next.
  while (!list.empty()) {
    const std::string_view first = list.substr(0, list.find(' '));
    list.remove_prefix(std::min(first.size() + 1, list.size()));
    std::uint32_t id = 0;
    if (std::from_chars(first.data(), first.data() + first.size(), id).ec != std::errc{}) continue;
    if (holds(id)) return true;
    if (split_off(id)) return false;
  }
  return false;
}

int Quorum::votes_of(const std::vector<node::NodeId>& members) const {
  return std::accumulate(members.begin(), members.end(), 0,
                         [&](int sum, node::NodeId member) { return sum + nodes_[member.index()].votes; });
}

// The highest that any member knows.
int Quorum::expected_votes(const std::vector<node::NodeId>& members) const {
  int expected = 0;
  for (const node::NodeId member : members)
    expected = std::max(expected, nodes_[member.index()].expected_votes);
  return expected;
}

}  // namespace fencepost::models
