#include "models/network/corosync.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/node/message.h"
#include "models/core/stack.h"
#include "models/network/corosync_ring.h"
#include "models/world.h"

namespace fencepost::models {

namespace {

// The nodelist of corosync.conf, or the world's nodes with one vote each.
std::vector<CorosyncNode> voters(const WorldConfig& config) {
  std::vector<CorosyncNode> nodes;
  for (const node::NodelistEntry& entry : config.nodes) {
    const auto known = std::ranges::find(config.corosync.nodes, entry.name, &CorosyncNode::name);
    if (known != config.corosync.nodes.end()) {
      nodes.push_back(*known);
    } else {
      nodes.push_back({.name = entry.name, .id = entry.corosync_id});
    }
  }
  return nodes;
}

// A new membership -> what was sent while there was none is delivered. Measured: the result of a fencing
// that ended meanwhile is known 0.212-0.216 s after the membership, however long that took
// (stop-timeout-fence, partition-3-stop, n = 6), while what is sent from then on takes milliseconds. After a
// loss the first few milliseconds count as before it: votes cast at once were counted 0.21 s later in 12 of
// 13 elections, and what was sent 8-12 ms after the membership was not late.
constexpr sim::Uniform kLateMessages{.min = 203ms, .max = 211ms};

constexpr Duration kNotYetSynchronized = 6ms;
constexpr double kSynchronizedAtOnce = 1.0 / 13;

// A ring that is merged of others stalls once: what is sent in its first milliseconds arrives, then nothing
// until about 0.2 s after the membership. So two DCs that meet settle it in a few milliseconds or, mostly,
// after 0.17 to 0.24 s (two-dcs-meet, two-nodes-meet, quorum-ignore-no-fencing, partition-3-stop: stalled in
// 14 of 15 merges, from 0, 4, 8 or 12 ms on).
constexpr double kMergedRingStalls = 14.0 / 15;
constexpr std::array<Duration, 4> kStallsFrom = {2ms, 4ms, 8ms, 12ms};
constexpr std::array<Duration, 9> kStallsUntil = {174ms, 178ms, 182ms, 186ms, 206ms,
                                                  210ms, 214ms, 232ms, 240ms};

// How long an idle token rests on a node before it goes on: 0.8 x token / (retransmits + 0.2) - 10 ms, with 4
// retransmits (corosync.conf(5)). So long before its loss the token may have been seen last.
Duration idle_hold(Duration token) { return token * 8 * 10 / (10 * 42) - 10ms; }

}  // namespace

Corosync::Corosync(World& world)
    : world_(world),
      token_(effective_token(world.config().corosync.totem, world.config().nodes.size())),
      consensus_(effective_consensus(world.config().corosync.totem, world.config().nodes.size())),
      hold_(idle_hold(token_)),
      merge_interval_(world.config().corosync.totem.merge),
      quorum_(world.config().corosync.quorum, voters(world.config())),
      chance_(world.stream("corosync")),
      instances_(world.config().nodes.size()),
      merge_(world, nullptr, rings<&Corosync::merge>(this)),
      knet_(world, world.config().corosync.totem, [this] { look(); }) {}

Corosync::~Corosync() = default;

// --- Life of the daemon on a node ---

void Corosync::start(node::NodeId node) {
  at(node) = {};
  at(node).state = State::starting;
  quorum_.started(node);
  // Its links begin to ping a little before its own membership: with 0.6 of the interval merges after boots
  // fit those after heals, with pings each 250 and each 412 ms.
  const Duration links_up =
      ping_interval(world_.config().corosync.totem, world_.config().nodes.size()) * 3 / 5;
  world_.at(world_.now() + links_up, [this, node] {
    if (at(node).state == State::starting) knet_.set_running(node, true);
  });
}

void Corosync::form_alone(node::NodeId node) {
  if (at(node).state != State::starting) return;
  // Who alone has quorum from the start (without wait_for_all) says that it has before it says who is there:
  // a membership of nobody, 4-28 ms before the first (startup-fencing, startup-no-fencing, n = 5).
  if (quorum_.decide({node}, device_votes_for({node}))) {
    world_.observe(backend::MembershipSeen{
        .node = world_.machine(node).name(), .ring = 0, .members = {}, .quorate = true});
  }
  form({node});
  knet_.set_running(node, true);
  look();
}

// Those who hear of it need not wait for it.
void Corosync::leave(node::NodeId node) {
  if (at(node).state == State::off) return;
  const Ring* ring = at(node).ring;
  const Members others = ring ? ring->members : Members{};
  Members told;
  for (const node::NodeId other : others) {
    if (other != node && at(other).ring == ring && in_contact(node, other)) told.push_back(other);
  }
  quorum_.left(node, told);
  for (const node::NodeId other : told) gather(other, true, node);
  for (Instance& instance : instances_) instance.awaits.erase(node);
  at(node) = {};
  knet_.set_running(node, false);
  look();
}

void Corosync::crash(node::NodeId node) {
  if (at(node).state == State::off) return;
  if (Ring* ring = at(node).ring) {
    std::erase_if(ring->ordered, [&](const Ordered& what) { return what.from == node; });
  }
  at(node) = {};
  knet_.set_running(node, false);
  look();
}

void Corosync::machine_frozen(Machine& machine) { knet_.set_frozen(machine.id(), machine.frozen()); }

bool Corosync::awake(node::NodeId node) const {
  return at(node).state != State::off && world_.machine(node).serves();
}

bool Corosync::in_contact(node::NodeId a, node::NodeId b) const {
  return awake(a) && awake(b) && knet_.hear_each_other(a, b);
}

// --- Tokens ---

// What it does may change what it looks at.
void Corosync::look() {
  look_again_ = true;
  if (std::exchange(looking_, true)) return;
  while (std::exchange(look_again_, false)) {
    drop_empty_rings();
    for (std::size_t i = 0; i < rings_.size(); ++i) look_at(*rings_[i]);
    if (strangers_meet() && !merge_.armed()) {
      // Rings without traffic send a merge probe each `merge` milliseconds.
      merge_.arm_in(sim::sample(sim::Uniform{.min = 1ms, .max = merge_interval_}, chance_));
    }
    regroup();
  }
  looking_ = false;
}

void Corosync::look_at(Ring& ring) {
  ring.passes = !ring.lost && passes_token(ring);
  look_at_device(ring);
  if (ring.passes) {
    ring.token.disarm();
    go_round(ring);
  } else if (ring.lost) {
    // Who stood still meanwhile finds the token timeout passed.
    for (const node::NodeId member : ring.members) {
      if (at(member).ring == &ring && awake(member)) {
        world_.observe(backend::TokenLost{world_.machine(member).name()});
        gather(member);
        look_again_ = true;
      }
    }
  } else if (!ring.token.armed()) {
    ring.delivery.disarm();
    ring.token.arm_in(token_ - last_seen_before(ring.members.size()));
  }
}

// So long before it stopped the token had been seen: it rests up to `hold`. With two nodes its loss came
// 0.82-0.98 s after the cut, evenly (token 1000, hold 180; n = 12). With three it was seldom at
// rest: 1.538-1.639 s (token 1650, hold 305; n = 9, of which the twentieths below), and 1.40 at the least in
// other runs (docs/models.md, Corosync).
Duration Corosync::last_seen_before(std::size_t members) {
  if (members <= 2) return sim::sample(sim::Uniform{.min = 5ms, .max = hold_}, chance_);
  static constexpr std::array<int, 10> kShares = {1, 1, 1, 2, 2, 3, 3, 4, 7, 16};
  return hold_ * kShares[chance_.below(kShares.size())] / 20;
}

bool Corosync::passes_token(const Ring& ring) const {
  Duration round{};
  for (std::size_t i = 0; i < ring.members.size(); ++i) {
    const node::NodeId from = ring.members[i];
    const node::NodeId to = ring.members[(i + 1) % ring.members.size()];
    if (at(from).ring != &ring || !awake(from) || !knet_.hears(from, to)) return false;
    round += knet_.delay(from, to);
  }
  return round < token_;
}

void Corosync::token_lost(Ring& ring) {
  ring.lost = true;
  Members alone;  // one of those who can hear each other is first, and the others hear from it
  for (const node::NodeId member : ring.members) {
    if (at(member).ring != &ring || !awake(member)) continue;
    if (std::ranges::none_of(alone, [&](auto first) { return in_contact(first, member); })) {
      alone.push_back(member);
      world_.observe(backend::TokenLost{world_.machine(member).name()});
    }
  }
  for (const node::NodeId member : Members(ring.members)) {
    if (at(member).ring == &ring && awake(member)) gather(member);
  }
  look();
}

bool Corosync::strangers_meet() const {
  for (std::size_t b = 1; b < instances_.size(); ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      if (instances_[a].state == State::operational && instances_[b].state == State::operational &&
          instances_[a].ring != instances_[b].ring && in_contact(node::NodeId{a}, node::NodeId{b})) {
        return true;
      }
    }
  }
  return false;
}

