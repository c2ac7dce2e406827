// Who reaches whom: cluster nodes and other hosts on one or more networks.
//
// A packet goes from a to b over a network if both have power, both ports are up, nothing cuts the way from a
// to b, and both are in the same part of a partitioned network. Cuts have a direction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/node/ids.h"

namespace fencepost::models {

class World;

// A host on the network. Cluster nodes come first: node 0 is endpoint 0.
using EndpointId = Id<struct EndpointTag>;
using NetworkId = Id<struct NetworkTag>;

inline EndpointId endpoint(node::NodeId node) { return EndpointId{node.index()}; }

struct Way {
  EndpointId from, to;
  NetworkId network;
  auto operator<=>(const Way&) const = default;
};

class Network {
 public:
  Network(World& world, std::vector<std::string> networks);

  // Hosts that are not cluster nodes (NFS servers, clients, qnetd), on all networks; known names are found
  // again.
  EndpointId add_endpoint(std::string_view name);
  std::optional<EndpointId> find_endpoint(std::string_view name) const;
  const std::string& name(EndpointId endpoint) const { return endpoints_[endpoint.index()].name; }
  std::size_t endpoints() const { return endpoints_.size(); }

  std::optional<NetworkId> find_network(std::string_view name) const;
  const std::vector<std::string>& networks() const { return names_; }

  // Could a packet sent now arrive? Loss and delay aside; a frozen host still receives, and does not answer.
  bool passes(const Way& way) const;
  bool passes_both_ways(EndpointId a, EndpointId b, NetworkId network) const;
  bool passes_both_ways(EndpointId a, EndpointId b) const;  // over any network
  double loss(const Way& way) const;
  Duration delay(const Way& way) const;

  // --- Faults ---
  void set_power(EndpointId endpoint, bool on);
  void set_port(EndpointId endpoint, std::optional<NetworkId> network, bool up);  // no network: all
  void cut(const Way& way, bool cut);
  // Hosts in different groups do not reach each other; cluster nodes not named are alone, other hosts not
  // named are reached by all. No network: all networks. Of several partitions each holds; one that does not
  // end by itself takes the place of the last such one.
  using Partition = std::uint64_t;
  Partition partition(std::optional<NetworkId> network, const std::vector<std::vector<EndpointId>>& groups,
                      bool ends_by_itself = false);
  void heal(Partition partition);
  void heal(std::optional<NetworkId> network);  // all partitions of it, or of all
  void set_loss(const Way& way, double share);
  void set_delay(const Way& way, Duration delay);

 private:
  struct Endpoint {
    std::string name;
    bool power = true;
    std::vector<bool> port_up;  // by network
  };
  struct Parts {
    Partition partition = 0;  // 0: does not end by itself
    NetworkId network;
    std::vector<int> of;  // by host; kEverywhere is reached by all, and so are hosts that came later
  };
  struct Impairment {
    Way way;
    bool cut = false;
    double loss = 0;
    Duration delay{};
  };
  static constexpr int kEverywhere = -1;

  bool is_parted(const Way& way) const;
  Impairment& impairment(const Way& way);
  const Impairment* find_impairment(const Way& way) const;
  void changed();

  World& world_;
  std::vector<std::string> names_;
  std::vector<Endpoint> endpoints_;
  std::vector<Parts> partitions_;
  Partition last_partition_ = 0;
  std::vector<Impairment> impairments_;  // few; the rest is as it should be
};

}  // namespace fencepost::models
