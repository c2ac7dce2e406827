#include "rig.h"

#include <catch2/catch.hpp>

#include "engine/node/profile.h"
#include "models/faults.h"

namespace fencepost::models {
namespace {

WorldConfig two_machines(std::uint64_t seed) {
  WorldConfig config;
  config.seed = seed;
  config.nodes = {{"db1", 1}, {"db2", 2}};
  return config;
}

const std::map<std::string, std::pair<std::string, std::string>> kAgents = {
    {"drbd", {"linbit", "drbd"}},           {"fs", {"heartbeat", "Filesystem"}},
    {"ip", {"heartbeat", "IPaddr2"}},       {"db", {"heartbeat", "pgsql"}},
    {"other", {"heartbeat", "Filesystem"}}, {"my", {"heartbeat", "mysql"}},
    {"vm", {"heartbeat", "VirtualDomain"}}, {"web", {"heartbeat", "nginx"}},
    {"lvm", {"heartbeat", "LVM-activate"}}, {"nfsd", {"heartbeat", "nfsserver"}},
    {"export", {"heartbeat", "exportfs"}},  {"iscsi", {"heartbeat", "iscsi"}},
    {"apache", {"heartbeat", "apache"}},
};

}  // namespace

// In place of a cluster: kills what is overdue, takes note of attributes.
class Rig::Hand final : public Engine {
 public:
  Hand(Rig& rig, std::string node) : rig_(rig), node_(std::move(node)) {}

  const node::Effects& step(node::Now, const node::Event& event) override {
    effects_.clear();
    if (const auto* overdue = std::get_if<node::AgentOverdue>(&event)) {
      effects_.push_back(node::KillAgent{overdue->call});
    }
    if (const auto* wish = std::get_if<node::AttributeRequested>(&event))
      rig_.scores_[node_] = wish->value.value_or("");
    if (const auto* asked = std::get_if<node::CommandReceived>(&event)) {
      if (const auto* set = std::get_if<node::SetNodeAttribute>(&asked->command)) {
        rig_.scores_[node_] = set->value.value_or("");
      }
    }
    return effects_;
  }

 private:
  Rig& rig_;
  std::string node_;
  node::Effects effects_;
};

EngineFactory Rig::hands(Rig& rig) {
  return [&rig](const node::NodeOptions& options) {
    return std::make_unique<Hand>(rig, (*options.nodelist)[options.self.index()].name);
  };
}

Rig::Rig(StorageConfig storage, std::uint64_t seed)
    : parameters{{"drbd", {{"drbd_resource", "r0"}}},
                 {"fs", {{"device", "/dev/drbd0"}, {"directory", "/srv/db"}, {"fstype", "ext4"}}},
                 {"ip", {{"ip", "10.0.0.100"}}},
                 {"db", {{"pgdata", "/srv/db/data"}}},
                 {"my", {{"datadir", "/srv/db/data"}}},
                 {"other", {{"device", "/dev/sdc"}, {"directory", "/srv/other"}, {"fstype", "ext4"}}}},
      world(two_machines(seed), hands(*this)) {
  world.add_observer(*this);
  world.add_agent_watcher(*this);
  const auto built = build_storage(world, std::move(storage));
  INFO((built ? "" : to_string(built.error())));
  REQUIRE(built);
  world.power_on_all();
  world.run_for(5s);
}

int Rig::order(const std::string& node, const std::string& resource, const std::string& action,
               Duration timeout) {
  auto command = std::make_shared<node::AgentCommand>();
  command->provider = kAgents.at(resource).first;
  command->type = kAgents.at(resource).second;
  command->resource = resource;
  command->action = action;
  command->timeout = timeout;
  for (const auto& [name, value] : parameters[resource]) command->parameters.add(name, value);
  for (const auto& [name, value] : meta[resource]) command->meta.add(name, value);
  results_.emplace_back();
  machine(node).run_agent(node::CallId{results_.size() - 1}, command, "");
  return static_cast<int>(results_.size()) - 1;
}

Ran Rig::run(const std::string& node, const std::string& resource, const std::string& action,
             Duration timeout) {
  const int number = order(node, resource, action, timeout);
  const SimTime limit = world.now() + timeout + 60s;
  while (!result(number).ended && world.next_event() <= limit) world.step();
  return result(number);
}

int Rig::rc(const std::string& node, const std::string& resource, const std::string& action,
            Duration timeout) {
  return run(node, resource, action, timeout).code.value_or(-1);
}

void Rig::stack_on(const std::string& node) {
  const int there = order("db1", "drbd", "start");
  REQUIRE(rc("db2", "drbd", "start") == 0);
  REQUIRE(result(there).code == 0);
  REQUIRE(rc(node, "drbd", "promote") == 0);
  for (const char* resource : {"fs", "ip", "db"}) REQUIRE(rc(node, resource, "start") == 0);
}

void Rig::fault(const std::string& verb, std::map<std::string, std::string> arguments) {
  const auto done =
      inject(world, {.index = 0, .fault = fault::Other{verb, std::move(arguments)}, .text = verb});
  INFO((done ? "" : to_string(done.error())));
  REQUIRE(done);
}

bool Rig::saw_change(const std::string& kind, const std::string& to) const {
  for (const auto& change : seen<backend::StateChanged>()) {
    if (change.kind == kind && change.to == to) return true;
  }
  return false;
}

std::vector<std::string> Rig::broken() const {
  std::vector<std::string> names;
  for (const auto& broken : seen<backend::InvariantBroken>()) names.push_back(broken.invariant);
  return names;
}

std::string Rig::score(const std::string& node) const {
  const auto found = scores_.find(node);
  return found == scores_.end() ? "" : found->second;
}

void Rig::observe(const backend::Record& record) {
  if (const auto* what = std::get_if<backend::Observation>(&record.what)) observations_.push_back(*what);
}

void Rig::agent_ended(const Machine&, const AgentRun& run, const ExitStatus& status) {
  if (run.call().value >= results_.size()) return;
  results_[run.call().value] = {.ended = true, .code = status.code, .at = world.now(), .reason = run.said()};
}

StorageConfig with_drbd(const std::string& net, const std::string& options) {
  StorageConfig storage;
  storage.drbd.resources =
      parse_drbd("resource r0 { device /dev/drbd0; disk /dev/sdb; net {" + net + "} options {" + options +
                     "} on db1 { node-id 0; } on db2 { node-id 1; } }",
                 "r0.res")
          .value()
          .resources;
  return storage;
}

}  // namespace fencepost::models