void Corosync::merge() {
  for (std::size_t b = 1; b < instances_.size(); ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      const node::NodeId first{a}, second{b};
      if (instances_[a].state != State::operational || instances_[b].state != State::operational ||
          instances_[a].ring == instances_[b].ring || !in_contact(first, second)) {
        continue;
      }
      gather(first);
      gather(second);
    }
  }
  look();
}

// --- Gathering ---

// From here on the node is in no ring. What it wanted to send and nobody has is sent in the next one.
void Corosync::gather(node::NodeId node, bool without_leaver, node::NodeId leaver) {
  Instance& instance = at(node);
  if (instance.state != State::operational) return;
  instance.state = State::gather;
  if (Ring* ring = std::exchange(instance.ring, nullptr)) {
    instance.awaits = {ring->members.begin(), ring->members.end()};
    std::vector<Ordered> unsent;  // before what came later and waits already
    for (Ordered& what : ring->ordered) {
      if (what.from == node) unsent.push_back(std::move(what));
    }
    instance.unsent.insert(instance.unsent.begin(), std::make_move_iterator(unsent.begin()),
                           std::make_move_iterator(unsent.end()));
    std::erase_if(ring->ordered, [&](const Ordered& what) { return what.from == node; });
  }
  if (without_leaver) instance.awaits.erase(leaver);
}

