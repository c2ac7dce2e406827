#include "models/network/network.h"

#include <algorithm>
#include <utility>

#include "models/world.h"

namespace fencepost::models {

Network::Network(World& world, std::vector<std::string> networks)
    : world_(world), names_(std::move(networks)) {
  HA_ASSERT(!names_.empty());
}

EndpointId Network::add_endpoint(std::string_view name) {
  if (const auto known = find_endpoint(name)) return *known;
  endpoints_.push_back(
      {.name = std::string(name), .power = true, .port_up = std::vector<bool>(names_.size(), true)});
  return EndpointId{endpoints_.size() - 1};
}

std::optional<EndpointId> Network::find_endpoint(std::string_view name) const {
  const auto found = std::ranges::find(endpoints_, name, &Endpoint::name);
  if (found == endpoints_.end()) return std::nullopt;
  return EndpointId{static_cast<std::size_t>(found - endpoints_.begin())};
}

std::optional<NetworkId> Network::find_network(std::string_view name) const {
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) return std::nullopt;
  return NetworkId{static_cast<std::size_t>(found - names_.begin())};
}

bool Network::passes(const Way& way) const {
  const Endpoint& from = endpoints_[way.from.index()];
  const Endpoint& to = endpoints_[way.to.index()];
  const std::size_t network = way.network.index();
  if (!from.power || !to.power || !from.port_up[network] || !to.port_up[network]) return false;
  if (is_parted(way)) return false;
  const Impairment* impairment = find_impairment(way);
  return !impairment || !impairment->cut;
}

bool Network::passes_both_ways(EndpointId a, EndpointId b, NetworkId network) const {
  return passes({a, b, network}) && passes({b, a, network});
}

bool Network::passes_both_ways(EndpointId a, EndpointId b) const {
  for (std::size_t network = 0; network < names_.size(); ++network) {
    if (passes_both_ways(a, b, NetworkId{network})) return true;
  }
  return false;
}

double Network::loss(const Way& way) const {
  const Impairment* impairment = find_impairment(way);
  return impairment ? impairment->loss : 0;
}

Duration Network::delay(const Way& way) const {
  const Impairment* impairment = find_impairment(way);
  return impairment ? impairment->delay : Duration::zero();
}

// --- Faults ---

void Network::set_power(EndpointId endpoint, bool on) {
  endpoints_[endpoint.index()].power = on;
  changed();
}

void Network::set_port(EndpointId endpoint, std::optional<NetworkId> network, bool up) {
  Endpoint& host = endpoints_[endpoint.index()];
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (network && network->index() != i) continue;
    if (host.port_up[i] == up) continue;
    host.port_up[i] = up;
    world_.observe(backend::StateChanged{.node = host.name,
                                         .kind = "link",
                                         .object = names_[i],
                                         .from = up ? "down" : "up",
                                         .to = up ? "up" : "down"});
  }
  changed();
}

void Network::cut(const Way& way, bool cut) {
  impairment(way).cut = cut;
  changed();
}

Network::Partition Network::partition(std::optional<NetworkId> network,
                                      const std::vector<std::vector<EndpointId>>& groups,
                                      bool ends_by_itself) {
  const Partition partition = ends_by_itself ? ++last_partition_ : 0;
  const int alone = static_cast<int>(groups.size());  // the first part of those that nobody named
  std::vector<int> parts;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const bool is_node = i < world_.config().nodes.size();
    int part = is_node ? alone + static_cast<int>(i) : kEverywhere;
    for (std::size_t group = 0; group < groups.size(); ++group) {
      if (std::ranges::count(groups[group], EndpointId{i}) > 0) part = static_cast<int>(group);
    }
    parts.push_back(part);
  }
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const NetworkId on{i};
    if (network && *network != on) continue;
    if (!ends_by_itself)
      std::erase_if(partitions_, [&](const Parts& p) { return p.partition == 0 && p.network == on; });
    partitions_.push_back({partition, on, parts});
  }
  changed();
  return partition;
}

void Network::heal(Partition partition) {
  std::erase_if(partitions_, [&](const Parts& parts) { return parts.partition == partition; });
  changed();
}

void Network::heal(std::optional<NetworkId> network) {
  std::erase_if(partitions_, [&](const Parts& parts) { return !network || parts.network == *network; });
  changed();
}

bool Network::is_parted(const Way& way) const {
  return std::ranges::any_of(partitions_, [&](const Parts& parts) {
    if (parts.network != way.network) return false;
    if (way.from.index() >= parts.of.size() || way.to.index() >= parts.of.size()) return false;
    const int from = parts.of[way.from.index()], to = parts.of[way.to.index()];
    return from != to && from != kEverywhere && to != kEverywhere;
  });
}

void Network::set_loss(const Way& way, double share) {
  impairment(way).loss = share;
  changed();
}

void Network::set_delay(const Way& way, Duration delay) {
  impairment(way).delay = delay;
  changed();
}

Network::Impairment& Network::impairment(const Way& way) {
  const auto found = std::ranges::find(impairments_, way, &Impairment::way);
  if (found != impairments_.end()) return *found;
  return impairments_.emplace_back(Impairment{.way = way});
}

const Network::Impairment* Network::find_impairment(const Way& way) const {
  const auto found = std::ranges::find(impairments_, way, &Impairment::way);
  return found == impairments_.end() ? nullptr : &*found;
}

void Network::changed() {
  world_.for_each_part([](WorldPart& part) { part.network_changed(); });
}

}  // namespace fencepost::models
