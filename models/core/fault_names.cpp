// How the record names faults.
#include <string>
#include <variant>

#include "models/faults.h"

namespace fencepost::models {
namespace {

template <class... Visitors>
struct Overload : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overload(Visitors...) -> Overload<Visitors...>;  // clang 14 does not deduce it by itself

}  // namespace

std::string verb(const Fault& fault) {
  return std::visit(Overload{
                        [](const fault::Crash&) -> std::string { return "crash"; },
                        [](const fault::PowerOn&) -> std::string { return "power_on"; },
                        [](const fault::PowerLoss&) -> std::string { return "power_loss"; },
                        [](const fault::Pause&) -> std::string { return "pause"; },
                        [](const fault::Resume&) -> std::string { return "resume"; },
                        [](const fault::Shutdown&) -> std::string { return "shutdown"; },
                        [](const fault::StartCluster&) -> std::string { return "start_cluster"; },
                        [](const fault::SlowNode&) -> std::string { return "slow"; },
                        [](const fault::ClockJump&) -> std::string { return "clock_jump"; },
                        [](const fault::KillDaemon&) -> std::string { return "kill_daemon"; },
                        [](const fault::Partition&) -> std::string { return "partition"; },
                        [](const fault::Heal&) -> std::string { return "heal"; },
                        [](const fault::LinkDown&) -> std::string { return "link_down"; },
                        [](const fault::LinkUp&) -> std::string { return "link_up"; },
                        [](const fault::OneWay&) -> std::string { return "one_way"; },
                        [](const fault::Loss&) -> std::string { return "loss"; },
                        [](const fault::Delay&) -> std::string { return "delay"; },
                        [](const fault::AgentFault&) -> std::string { return "agent"; },
                        [](const fault::AgentClear&) -> std::string { return "agent_clear"; },
                        [](const fault::KillResource&) -> std::string { return "kill_resource"; },
                        [](const fault::FenceMode&) -> std::string { return "fence_mode"; },
                        [](const fault::Ask& f) -> std::string { return f.verb; },
                        [](const fault::Exec&) -> std::string { return "exec"; },
                        [](const fault::Note&) -> std::string { return "note"; },
                        [](const fault::Other& f) -> std::string { return f.verb; },
                    },
                    fault);
}

std::string target(const Fault& fault) {
  const auto on = [](const std::string& what, const std::string& where) {
    if (what.empty()) return where;
    return where.empty() || where == "*" ? what : what + " on " + where;
  };
  return std::visit(Overload{
                        [](const fault::Partition&) -> std::string { return "network"; },
                        [](const fault::Heal&) -> std::string { return "network"; },
                        [](const fault::OneWay& f) -> std::string { return f.from + " to " + f.to; },
                        [](const fault::FenceMode& f) -> std::string { return f.device; },
                        [](const fault::Note&) -> std::string { return {}; },
                        [&](const fault::KillDaemon& f) -> std::string { return on(f.daemon, f.node); },
                        [&](const fault::AgentFault& f) -> std::string { return on(f.resource, f.node); },
                        [&](const fault::AgentClear& f) -> std::string {
                          return on(f.id.value_or(f.resource.value_or("")), f.node.value_or(""));
                        },
                        [&](const fault::KillResource& f) -> std::string { return on(f.resource, f.node); },
                        [&](const fault::Ask& f) -> std::string {
                          return std::visit(
                              [&](const auto& asked) -> std::string {
                                std::string resource, node;
                                if constexpr (requires { asked.resource; }) resource = asked.resource;
                                if constexpr (requires { asked.node; }) node = asked.node;
                                return on(resource, node);
                              },
                              f.command);
                        },
                        [](const fault::Other& f) -> std::string {
                          for (const char* key : {"resource", "server", "switch", "supply", "mount", "node",
                                                  "database", "device"}) {
                            if (const auto found = f.arguments.find(key); found != f.arguments.end())
                              return found->second;
                          }
                          return {};
                        },
                        [](const auto& f) -> std::string { return f.node; },
                    },
                    fault);
}

}  // namespace fencepost::models