// A node that hears somebody gather gathers too.
void Corosync::draw_in_operational() {
  for (bool again = true; std::exchange(again, false);) {
    for (std::size_t i = 0; i < instances_.size(); ++i) {
      const node::NodeId node{i};
      if (at(node).state != State::operational || !awake(node)) continue;
      for (std::size_t j = 0; j < instances_.size(); ++j) {
        if (instances_[j].state != State::gather || !in_contact(node, node::NodeId{j})) continue;
        gather(node);
        again = look_again_ = true;
        break;
      }
    }
  }
}

std::vector<Corosync::Members> Corosync::components() const {
  std::vector<Members> found;
  std::vector<bool> seen(instances_.size(), false);
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    if (seen[i] || instances_[i].state != State::gather || !awake(node::NodeId{i})) continue;
    Members members{node::NodeId{i}};
    seen[i] = true;
    for (std::size_t next = 0; next < members.size(); ++next) {
      for (std::size_t j = 0; j < instances_.size(); ++j) {
        if (seen[j] || instances_[j].state != State::gather || !in_contact(members[next], node::NodeId{j}))
          continue;
        seen[j] = true;
        members.push_back(node::NodeId{j});
      }
    }
    std::ranges::sort(members);
    found.push_back(std::move(members));
  }
  return found;
}

void Corosync::regroup() {
  draw_in_operational();
  std::vector<std::unique_ptr<Gathering>> before = std::exchange(gatherings_, {});
  for (Members& members : components()) {
    const auto same =
        std::ranges::find_if(before, [&](const auto& old) { return old && old->members == members; });
    const bool is_new = same == before.end();
    gatherings_.push_back(is_new ? std::make_unique<Gathering>(*this, std::move(members)) : std::move(*same));
    Gathering& gathering = *gatherings_.back();

    bool complete = true;
    for (const node::NodeId member : gathering.members) {
      for (const node::NodeId other : gathering.members)
        complete = complete && (member == other || in_contact(member, other));
      for (const node::NodeId awaited : at(member).awaits) {
        complete = complete && std::ranges::count(gathering.members, awaited) > 0;
      }
    }
    if (!is_new && complete == gathering.complete) continue;
    gathering.complete = complete;
    // All there: a few messages. Somebody missing: consensus; measured + 0-4 ms for one that is left alone
    // (n = 15), + 4-28 ms for two that have to agree (n = 8).
    const sim::Uniform agree =
        gathering.members.size() == 1 ? sim::Uniform{.max = 4ms} : sim::Uniform{.min = 6ms, .max = 24ms};
    gathering.over.arm_in(complete ? sim::sample(sim::Uniform{.min = 15ms, .max = 40ms}, chance_)
                                   : consensus_ + sim::sample(agree, chance_));
  }
}

