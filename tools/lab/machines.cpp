#include "tools/lab/machines.h"

#include <algorithm>
#include <utility>

namespace fencepost::lab {
namespace {

std::string ms(Duration duration) { return std::to_string(to_ms(duration)); }
const char* yes_no(bool yes) { return yes ? "1" : "0"; }

std::optional<std::size_t> place_of(const std::string& wanted, const std::vector<std::string>& names) {
  const auto found = std::ranges::find(names, wanted);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

Machines::Machines(MachinesConfig config) : config_(std::move(config)), plugs_(config_.names.size()) {
  for (std::size_t machine = 0; machine < size(); ++machine) {
    for (std::size_t network = 0; network < networks(); ++network) {
      Plug plug;
      plug.address = "10." + std::to_string(77 + network) + ".0." + std::to_string(machine + 1);
      plugs_[machine].push_back(std::move(plug));
    }
    // Where corosync.conf says where they are, they are there.
    for (const models::CorosyncNode& node : config_.corosync.nodes)
      if (node.name == name(machine))
        for (std::size_t ring = 0; ring < node.addresses.size() && ring < networks(); ++ring)
          plugs_[machine][ring].address = node.addresses[ring];
  }
}

std::optional<std::size_t> Machines::find(const std::string& wanted) const {
  return place_of(wanted, config_.names);
}
std::optional<std::size_t> Machines::find_network(const std::string& wanted) const {
  return place_of(wanted, config_.networks);
}

std::string Machines::corosync_conf(const std::string& state_directory) const {
  const models::TotemOptions& totem = config_.corosync.totem;
  const models::QuorumOptions& quorum = config_.corosync.quorum;
  std::string text =
      "totem {\n version: 2\n cluster_name: lab\n transport: knet\n crypto_cipher: none\n crypto_hash: "
      "none\n";
  text += " token: " + ms(totem.token) + "\n token_coefficient: " + ms(totem.token_coefficient) +
          "\n merge: " + ms(totem.merge) + "\n";
  if (totem.consensus) text += " consensus: " + ms(*totem.consensus) + "\n";
  for (int ring = 0; ring < config_.rings; ++ring) {
    text += " interface {\n  linknumber: " + std::to_string(ring) +
            "\n  knet_pong_count: " + std::to_string(totem.knet_pong_count) + "\n";
    if (totem.knet_ping_interval) text += "  knet_ping_interval: " + ms(*totem.knet_ping_interval) + "\n";
    if (totem.knet_ping_timeout) text += "  knet_ping_timeout: " + ms(*totem.knet_ping_timeout) + "\n";
    text += " }\n";
  }
  if (!state_directory.empty()) text += "}\nsystem {\n state_dir: " + state_directory + "\n";
  text +=
      "}\nlogging {\n to_stderr: yes\n to_syslog: no\n timestamp: hires\n}\nquorum {\n provider: "
      "corosync_votequorum\n";
  if (quorum.expected_votes) text += " expected_votes: " + std::to_string(*quorum.expected_votes) + "\n";
  text += std::string(" two_node: ") + yes_no(quorum.two_node) + "\n";
  if (quorum.wait_for_all) text += std::string(" wait_for_all: ") + yes_no(*quorum.wait_for_all) + "\n";
  if (quorum.last_man_standing)
    text += " last_man_standing: 1\n last_man_standing_window: " + ms(quorum.last_man_standing_window) + "\n";
  if (quorum.auto_tie_breaker)
    text += " auto_tie_breaker: 1\n auto_tie_breaker_node: " + quorum.auto_tie_breaker_node + "\n";
  if (quorum.allow_downscale) text += " allow_downscale: 1\n";
  text += "}\nnodelist {\n";
  for (std::size_t machine = 0; machine < size(); ++machine) {
    std::uint32_t id = static_cast<std::uint32_t>(machine) + 1;
    int votes = 1;
    for (const models::CorosyncNode& node : config_.corosync.nodes)
      if (node.name == name(machine)) id = node.id != 0 ? node.id : id, votes = node.votes;
    text += " node {\n  name: " + name(machine) + "\n  nodeid: " + std::to_string(id) +
            "\n  quorum_votes: " + std::to_string(votes) + "\n";
    for (int ring = 0; ring < config_.rings; ++ring)
      text += "  ring" + std::to_string(ring) +
              "_addr: " + plugs_[machine][static_cast<std::size_t>(ring)].address + "\n";
    text += " }\n";
  }
  return text + "}\n";
}

}  // namespace fencepost::lab
