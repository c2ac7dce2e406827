// Storage, network services and databases in one world: built from the scenario's `world` section.
//
//   World world{config, real_engines()};
//   if (auto built = build_storage(world, storage); !built) return built.error();
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "models/agent.h"
#include "models/part.h"
#include "models/storage/config.h"

namespace fencepost::models {

class World;

// Gives the world its servers, devices, mounts and databases, and the agents that work with them. Call it
// once, before power-on. An error says which line of the world section cannot be.
Result<void> build_storage(World& world, StorageConfig config);

class StorageWorld final : public WorldPart {
 public:
  explicit StorageWorld(World& world) : world_(world) {}

  const StorageConfig& config() const { return config_; }
  FilesystemConfig filesystem(std::string_view resource, std::string_view device) const;
  AgentHabits habits(std::string_view resource, std::string_view type) const;
  // How long the agent's own work in this action takes here.
  Duration duration(Machine& machine, const AgentRun& run, const sim::Distribution& usual) const;

  void machine_up(Machine& machine) override;  // /etc/fstab
  void mounted(Machine& machine);              // processes that waited for a mount appear

 private:
  friend Result<void> build_storage(World& world, StorageConfig config);

  World& world_;
  StorageConfig config_;
};

// What is really the case with the resources of a machine: each agent says once how its resource's state is
// to be read off the models; whenever a model changes, the truth is looked at again.
class ResourceTruth final : public MachinePart {
 public:
  using RoleOf = std::function<std::string_view()>;
  explicit ResourceTruth(Machine& machine) : machine_(machine) {}

  // Asked with every run of an agent: costs nothing when the resource is known.
  template <class F>
  void watch(std::string_view resource, const F& role) {
    if (!watches(resource)) add(resource, role);
  }
  void refresh();

 private:
  bool watches(std::string_view resource) const;
  void add(std::string_view resource, RoleOf role);

  struct Watched {
    std::string resource;
    RoleOf role;
  };
  Machine& machine_;
  std::vector<Watched> watched_;
};

}  // namespace fencepost::models