// Those who hear all the others form a ring. Where not everybody hears everybody (a broken link among three),
// the rest forms its own and meets strangers at once: the cluster gathers again and again.
void Corosync::gathered(Gathering& gathering) {
  Members left = gathering.members;
  while (!left.empty()) {
    // Luck decides who of those that cannot all agree comes first.
    const auto first =
        left.begin() + static_cast<std::ptrdiff_t>(gathering.complete ? 0 : chance_.below(left.size()));
    Members ring{*first};
    for (const node::NodeId other : left) {
      if (other != ring.front() &&
          std::ranges::all_of(ring, [&](auto member) { return in_contact(member, other); })) {
        ring.push_back(other);
      }
    }
    std::erase_if(left, [&](auto member) { return std::ranges::count(ring, member) > 0; });
    std::ranges::sort(ring);
    const bool merges = gathering.complete && !came_together(ring);
    form(ring);
    Ring& formed = *at(ring.front()).ring;
    if (merges && chance_.chance(kMergedRingStalls)) {
      formed.stalls_from = world_.now() + kStallsFrom[chance_.below(kStallsFrom.size())];
      formed.late.arm_in(kStallsUntil[chance_.below(kStallsUntil.size())]);
    } else if (!gathering.complete && !chance_.chance(kSynchronizedAtOnce)) {
      formed.synchronized_at = world_.now() + kNotYetSynchronized;
    }
  }
  look();
}

// They were in one ring before, and nobody is new.
bool Corosync::came_together(const Members& members) const {
  return std::ranges::all_of(members,
                             [&](auto member) { return at(member).awaits.size() >= members.size(); });
}

void Corosync::form(const Members& members) {
  rings_.push_back(std::make_unique<Ring>(*this, ++last_ring_, members));
  Ring& ring = *rings_.back();
  ring.quorate = quorum_.decide(members, device_votes_for(members));
  for (const node::NodeId member : members) {
    Instance& instance = at(member);
    instance.state = State::operational;
    instance.ring = &ring;
    instance.awaits.clear();
    instance.quorate = ring.quorate;
    for (const Ordered& what : instance.unsent) {
      if (what.kind != Ordered::Kind::message) ring.ordered.push_back(what);
    }
    std::erase_if(instance.unsent, [](const auto& what) { return what.kind != Ordered::Kind::message; });
  }
  ring.late.arm_in(sim::sample(kLateMessages, chance_));
  for (const node::NodeId member : members) tell_membership(member, false);
  tell_group(ring);
  for (const node::NodeId member : members) tell_parts(member);
  if (quorum_.options().last_man_standing) ring.window.arm_in(quorum_.options().last_man_standing_window);
}

void Corosync::drop_empty_rings() {
  std::erase_if(rings_, [&](const auto& ring) {
    return std::ranges::none_of(instances_,
                                [&](const Instance& instance) { return instance.ring == ring.get(); });
  });
}

// --- Ordered messages ---

void Corosync::join_group(node::NodeId node) {
  queue(node, {.kind = Ordered::Kind::join, .from = node, .message = {}});
}

void Corosync::leave_group(node::NodeId node) {
  if (at(node).state == State::off) return;
  at(node).in_group = false;  // nothing more is delivered to it; the others hear in order
  queue(node, {.kind = Ordered::Kind::leave, .from = node, .message = {}});
}

void Corosync::send(node::NodeId node, node::MessagePtr message) {
  queue(node, {.kind = Ordered::Kind::message, .from = node, .message = std::move(message)});
}

void Corosync::queue(node::NodeId node, Ordered what) {
  Instance& instance = at(node);
  if (instance.state == State::off) return;  // the stack is on its way down; nobody will ever get it
  if (!instance.ring) {
    instance.unsent.push_back(std::move(what));
    return;
  }
  const Ring& ring = *instance.ring;
  const bool stalled = world_.now() >= ring.stalls_from && ring.late.armed();
  const bool too_soon = what.kind == Ordered::Kind::message && !asks_nobody(ring, what) &&
                        (world_.now() < ring.synchronized_at || stalled);
  if (too_soon || behind(instance, what)) {
    instance.unsent.push_back(std::move(what));
    return;
  }
  instance.ring->ordered.push_back(std::move(what));
  go_round(*instance.ring);
}

