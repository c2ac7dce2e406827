// Verbs about what machines share, and about the load on one: they need no struct of their own.
#include "models/core/world_faults.h"

#include <algorithm>
#include <map>

#include "models/core/given.h"
#include "models/core/overlaps.h"
#include "models/machine.h"
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
  if (const auto lasts = given.duration("for", Duration::zero()); !lasts)
    return tl::unexpected(lasts.error());
  auto& felt = given.world().part<Loads>().by_machine[(*machine)->name()];
  const auto press = [there = *machine, &felt](double Load::*which) {
    return [there, &felt, which](double factor) {
      felt.*which = factor;
      there->set_load(felt.cpu, felt.disk);
    };
  };
  const std::string name = (*machine)->name();
  Overlaps& overlaps = given.world().part<Overlaps>();
  const bool ends = !given.text("for").empty();
  const auto end_cpu = overlaps.begin({"cpu of " + name, *cpu, ends}, 1, press(&Load::cpu));
  const auto end_disk = overlaps.begin({"disks of " + name, *disk, ends}, 1, press(&Load::disk));
  return given.lasting([] {},
                       [end_cpu, end_disk] {
                         end_cpu();
                         end_disk();
                       });
}

void set_switch(World& world, const SwitchConfig& config, bool up) {
  const auto network = config.network.empty() ? std::nullopt : world.network().find_network(config.network);
  for (const std::string& name : config.hosts) {
    if (const auto host = world.network().find_endpoint(name)) world.network().set_port(*host, network, up);
  }
}

Result<void> switch_down(const Given& given) {
  const std::string name = given.text("switch");
  const auto& switches = given.world().config().switches;
  const auto found = std::ranges::find(switches, name, &SwitchConfig::name);
  if (found == switches.end())
    return given.impossible("there is no switch '" + name + "': name it under world: switches");
  for (const std::string& host : found->hosts) {
    if (!given.world().network().find_endpoint(host))
      return given.impossible("switch " + name + " has a host '" + host +
                              "' that is no node and no other host");
  }
  return given.lasting([&] { set_switch(given.world(), *found, false); },
                       [&world = given.world(), s = *found] { set_switch(world, s, true); });
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
  return given.lasting(
      [&] {
        for (Machine* machine : fed) machine->set_supply(supply, false, "supply " + supply + " fails");
      },
      [fed, supply] {
        for (Machine* machine : fed) {
          machine->set_supply(supply, true, "supply " + supply + " is back");
          machine->power_on("supply " + supply + " is back");
        }
      });
}

}  // namespace

std::vector<FaultVerb> world_fault_verbs() {
  return {
      given_verb("load", "node", "node, cpu, disk, for",
                 "Other work presses: what computes and forks takes cpu times as long, what waits for local "
                 "disks disk times.",
                 "{at: 60s, verb: load, node: db1, cpu: 8, disk: 20, for: 5min}", load),
      given_verb(
          "supply_loss", "node", "supply, for",
          "A power feed fails: machines without a second supply go down together, and come up together.",
          "{at: 60s, verb: supply_loss, supply: feed-a, for: 10min}", supply_loss),
      given_verb("switch_down", "network", "switch, for",
                 "A switch fails, and takes all links that are plugged into it.",
                 "{at: 60s, verb: switch_down, switch: sw1, for: 2min}", switch_down),
  };
}

}  // namespace fencepost::models
