// Verbs about what machines share, and about the load on one: they need no struct of their own.
#include "models/core/world_faults.h"

#include <algorithm>
#include <map>

#include "models/core/given.h"
#include "models/machine.h"
#include "models/network/impairments.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

// What presses on each machine now.
struct Load {
  double cpu = 1, disk = 1;
};
struct Loads final : WorldPart {
  explicit Loads(World&) {}
  std::map<std::string, Load> by_machine;
};

Result<void> load(const Given& given) {
  const auto machine = given.node();
  const auto cpu = given.number("cpu", 1), disk = given.number("disk", 1);
  if (!machine) return tl::unexpected(machine.error());
  if (!cpu) return tl::unexpected(cpu.error());
  if (!disk) return tl::unexpected(disk.error());
  Load& felt = given.world().part<Loads>().by_machine[(*machine)->name()];
  const auto press = [there = *machine, &felt](const char* what, double Load::*which, double factor) {
    return Pressure{.what = what + there->name(),
                    .strength = factor,
                    .otherwise = 1,
                    .set = [there, &felt, which](double now) {
                      felt.*which = now;
                      there->set_load(felt.cpu, felt.disk);
                    }};
  };
  return given.press(std::vector{press("cpu of ", &Load::cpu, *cpu), press("disks of ", &Load::disk, *disk)});
}

Result<void> switch_down(const Given& given) {
  const std::string name = given.text("switch");
  const auto& switches = given.world().config().switches;
  const auto found = std::ranges::find(switches, name, &SwitchConfig::name);
  if (found == switches.end())
    return given.impossible("there is no switch '" + name + "': name it under world: switches");
  Network& network = given.world().network();
  std::vector<Pressure> ports;
  for (const std::string& host : found->hosts) {
    const auto there = network.find_endpoint(host);
    if (!there)
      return given.impossible("switch " + name + " has a host '" + host +
                              "' that is no node and no other host");
    const auto on = found->network.empty() ? std::nullopt : network.find_network(found->network);
    for (Pressure& port : ports_down(given.world(), *there, on, "switch " + name))
      ports.push_back(std::move(port));
  }
  return given.press(std::move(ports));
}

Result<void> supply_loss(const Given& given) {
  const std::string supply = given.text("supply");
  std::vector<Machine*> fed;
  for (const auto& machine : given.world().machines()) {
    if (std::ranges::count(machine->hardware().supplies, supply) > 0) fed.push_back(machine.get());
  }
  if (fed.empty())
    return given.impossible("no node is fed by '" + supply +
                            "': name it under world: hardware: NODE: supplies");
  return given.press(pressure("supply " + supply, [fed, supply](bool lost) {
    const std::string why = "supply " + supply + (lost ? " fails" : " is back");
    for (Machine* machine : fed) {
      machine->set_supply(supply, !lost, why);
      if (!lost) machine->power_on(why);
    }
  }));
}

}  // namespace

std::vector<FaultVerb> world_fault_verbs() {
  return {
      given_verb("load", "node", "node, [cpu], [disk], [for]",
                 "Other work presses: what computes and forks takes cpu times as long, what waits for local "
                 "disks disk times.",
                 "{at: 60s, verb: load, node: db1, cpu: 8, disk: 20, for: 5min}", load),
      given_verb(
          "supply_loss", "node", "supply, [for]",
          "A power feed fails: machines without a second supply go down together, and come up together.",
          "{at: 60s, verb: supply_loss, supply: feed-a, for: 10min}", supply_loss),
      given_verb("switch_down", "network", "switch, [for]",
                 "A switch fails, and takes all links that are plugged into it.",
                 "{at: 60s, verb: switch_down, switch: sw1, for: 2min}", switch_down),
  };
}

}  // namespace fencepost::models
