// Corosync: rings that pass a token, what happens when it is lost, and totally ordered messages within a
// ring.
//
// What really runs on each node (totem) is modelled by its rules, not by its packets. A ring passes its token
// while all its members run and each hears the one before it. When that stops, the survivors lose the token
// after the token timeout, gather whom they still hear, wait `consensus` for those they expected, and form a
// new ring. Those who hear foreigners gather with them.
//
// Sources: corosync.conf(5); docs/models.md, Corosync.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "engine/node/event.h"
#include "engine/node/ids.h"
#include "engine/sim/random.h"
#include "models/alarm.h"
#include "models/network/knet.h"
#include "models/network/quorum.h"
#include "models/part.h"

namespace fencepost::models {

class World;

class Corosync final : public WorldPart {
 public:
  using Members = std::vector<node::NodeId>;  // sorted

  explicit Corosync(World& world);
  ~Corosync() override;

  // --- Life of the daemon on a node ---
  void start(node::NodeId node);       // it runs, and its links begin to ping
  void form_alone(node::NodeId node);  // its first membership: itself
  void leave(node::NodeId node);       // announced
  void crash(node::NodeId node);       // without a word

  // --- For the cluster stack ---
  void introduce(node::NodeId node);  // an engine has started here: tell it the membership, if there is one
  void join_group(node::NodeId node);
  void leave_group(node::NodeId node);  // also if its engine has gone
  void send(node::NodeId node, node::MessagePtr message);

  // --- For tests, status and checks ---
  bool operational(node::NodeId node) const;
  Members members(node::NodeId node) const;    // of the ring that this node is in; empty while it gathers
  bool quorate(node::NodeId node) const;       // false while it gathers
  bool last_quorate(node::NodeId node) const;  // while it gathers: as before
  const Knet& links() const { return knet_; }
  Duration token() const { return token_; }          // effective
  Duration consensus() const { return consensus_; }  // effective

  void machine_frozen(Machine& machine) override;
  void network_changed() override { knet_.look(); }

 private:
  enum class State : std::uint8_t { off, starting, operational, gather };

  // What goes through a ring in order.
  struct Ordered {
    enum class Kind : std::uint8_t { message, join, leave } kind = Kind::message;
    node::NodeId from;
    node::MessagePtr message;
    SimTime due{};  // when all will have it, if the token keeps going round
  };

  struct Ring;
  struct Gathering;

  struct Instance {
    State state = State::off;
    Ring* ring = nullptr;           // the last one it formed; null while it gathers
    std::set<node::NodeId> awaits;  // while it gathers: whom it expects
    std::vector<Ordered> unsent;    // while it gathers, and for a while after
    bool in_group = false;
    bool quorate = false;
  };

  Instance& at(node::NodeId node) { return instances_[node.index()]; }
  const Instance& at(node::NodeId node) const { return instances_[node.index()]; }
  bool awake(node::NodeId node) const;  // it runs and is not frozen
  bool in_contact(node::NodeId a, node::NodeId b) const;

  void
  look();  // something changed: do all rings still pass their tokens, who meets whom, who gathers with whom?
  void look_at(Ring& ring);
  bool passes_token(const Ring& ring) const;
  Duration last_seen_before(std::size_t members);
  void token_lost(Ring& ring);
  bool strangers_meet() const;
  void merge();

  void gather(node::NodeId node, bool without_leaver = false, node::NodeId leaver = {});
  void draw_in_operational();
  std::vector<Members> components() const;
  void regroup();
  void gathered(Gathering& gathering);
  bool came_together(const Members& members) const;
  void form(const Members& members);
  void drop_empty_rings();

  void queue(node::NodeId node, Ordered what);
  void go_round(Ring& ring);
  void send_late(Ring& ring);
  static bool behind(const Instance& instance, const Ordered& what);
  static bool asks_nobody(const Ring& ring, const Ordered& what);
  void deliver(Ring& ring);
  void deliver(Ring& ring, const Ordered& what);
  void tell_group(const Ring& ring);
  void tell_membership(node::NodeId node, bool by_introduction);
  void tell_parts(node::NodeId node);

  bool device_votes_for(const Members& members) const;
  void verdict(Ring& ring, bool quorate);
  void look_at_device(Ring& ring);
  void recount(Ring& ring);
  void window_passed(Ring& ring);

  World& world_;
  Duration token_, consensus_, hold_, merge_interval_;
  Quorum quorum_;
  sim::Stream chance_;
  std::vector<Instance> instances_;
  std::vector<std::unique_ptr<Ring>> rings_;
  std::vector<std::unique_ptr<Gathering>> gatherings_;
  std::uint64_t last_ring_ = 0;
  bool looking_ = false, look_again_ = false;
  Alarm merge_;
  Knet knet_;  // last: it may call back while it is made
};

}  // namespace fencepost::models
