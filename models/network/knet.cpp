#include "models/network/knet.h"

#include <algorithm>
#include <utility>

#include "models/world.h"

namespace fencepost::models {

namespace {

// A node that stood still for longer than the ping timeout has missed its pongs: its links are down when it
// goes on, and are used again after three pings: one membership 0.80 to 0.82 s later with pings each 250 ms,
// 1.25 s with pings each 412 ms. So pauses that are shorter than the token lose it, too. A link that has come
// back lately is more patient: 2.3 to 6.3 s later no pause did so (11 of 11), from 8.7 s on all did (11 of
// 11; pauses of 0.5 to 1.45 s, two and three nodes; pauses-shorter-than-token, pause-and-blip).
constexpr int kPingsAfterPause = 3;
constexpr sim::Uniform kAfterThosePings{.min = 0ms, .max = 40ms};
constexpr Duration kPatientFor = 7500ms;

// How often one of the good pings before a link is used has its pong up to an interval late: fitted to the
// upper third of the merges below.
constexpr double kPongIsLate = 0.2;

}  // namespace

// One pair of nodes on one ring.
struct Knet::Link {
  Link(Knet& of, node::NodeId first, node::NodeId second, std::size_t on)
      : knet(of), a(first), b(second), ring(on), change(of.world_, nullptr, rings<&Link::flip>(this)) {}

  void look();
  void flip();
  void missed_pongs();

  Knet& knet;
  node::NodeId a, b;
  std::size_t ring;
  bool passes = false;  // pings and pongs get through
  bool up = false;      // and both ends have noticed
  SimTime up_since{};
  Alarm change;
};

Knet::Knet(World& world, const TotemOptions& totem, std::function<void()> changed)
    : world_(world),
      changed_(std::move(changed)),
      ping_interval_(models::ping_interval(totem, world.config().nodes.size())),
      ping_timeout_(models::ping_timeout(totem, world.config().nodes.size())),
      chance_(world.stream("knet")),
      nodes_(world.config().nodes.size()),
      rings_(static_cast<std::size_t>(world.config().rings)),
      running_(nodes_, false),
      frozen_since_(nodes_, kNever) {
  for (std::size_t ring = 0; ring < rings_; ++ring) {
    for (std::size_t b = 1; b < nodes_; ++b) {
      for (std::size_t a = 0; a < b; ++a) {
        links_.push_back(std::make_unique<Link>(*this, node::NodeId{a}, node::NodeId{b}, ring));
      }
    }
  }
}

Knet::~Knet() = default;

void Knet::set_running(node::NodeId node, bool running) {
  running_[node.index()] = running;
  look();
}

void Knet::set_frozen(node::NodeId node, bool frozen) {
  SimTime& since = frozen_since_[node.index()];
  if (frozen) {
    since = world_.now();
  } else if (world_.now() - std::exchange(since, kNever) >= ping_timeout_) {
    for (auto& link : links_) {
      if (link->a == node || link->b == node) link->missed_pongs();
    }
  }
  changed_();
}

void Knet::look() {
  for (auto& link : links_) link->look();
  changed_();
}

// A link that fails is noticed when no pong came for the ping timeout; the last one came up to an interval
// ago. One that is back is used after some good pings, the first of which comes up to an interval later.
// Measured from physically up to one membership: 1.20-1.40 s with pings each 250 ms (n = 3, no merge probe),
// 1.57-1.90 with pings each 412 ms (n = 3); from a started Corosync's own membership 0.92-1.40 (n = 12)
// and 1.51-1.95 (n = 6), of which 0-200 ms are the merge probe. With the cases of tests/fidelity 0.92-1.43 (n
// = 31) and 1.54-2.16 (n = 16), of which 0.2 are above what two or three pings explain: a pong that came
// late.
void Knet::Link::look() {
  const bool now_passes = knet.running_[a.index()] && knet.running_[b.index()] &&
                          knet.world_.network().passes_both_ways(endpoint(a), endpoint(b), NetworkId{ring});
  if (now_passes == passes) return;
  passes = now_passes;
  if (passes == up) return change.disarm();  // a blip shorter than anybody noticed
  const auto draw = [&](Duration min, Duration max) {
    return sim::sample(sim::Uniform{.min = min, .max = max}, knet.chance_);
  };
  const Duration interval = knet.ping_interval_;
  if (!passes) return change.arm_in(draw(knet.ping_timeout_ - interval, knet.ping_timeout_));
  Duration pings = draw(2 * interval, 3 * interval);
  if (knet.chance_.chance(kPongIsLate)) pings += draw(Duration::zero(), interval);
  change.arm_in(pings + draw(560ms, 660ms));
}

void Knet::Link::missed_pongs() {
  if (!passes || !up || knet.world_.now() - up_since < kPatientFor) return;
  up = false;
  change.arm_in(knet.ping_interval_ * kPingsAfterPause + sim::sample(kAfterThosePings, knet.chance_));
}

void Knet::Link::flip() {
  up = passes;
  if (up) up_since = knet.world_.now();
  knet.changed_();
}

const Knet::Link& Knet::link(node::NodeId a, node::NodeId b, std::size_t ring) const {
  const auto [low, high] = std::minmax({a.index(), b.index()});
  return *links_[ring * (nodes_ * (nodes_ - 1) / 2) + high * (high - 1) / 2 + low];
}

std::optional<std::size_t> Knet::ring_between(node::NodeId a, node::NodeId b) const {
  if (a == b) return std::nullopt;  // nothing lies between
  for (std::size_t ring = 0; ring < rings_; ++ring) {
    if (link(a, b, ring).up) return ring;
  }
  return std::nullopt;
}

bool Knet::hears(node::NodeId from, node::NodeId to) const {
  if (from == to) return true;
  if (!running_[from.index()] || !running_[to.index()]) return false;
  const auto ring = ring_between(from, to);
  return ring && world_.network().passes({endpoint(from), endpoint(to), NetworkId{*ring}});
}

double Knet::loss(node::NodeId from, node::NodeId to) const {
  const auto ring = ring_between(from, to);
  return ring ? world_.network().loss({endpoint(from), endpoint(to), NetworkId{*ring}}) : 0;
}

Duration Knet::delay(node::NodeId from, node::NodeId to) const {
  const auto ring = ring_between(from, to);
  return ring ? world_.network().delay({endpoint(from), endpoint(to), NetworkId{*ring}}) : Duration::zero();
}

}  // namespace fencepost::models
