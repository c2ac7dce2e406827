#include "tiny_world.h"

#include <catch2/catch.hpp>

namespace fencepost::models {

const node::Effects& ListeningEngine::step(node::Now now, const node::Event& event) {
  effects_.clear();
  if (std::holds_alternative<node::MembershipFormed>(event) && !std::exchange(joined_, true)) {
    effects_.push_back(node::JoinGroup{});
  }
  heard_.push_back({now.time, self_, event});
  return effects_;
}

WorldConfig tiny_config(int nodes, std::uint64_t seed) {
  WorldConfig config;
  config.seed = seed;
  config.corosync.totem.token = 1000ms;
  for (int i = 1; i <= nodes; ++i) {
    config.nodes.push_back({.name = "n" + std::to_string(i), .corosync_id = static_cast<std::uint32_t>(i)});
  }
  config.corosync.quorum.two_node = nodes == 2;
  return config;
}

TinyWorld::TinyWorld(WorldConfig config)
    : world(std::move(config), [this](const node::NodeOptions& options) {
        return std::make_unique<ListeningEngine>(options.self, heard);
      }) {
  world.add_observer(*this);
}

void TinyWorld::form() {
  world.power_on_all();
  run(20s);
  for (const auto& machine : world.machines()) {
    REQUIRE(world.corosync().members(machine->id()).size() == world.machines().size());
  }
  heard.clear();
  records.clear();
}

void TinyWorld::inject(Fault fault) {
  const Result<void> done = models::inject(world, {.index = 0, .fault = std::move(fault), .text = ""});
  if (!done) FAIL(to_string(done.error()));
}

std::string TinyWorld::members(std::string_view name) {
  std::string text;
  for (const node::NodeId member : world.corosync().members(id(name))) {
    text += (text.empty() ? "" : " ") + world.machine(member).name();
  }
  return text.empty() ? "-" : text;
}

node::CallId TinyWorld::run_agent(std::string_view node, node::AgentCommand command) {
  const node::CallId call{++calls_};
  auto shared = std::make_shared<const node::AgentCommand>(std::move(command));
  Stack& stack = machine(node).stack();
  if (shared->standard == node::AgentClass::stonith) {
    std::string target;
    for (const auto [key, value] : shared->parameters) {
      if (key == "plug") target = value;
    }
    stack.run(call, shared, target);
  } else {
    stack.run(call, shared);
  }
  return call;
}

std::optional<int> TinyWorld::exit_code(std::string_view node, node::CallId call) {
  for (const auto& [at, exited] : heard_by<node::AgentExited>(node)) {
    if (exited.call == call) return exited.exit.code;
  }
  return std::nullopt;
}

std::optional<Duration> TinyWorld::exit_time(std::string_view node, node::CallId call, SimTime since) {
  for (const auto& [at, exited] : heard_by<node::AgentExited>(node, since)) {
    if (exited.call == call) return at;
  }
  return std::nullopt;
}

node::AgentCommand ocf_command(std::string type, std::string resource, std::string action, Duration timeout) {
  return {.standard = node::AgentClass::ocf,
          .provider = "test",
          .type = std::move(type),
          .resource = std::move(resource),
          .action = std::move(action),
          .interval = {},
          .timeout = timeout,
          .parameters = {},
          .meta = {}};
}

}  // namespace fencepost::models
