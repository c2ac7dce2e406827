#include "models/faults.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "models/core/agent_faults.h"
#include "models/core/overlaps.h"
#include "models/core/stack.h"
#include "models/fencing/power.h"
#include "models/hooks.h"
#include "models/machine.h"
#include "models/network/impairments.h"
#include "models/os/shell.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

std::optional<node::DaemonDied::Daemon> find_daemon(std::string_view name) {
  using Daemon = node::DaemonDied::Daemon;
  static constexpr std::pair<std::string_view, Daemon> kDaemons[] = {
      {"pacemaker-controld", Daemon::controller}, {"pacemaker-execd", Daemon::executor},
      {"pacemaker-fenced", Daemon::fencer},       {"pacemaker-attrd", Daemon::attribute_manager},
      {"pacemaker-based", Daemon::cib_manager},   {"pacemaker-schedulerd", Daemon::scheduler},
  };
  const auto known = std::ranges::find(kDaemons, name, [](const auto& entry) { return entry.first; });
  return known == std::end(kDaemons) ? std::nullopt : std::optional(known->second);
}

bool is_daemon(std::string_view name) {
  return name == "corosync" || name == "pacemakerd" || find_daemon(name).has_value();
}

// Which node @any is.
struct Luck final : WorldPart {
  explicit Luck(World& world) : stream(world.stream("faults: @any")) {}
  sim::Stream stream;
};

tl::unexpected<Error> impossible(std::string message) { return failure({}, std::move(message)); }

// One injection: does it at once, and arranges its end.
class Injector {
 public:
  Injector(World& world, const ScenarioFault& fault) : world_(world), fault_(fault) {}

  // --- node ---
  Result<void> operator()(const fault::Crash& f) const {
    return on_machine(f.node, [&](Machine& machine) {
      machine.power_off("crash");
      if (f.back_after) machine.up_in(*f.back_after, "back after a crash");
    });
  }
  Result<void> operator()(const fault::PowerOn& f) const {
    return on_machine(f.node, [](Machine& machine) { machine.up_at_once("switched on"); });
  }
  Result<void> operator()(const fault::PowerLoss& f) const {
    return on_machine(f.node, [&](Machine& machine) {
      press(f.lasts, {pressure("mains of " + machine.name(), [&machine](bool lost) {
              machine.set_mains(!lost, lost ? "power loss" : "power is back");
              if (!lost) machine.power_on("power is back");
            })});
    });
  }
  Result<void> operator()(const fault::Pause& f) const {
    return on_machine(f.node, [&](Machine& machine) {
      press(f.lasts, {pressure(standstill(machine), [&machine, life = machine.boots()](bool still) {
              if (still) machine.freeze();
              if (!still && machine.boots() == life) machine.thaw();
            })});
    });
  }
  Result<void> operator()(const fault::Resume& f) const {
    return on_machine(f.node,
                      [&](Machine& machine) { world_.part<Overlaps>().end_all(standstill(machine)); });
  }
  Result<void> operator()(const fault::Shutdown& f) const {
    return on_machine(f.node, [&](Machine& machine) {
      machine.stack().shut_down([&machine, power_off = f.power_off, back_after = f.back_after] {
        if (!power_off) return;
        machine.power_off("shutdown");
        if (back_after) machine.up_in(*back_after, "back after a shutdown");
      });
    });
  }
  Result<void> operator()(const fault::StartCluster& f) const {
    auto node = resolve(world_, f.node);
    if (!node) return tl::unexpected<Error>(node.error());
    Machine& machine = world_.machine(*node);
    if (!machine.up()) return impossible("start_cluster: " + machine.name() + " is off; use power_on");
    record(machine.name());
    machine.start_stack("started by hand");
    return {};
  }
  Result<void> operator()(const fault::SlowNode& f) const {
    if (f.factor <= 0) return impossible("slow: factor must be more than 0");
    return on_machine(f.node, [&](Machine& machine) {
      press(f.lasts, {{.what = "slowness of " + machine.name(),
                       .strength = f.factor,
                       .otherwise = 1,
                       .set = [&machine](double factor) { machine.set_slowness(factor); }}});
    });
  }
  Result<void> operator()(const fault::ClockJump& f) const {
    return on_machine(f.node, [&](Machine& machine) { machine.jump_clock(f.by); });
  }

