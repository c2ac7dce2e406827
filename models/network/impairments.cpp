#include "models/network/impairments.h"

#include "models/world.h"

namespace fencepost::models {
namespace {

std::string name_of(const Network& network, const Way& way) {
  return network.name(way.from) + " to " + network.name(way.to) + " on " +
         network.networks()[way.network.index()];
}

std::string port(const Network& network, EndpointId host, NetworkId on) {
  return "port of " + network.name(host) + " to " + network.networks()[on.index()];
}

std::vector<NetworkId> each(const Network& network, std::optional<NetworkId> one) {
  if (one) return {*one};
  std::vector<NetworkId> all;
  for (std::size_t i = 0; i < network.networks().size(); ++i) all.push_back(NetworkId{i});
  return all;
}

}  // namespace

Pressure way_cut(World& world, const Way& way) {
  Network& network = world.network();
  return pressure("way from " + name_of(network, way), [&network, way](bool cut) { network.cut(way, cut); });
}

Pressure packets_lost(World& world, const Way& way, double share) {
  Network& network = world.network();
  return {.what = "loss from " + name_of(network, way),
          .strength = share,
          .set = [&network, way](double lost) { network.set_loss(way, lost); }};
}

Pressure packets_late(World& world, const Way& way, Duration delay) {
  Network& network = world.network();
  return {.what = "delay from " + name_of(network, way),
          .strength = static_cast<double>(delay.count()),
          .set = [&network, way](double nanoseconds) {
            network.set_delay(way, Duration{static_cast<std::int64_t>(nanoseconds)});
          }};
}

std::vector<Pressure> ports_down(World& world, EndpointId host, std::optional<NetworkId> network,
                                 const std::string& cause) {
  std::vector<Pressure> ports;
  for (const NetworkId on : each(world.network(), network)) {
    const auto set = [&all = world.network(), host, on](bool down) { all.set_port(host, on, !down); };
    ports.push_back(pressure(port(world.network(), host, on), set, cause));
  }
  return ports;
}

void ports_up(World& world, EndpointId host, std::optional<NetworkId> network, const std::string& cause) {
  for (const NetworkId on : each(world.network(), network))
    world.part<Overlaps>().end_all(port(world.network(), host, on), cause);
}

}  // namespace fencepost::models
