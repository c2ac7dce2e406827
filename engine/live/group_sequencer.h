// Two libraries tell of one membership: libcpg, in order with the messages, who is in the ring; libquorum,
// whenever it comes, whether that ring has quorum. Here they become the engine's one order of events: a
// membership with its verdict, and only then what happened in it. Messages come from members of the group, or
// not at all.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/live/fragments.h"
#include "engine/node/event.h"

namespace fencepost::live {

struct RingId {
  std::uint64_t sequence = 0;
  std::uint32_t representative = 0;
  auto operator<=>(const RingId&) const = default;
};

class GroupSequencer {
 public:
  using Take = std::function<void(node::Event)>;
  using Complain = std::function<void(const std::string&)>;
  // The order of messages has a hole for this node: from here on it would know another cluster than the
  // others.
  using GiveUp = std::function<void(const std::string& why)>;

  GroupSequencer(const node::Nodelist& nodelist, Take take, Complain complain, GiveUp give_up)
      : nodelist_(nodelist),
        take_(std::move(take)),
        complain_(std::move(complain)),
        give_up_(std::move(give_up)) {}

  // --- From libcpg, in its order ---
  void ring(RingId id, std::vector<std::uint32_t> members);
  void processes(std::vector<Sender> members);
  void message(Sender from, std::string bytes);
  // --- From libquorum ---
  void quorum(RingId id, bool quorate);

  // Hands on what is complete. Not from inside an event.
  void deliver();

 private:
  struct RingFormed {
    RingId id;
    std::vector<std::uint32_t> members;
  };
  struct ProcessesChanged {
    std::vector<Sender> members;
  };
  struct MessageCame {
    Sender from;
    std::string bytes;
  };
  using Pending = std::variant<RingFormed, ProcessesChanged, MessageCame>;

  bool speaks_of_the_next_ring(const Pending& pending) const;
  std::optional<bool> verdict_on(const RingId& ring) const;
  void hand_on(const ProcessesChanged& change);
  void hand_on(const MessageCame& message);
  void not_understood(const Sender& from, const std::string& why);
  std::vector<node::NodeId> nodes_of(const std::vector<std::uint32_t>& ids);
  node::NodeId find(std::uint32_t corosync_id) const;

  const node::Nodelist& nodelist_;
  Take take_;
  Complain complain_;
  GiveUp give_up_;
  std::deque<Pending> pending_;
  std::optional<RingId> current_;  // the ring the engine has been told of
  std::vector<std::uint32_t> ring_members_;
  bool told_quorate_ = false;
  std::deque<std::pair<RingId, bool>> verdicts_;  // oldest first, none older than the current ring's
  std::vector<Sender> members_;
  // Those whose messages this node needs: who was in the group before anything was heard, and who has been
  // understood once.
  std::set<Sender> heeded_;
  // Those who have been: what is nonsense from others is a foreign program's, which nobody needs to hear.
  std::set<Sender> understood_;
  bool heard_ = false;
  Reassembly reassembly_;
};

}  // namespace fencepost::live