  // --- daemons ---
  Result<void> operator()(const fault::KillDaemon& f) const {
    if (!is_daemon(f.daemon)) {
      return impossible(
          "kill_daemon: there is no daemon '" + f.daemon +
          "'; there are corosync, pacemakerd, pacemaker-controld, pacemaker-execd, pacemaker-fenced, "
          "pacemaker-attrd, pacemaker-based and pacemaker-schedulerd");
    }
    return on_machine(f.node, [&](Machine& machine) { kill_daemon(machine, f.daemon); });
  }

  // --- network ---
  Result<void> operator()(const fault::Partition& f) const {
    auto network = network_named(f.network);
    if (!network) return tl::unexpected<Error>(network.error());
    std::vector<std::vector<EndpointId>> groups;
    for (const auto& names : f.groups) {
      auto& group = groups.emplace_back();
      for (const NodeRef& name : names) {
        auto host = host_named(name);
        if (!host) return tl::unexpected<Error>(host.error());
        group.push_back(*host);
      }
    }
    if (groups.empty()) return impossible("partition: groups are missing: groups: [[node1], [node2, node3]]");
    record("network");
    Network& all = world_.network();
    const Network::Partition partition = all.partition(*network, groups, f.heal_after.has_value());
    until(f.heal_after, [&all, partition] { all.heal(partition); });
    return {};
  }
  Result<void> operator()(const fault::Heal& f) const {
    auto network = network_named(f.network);
    if (!network) return tl::unexpected<Error>(network.error());
    record("network");
    world_.network().heal(*network);
    return {};
  }
  Result<void> operator()(const fault::LinkDown& f) const {
    const auto port = port_named(f.node, f.network);
    if (!port) return tl::unexpected<Error>(port.error());
    record(world_.network().name(port->host));
    press(f.lasts, ports_down(world_, port->host, port->network, kCable));
    return {};
  }
  Result<void> operator()(const fault::LinkUp& f) const {
    const auto port = port_named(f.node, f.network);
    if (!port) return tl::unexpected<Error>(port.error());
    record(world_.network().name(port->host));
    ports_up(world_, port->host, port->network, kCable);
    return {};
  }
  Result<void> operator()(const fault::OneWay& f) const {
    auto from = host_named(f.from);
    if (!from) return tl::unexpected<Error>(from.error());
    auto to = host_named(f.to);
    if (!to) return tl::unexpected<Error>(to.error());
    auto networks = networks_named(f.network);
    if (!networks) return tl::unexpected<Error>(networks.error());
    record(f.from + " to " + f.to);
    std::vector<Pressure> ways;
    for (const NetworkId network : *networks) ways.push_back(way_cut(world_, {*from, *to, network}));
    press(f.lasts, std::move(ways));
    return {};
  }
  Result<void> operator()(const fault::Loss& f) const {
    if (f.share < 0 || f.share > 1) return impossible("loss: share must be between 0 and 1");
    return impair(f.node, f.network, f.lasts, f.share == 0,
                  [&](const Way& way) { return packets_lost(world_, way, f.share); });
  }
  Result<void> operator()(const fault::Delay& f) const {
    if (f.delay < Duration::zero()) return impossible("delay: must not be negative");
    return impair(f.node, f.network, f.lasts, f.delay == Duration::zero(),
                  [&](const Way& way) { return packets_late(world_, way, f.delay); });
  }

  // --- agents ---
  Result<void> operator()(const fault::AgentFault& f) const {
    auto node = node_or_all(f.node);
    if (!node) return tl::unexpected<Error>(node.error());
    record(f.resource + " on " + (*node ? world_.machine(**node).name() : "all nodes"));
    const std::uint64_t rule = world_.agent_faults().add(f, *node);
    // As in the lab, the end of the time takes the rule away but does not let stuck processes go.
    until(f.lasts, [&world = world_, rule] { world.agent_faults().remove(rule); });
    return {};
  }
  Result<void> operator()(const fault::AgentClear& f) const {
    auto node = node_or_all(f.node.value_or("*"));
    if (!node) return tl::unexpected<Error>(node.error());
    record(target(fault_.fault));
    world_.agent_faults().clear(f, *node);
    return {};
  }
  Result<void> operator()(const fault::KillResource& f) const {
    auto node = node_or_all(f.node.empty() ? "*" : f.node);
    if (!node) return tl::unexpected<Error>(node.error());
    record(target(fault_.fault));
    for (const auto& machine : world_.machines()) {
      if (*node && machine->id() != **node) continue;
      if (!machine->up()) continue;
      const auto takes = [&](const auto& kill) { return kill(*machine, f.resource); };
      if (std::ranges::any_of(world_.part<Hooks>().kill_resource, takes)) continue;
      machine->set_role(f.resource, kStopped);
    }
    return {};
  }

