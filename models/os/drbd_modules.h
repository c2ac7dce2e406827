// DRBD in the world: its state machines on the machines' kernels, the network between them, its devices.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/alarm.h"
#include "models/network/network.h"
#include "models/os/block_device.h"
#include "models/part.h"
#include "models/storage/config.h"
#include "models/storage/drbd.h"

namespace fencepost::models {

class World;
class DrbdModules;

// One resource, wherever it lives.
class DrbdResource {
 public:
  DrbdResource(World& world, DrbdResourceConfig config, const DrbdWorld& tuning);
  ~DrbdResource();

  const std::string& name() const { return drbd_.config().name; }
  const Drbd& state() const { return drbd_; }
  std::optional<int> host(const Machine& machine) const;
  WaitQueue& changed(int host) {
    return *changed_[static_cast<std::size_t>(host)];
  }  // anything that host sees

  // The cluster's primitive that stands for it, as its agent was last called.
  void set_cluster_resource(std::string_view primitive) { cluster_resource_ = primitive; }
  const std::string& cluster_resource() const { return cluster_resource_; }

  // Does something to it, now, and everything that follows: records, wakes, alarms.
  template <class F>
  auto act(F&& what) {
    before();
    auto answer = what(drbd_, now());
    after();
    return answer;
  }
  template <class F>
  void act_void(F&& what) {
    before();
    what(drbd_, now());
    after();
  }

 private:
  friend class DrbdModules;
  friend class DrbdDevice;

  SimTime now() const;
  void before();  // who writes has written up to now
  void after();
  void ring();
  void note_changes();
  void note_io();
  void look_at_network();
  void call_handlers();

  World& world_;
  Drbd drbd_;
  std::string network_;
  std::string cluster_resource_;
  std::vector<Machine*> machines_;      // by host; null: not a node of this world
  std::vector<std::vector<bool>> cut_;  // by fault: from, to
  std::vector<std::unique_ptr<WaitQueue>> changed_;
  std::vector<std::unique_ptr<BlockDevice>> devices_;  // by host and volume
  std::vector<DeviceIo> last_io_;                      // of each device's writes
  std::vector<DrbdChange> recent_;                     // since handlers were last called
  Alarm alarm_;
  int acting_ = 0;
};

class DrbdModules final : public WorldPart {
 public:
  explicit DrbdModules(World& world) : world_(world) {}

  void add(const DrbdResourceConfig& config, const DrbdWorld& tuning);
  DrbdResource* find(std::string_view resource);
  BlockDevice* find_device(const Machine& machine, std::string_view path);
  const std::deque<DrbdResource>& resources() const { return resources_; }

  // A replication link, whatever the network below it does.
  struct Link {
    DrbdResource* resource = nullptr;
    std::size_t a = 0, b = 0;  // hosts, a < b
  };
  // Between two nodes, or to all peers of one. An empty resource means all.
  Result<std::vector<Link>> links(std::string_view resource, std::string_view node, std::string_view peer);
  void cut(const Link& link, bool cut);

  void machine_down(Machine& machine) override;
  void machine_frozen(Machine& machine) override;
  void network_changed() override;

 private:
  World& world_;
  std::deque<DrbdResource> resources_;  // never move
};

}  // namespace fencepost::models