// The CIB manager of a node that is alone changes its CIB at once: a DC that did not sleep had planned for
// the loss 16 ms after it (corosync-killed-fence-retry).
bool Corosync::asks_nobody(const Ring& ring, const Ordered& what) {
  return ring.members.size() == 1 && node::lane_of(*what.message) == node::Lane::cib;
}

// Its daemon has messages that wait for the ring's first late delivery. Who enters or leaves waits for
// nobody.
bool Corosync::behind(const Instance& instance, const Ordered& what) {
  if (what.kind != Ordered::Kind::message) return false;
  return std::ranges::any_of(instance.unsent, [&](const Ordered& waiting) {
    return node::lane_of(*waiting.message) == node::lane_of(*what.message);
  });
}

void Corosync::send_late(Ring& ring) {
  for (const node::NodeId member : ring.members) {
    if (at(member).ring != &ring) continue;
    for (Ordered& what : std::exchange(at(member).unsent, {})) ring.ordered.push_back(std::move(what));
  }
  go_round(ring);
}

// The next message is on its way, if the token is.
void Corosync::go_round(Ring& ring) {
  if (ring.delivery.armed() || ring.ordered.empty() || !ring.passes) return;
  Duration takes = sim::sample(world_.config().latencies.message, chance_);
  double lost = 0;
  for (const node::NodeId from : ring.members) {
    for (const node::NodeId to : ring.members) {
      takes = std::max(takes, knet_.delay(from, to) * 2);
      if (from != to) lost = std::max(lost, knet_.loss(from, to));
    }
  }
  // Each loss costs a retransmission, asked for with the next token.
  while (lost > 0 && lost < 1 && chance_.chance(lost)) takes += hold_ / 4;
  ring.delivery.arm_in(takes);
}

// Messages that are waiting travel together: the token picks up all of them.
void Corosync::deliver(Ring& ring) {
  for (const Ordered& what : std::exchange(ring.ordered, {})) deliver(ring, what);
  go_round(ring);
}

void Corosync::deliver(Ring& ring, const Ordered& what) {
  if (what.kind == Ordered::Kind::message) {
    for (const node::NodeId member : ring.members) {
      if (!at(member).in_group) continue;
      world_.machine(member).stack().post(node::MessageDelivered{what.from, what.message}, Duration::zero());
    }
    return;
  }
  const bool joins = what.kind == Ordered::Kind::join;
  if (joins) at(what.from).in_group = world_.machine(what.from).stack().up();
  tell_group(ring);
}

void Corosync::tell_group(const Ring& ring) {
  Members group;
  for (const node::NodeId member : ring.members) {
    if (at(member).in_group) group.push_back(member);
  }
  for (const node::NodeId member : group) {
    world_.machine(member).stack().post(node::GroupChanged{group}, Duration::zero());
  }
}

void Corosync::tell_membership(node::NodeId node, bool by_introduction) {
  const Ring& ring = *at(node).ring;
  Machine& machine = world_.machine(node);
  if (!by_introduction) {
    std::vector<std::string> names;
    for (const node::NodeId member : ring.members) names.push_back(world_.machine(member).name());
    world_.observe(backend::MembershipSeen{
        .node = machine.name(), .ring = ring.id, .members = std::move(names), .quorate = ring.quorate});
  }
  const Duration notice =
      by_introduction ? Duration::zero() : machine.sample(world_.config().latencies.membership_notice);
  machine.stack().post(
      node::MembershipFormed{.ring = ring.id, .members = ring.members, .quorate = ring.quorate}, notice);
}

void Corosync::tell_parts(node::NodeId node) {
  world_.for_each_part([&](WorldPart& part) { part.cluster_changed(world_.machine(node)); });
}

void Corosync::introduce(node::NodeId node) {
  if (at(node).ring) tell_membership(node, true);
}

// --- For others ---

bool Corosync::operational(node::NodeId node) const { return at(node).state == State::operational; }

Corosync::Members Corosync::members(node::NodeId node) const {
  return at(node).ring ? at(node).ring->members : Members{};
}

bool Corosync::last_quorate(node::NodeId node) const { return at(node).quorate; }

bool Corosync::quorate(node::NodeId node) const { return at(node).ring && at(node).ring->quorate; }

}  // namespace fencepost::models