  // --- fencing ---
  Result<void> operator()(const fault::FenceMode& f) const {
    fault::FenceMode mode = f;
    for (NodeRef* name : {&mode.target, &mode.requester}) {
      if (name->empty()) continue;
      auto node = resolve(world_, *name);
      if (!node) return tl::unexpected<Error>(node.error());
      *name = world_.machine(*node).name();
    }
    record(f.device);
    world_.part<models::Power>().add_mode(std::move(mode));
    return {};
  }

  // --- people ---
  Result<void> operator()(const fault::Ask& f) const {
    node::Command command = f.command;
    if (auto done = resolve_nodes_in(command); !done) return done;
    auto asked = node_to_ask(f.on);
    if (!asked) return tl::unexpected<Error>(asked.error());
    record(target(fault_.fault));
    if (!world_.command(*asked, std::move(command))) {
      return impossible(f.verb + ": no cluster stack runs on " + world_.machine(*asked).name());
    }
    return {};
  }
  Result<void> operator()(const fault::Exec& f) const {
    return on_machine(f.node, [&](Machine& machine) {
      if (!machine.serves()) return;
      run_shell(machine, f.text);
    });
  }
  Result<void> operator()(const fault::Note&) const {
    record("");
    return {};
  }
  Result<void> operator()(const fault::Other& f) const {
    const FaultVerb* known = find_fault_verb(f.verb);
    if (!known || !known->inject) return impossible("unknown verb '" + f.verb + "'; see 'fencepost faults'");
    // What it does is recorded after the fault itself.
    record(target(fault_.fault));
    return known->inject(world_, f, ended());
  }

 private:
  void record(std::string target) const {
    world_.observe(backend::FaultInjected{
        .fault = fault_.index, .verb = verb(fault_.fault), .target = std::move(target), .text = fault_.text});
  }

  std::function<void()> ended() const {
    return [&world = world_, index = fault_.index, name = verb(fault_.fault), what = target(fault_.fault)] {
      world.observe(backend::FaultEnded{.fault = index, .verb = name, .target = what});
    };
  }

  void until(std::optional<Duration> lasts, std::function<void()> end) const {
    if (!lasts) return;
    world_.at(world_.now() + *lasts, [end = std::move(end), ended = ended()] {
      end();
      ended();
    });
  }

  void press(std::optional<Duration> lasts, std::vector<Pressure> pressures) const {
    std::vector<Overlaps::End> ends;
    for (Pressure& each : pressures)
      ends.push_back(world_.part<Overlaps>().begin(std::move(each), lasts.has_value()));
    until(lasts, [ends = std::move(ends)] {
      for (const Overlaps::End& end : ends) end();
    });
  }

  static std::string standstill(const Machine& machine) {
    return "standstill of " + machine.name() + " " + std::to_string(machine.boots());
  }

  Result<void> on_machine(const NodeRef& name, const std::function<void(Machine&)>& act) const {
    auto node = resolve(world_, name);
    if (!node) return tl::unexpected<Error>(node.error());
    Machine& machine = world_.machine(*node);
    record(machine.name());
    act(machine);
    return {};
  }

  Result<std::optional<node::NodeId>> node_or_all(const NodeRef& name) const {
    if (name == "*") return std::optional<node::NodeId>{};
    return resolve(world_, name).map([](node::NodeId node) { return std::optional(node); });
  }

  Result<std::optional<NetworkId>> network_named(const std::string& name) const {
    if (name.empty()) return std::optional<NetworkId>{};
    if (const auto known = world_.network().find_network(name)) return std::optional(*known);
    return impossible("there is no network '" + name + "': see 'networks' in 'world'");
  }

  Result<std::vector<NetworkId>> networks_named(const std::string& name) const {
    auto one = network_named(name);
    if (!one) return tl::unexpected<Error>(one.error());
    if (*one) return std::vector{**one};
    std::vector<NetworkId> all;
    for (std::size_t i = 0; i < world_.network().networks().size(); ++i) all.push_back(NetworkId{i});
    return all;
  }

  Result<EndpointId> host_named(const std::string& name) const {
    if (auto node = resolve(world_, name)) return endpoint(*node);
    if (const auto host = world_.network().find_endpoint(name)) return *host;
    return impossible("there is no node or host '" + name + "'");
  }

