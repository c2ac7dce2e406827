// Corosync's links: each pair of nodes pings over each ring's network and knows after some pings that a link
// is gone, and after some more that it is back.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/node/ids.h"
#include "engine/sim/random.h"
#include "models/alarm.h"
#include "models/network/corosync_options.h"

namespace fencepost::models {

class World;

class Knet {
 public:
  // `changed` is called when it may hear somebody whom it did not, or the reverse.
  Knet(World& world, const TotemOptions& totem, std::function<void()> changed);
  ~Knet();

  void set_running(node::NodeId node, bool running);  // Corosync of that node
  void set_frozen(node::NodeId node, bool frozen);    // it stands still, or goes on
  void look();                                        // the network changed

  // Would a packet sent now arrive? In passive mode the first ring with a link that is up carries it.
  bool hears(node::NodeId from, node::NodeId to) const;
  bool hear_each_other(node::NodeId a, node::NodeId b) const { return hears(a, b) && hears(b, a); }
  double loss(node::NodeId from, node::NodeId to) const;
  Duration delay(node::NodeId from, node::NodeId to) const;

 private:
  struct Link;

  const Link& link(node::NodeId a, node::NodeId b, std::size_t ring) const;
  std::optional<std::size_t> ring_between(node::NodeId a, node::NodeId b) const;

  World& world_;
  std::function<void()> changed_;
  Duration ping_interval_, ping_timeout_;
  sim::Stream chance_;
  std::size_t nodes_, rings_;
  std::vector<bool> running_;
  std::vector<SimTime> frozen_since_;         // of nodes that stand still
  std::vector<std::unique_ptr<Link>> links_;  // of each ring, for each pair
};

}  // namespace fencepost::models