  struct Port {
    EndpointId host;
    std::optional<NetworkId> network;  // none: to each
  };
  Result<Port> port_named(const NodeRef& name, const std::string& network) const {
    auto host = host_named(name);
    if (!host) return tl::unexpected<Error>(host.error());
    auto on = network_named(network);
    if (!on) return tl::unexpected<Error>(on.error());
    return Port{*host, *on};
  }

  // Both ways between the host and all others. What `repairs` ends all that was done to them before.
  Result<void> impair(const NodeRef& name, const std::string& network, std::optional<Duration> lasts,
                      bool repairs, const std::function<Pressure(const Way&)>& on) const {
    auto host = host_named(name);
    if (!host) return tl::unexpected<Error>(host.error());
    auto networks = networks_named(network);
    if (!networks) return tl::unexpected<Error>(networks.error());
    record(world_.network().name(*host));
    std::vector<Pressure> ways;
    for (std::size_t i = 0; i < world_.network().endpoints(); ++i) {
      const EndpointId other{i};
      if (other == *host) continue;
      for (const NetworkId each : *networks) {
        ways.push_back(on({*host, other, each}));
        ways.push_back(on({other, *host, each}));
      }
    }
    if (repairs) {
      for (const Pressure& each : ways) world_.part<Overlaps>().end_all(each.what);
      return {};
    }
    press(lasts, std::move(ways));
    return {};
  }

  // "node" in a command may be @dc as elsewhere.
  Result<void> resolve_nodes_in(node::Command& command) const {
    return std::visit(
        [&](auto& asked) -> Result<void> {
          if constexpr (requires { asked.node; }) {
            if (!asked.node.starts_with('@')) return {};
            auto node = resolve(world_, asked.node);
            if (!node) return tl::unexpected<Error>(node.error());
            asked.node = world_.machine(*node).name();
          }
          return {};
        },
        command);
  }

  Result<node::NodeId> node_to_ask(const NodeRef& on) const {
    if (!on.empty()) return resolve(world_, on);
    std::optional<node::NodeId> any;
    for (const auto& machine : world_.machines()) {
      const Engine* engine = machine->stack().engine();
      if (!engine || !machine->serves()) continue;
      if (engine->is_dc()) return machine->id();
      if (!any) any = machine->id();
    }
    if (any) return *any;
    return impossible("no node runs the cluster stack now: there is nobody to ask");
  }

  World& world_;
  const ScenarioFault& fault_;
};

}  // namespace

Result<void> inject(World& world, const ScenarioFault& fault) {
  return std::visit(Injector(world, fault), fault.fault);
}

Result<node::NodeId> resolve(World& world, const NodeRef& name) {
  if (!name.starts_with('@')) {
    if (const Machine* machine = world.find_machine(name)) return machine->id();
    return impossible("there is no node '" + name + "'");
  }
  const auto is_dc = [](const Machine& machine) {
    return machine.up() && machine.stack().engine() && machine.stack().engine()->is_dc();
  };
  const auto first = [&](const std::function<bool(const Machine&)>& fits) -> Result<node::NodeId> {
    for (const auto& machine : world.machines()) {
      if (machine->up() && fits(*machine)) return machine->id();
    }
    return impossible("nobody is " + name + " now");
  };
  if (name == "@dc") return first(is_dc);
  if (name == "@other") return first([&](const Machine& machine) { return !is_dc(machine); });
  if (name.starts_with("@active:")) {
    return first([&](const Machine& machine) { return machine.role(name.substr(8)) != kStopped; });
  }
  if (name.starts_with("@promoted:")) {
    return first([&](const Machine& machine) { return machine.role(name.substr(10)) == kPromoted; });
  }
  if (name == "@any") {
    std::vector<node::NodeId> up;
    for (const auto& machine : world.machines()) {
      if (machine->up()) up.push_back(machine->id());
    }
    if (up.empty()) return impossible("no node is up now");
    return up[world.part<Luck>().stream.below(up.size())];
  }
  return impossible("'" + name +
                    "' means no node: use a name, @dc, @other, @any, @active:RESOURCE or @promoted:RESOURCE");
}

bool kill_daemon(Machine& machine, std::string_view daemon) {
  if (daemon == "corosync") {
    machine.stack().crash("corosync was killed");
  } else if (daemon == "pacemakerd") {
    machine.world().observe(
        backend::Noted{"pacemakerd is gone; the daemons that it started run on without it"});
  } else if (const auto known = find_daemon(daemon)) {
    machine.stack().daemon_died(*known);
  } else {
    return false;
  }
  return true;
}

}  // namespace fencepost::models
