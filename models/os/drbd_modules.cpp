#include "models/os/drbd_modules.h"

#include <algorithm>

#include "models/agents/drbd_handlers.h"
#include "models/machine.h"
#include "models/os/shell.h"
#include "models/os/storage_world.h"
#include "models/services/clients.h"
#include "models/services/look.h"
#include "models/world.h"

namespace fencepost::models {

// One volume of a resource on one host.
class DrbdDevice final : public BlockDevice {
 public:
  DrbdDevice(DrbdResource& resource, int host, int volume)
      : resource_(resource),
        host_(host),
        volume_(volume),
        name_(resource.drbd_.config()
                  .hosts[static_cast<std::size_t>(host)]
                  .volumes[static_cast<std::size_t>(volume)]
                  .device) {}

  std::string_view name() const override { return name_; }
  bool open() override { return resource_.drbd_.open(host_, volume_); }
  void close() override {
    // A machine that lost its power closed nothing.
    if (resource_.drbd_.role(host_) == DrbdRole::primary) resource_.drbd_.close(host_, volume_);
  }
  DeviceIo reads() const override { return resource_.drbd_.reads(host_, volume_); }
  DeviceIo writes() const override { return resource_.drbd_.writes(host_, volume_); }
  void write(std::int64_t count, bool acknowledged) override {
    if (resource_.drbd_.role(host_) != DrbdRole::primary) return;  // power is gone, nothing reaches the disk
    resource_.drbd_.write(resource_.now(), host_, volume_, count, acknowledged);
    resource_.note_changes();
  }
  void say(std::string name, std::string text) override {
    if (resource_.drbd_.role(host_) != DrbdRole::primary) return;
    resource_.drbd_.say(resource_.now(), host_, volume_, std::move(name), std::move(text));
    resource_.note_changes();
  }
  std::string read(std::string_view name) const override {
    return std::string(resource_.drbd_.read(host_, volume_, name));
  }
  std::int64_t position() const override { return resource_.drbd_.visible(host_, volume_).position; }
  std::int64_t missing_acknowledged() const override {
    return resource_.drbd_.data(volume_).missing(resource_.drbd_.visible(host_, volume_));
  }
  void set_busy(bool busy) override {
    resource_.act_void([&](Drbd& drbd, SimTime now) { drbd.set_busy(now, host_, busy); });
  }

 private:
  DrbdResource& resource_;
  int host_;
  int volume_;
  std::string name_;
};

// --- A resource ---

DrbdResource::DrbdResource(World& world, DrbdResourceConfig config, const DrbdWorld& tuning)
    : world_(world),
      drbd_(std::move(config),
            {.volume_bytes = tuning.volume_size_bytes,
             .network_rate = tuning.network_rate,
             .bytes_per_write = tuning.bytes_per_write,
             .handshake = tuning.handshake},
            world.stream("drbd")),
      network_(tuning.network),
      alarm_(world, nullptr, rings<&DrbdResource::ring>(this)) {
  const auto hosts = static_cast<std::size_t>(drbd_.hosts());
  cut_.assign(hosts, std::vector<bool>(hosts, false));
  for (int host = 0; host < drbd_.hosts(); ++host) {
    machines_.push_back(world.find_machine(drbd_.config().hosts[static_cast<std::size_t>(host)].name));
    changed_.push_back(std::make_unique<WaitQueue>());
    for (int volume = 0; volume < drbd_.volumes(); ++volume) {
      devices_.push_back(std::make_unique<DrbdDevice>(*this, host, volume));
      last_io_.push_back(DeviceIo::fails);
    }
  }
  look_at_network();
}

DrbdResource::~DrbdResource() = default;

std::optional<int> DrbdResource::host(const Machine& machine) const {
  return drbd_.find_host(machine.name());
}

SimTime DrbdResource::now() const { return world_.now(); }

void DrbdResource::before() {
  if (acting_++ == 0) world_.part<Clients>().settle();
}

void DrbdResource::after() {
  if (--acting_ > 0) return;
  note_changes();
  note_io();
  call_handlers();
  const SimTime next = drbd_.next();
  if (next == kNever)
    alarm_.disarm();
  else
    alarm_.arm(std::max(next, now()));
  for (auto& queue : changed_) queue->wake_all();
  for (Machine* machine : machines_) {
    if (machine && machine->up()) machine->part<ResourceTruth>().refresh();
  }
  look_at_services(world_);
}

void DrbdResource::ring() {
  act_void([](Drbd& drbd, SimTime now) { drbd.advance(now); });
}

void DrbdResource::note_changes() {
  for (DrbdChange& change : drbd_.changes()) {
    world_.observe(
        backend::StateChanged{.node = drbd_.config().hosts[static_cast<std::size_t>(change.host)].name,
                              .kind = change.kind,
                              .object = change.object,
                              .from = change.from,
                              .to = change.to});
    recent_.push_back(std::move(change));
  }
}

// Who waits for a device looks again; the record says when I/O stands still.
void DrbdResource::note_io() {
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const DeviceIo io = devices_[i]->writes();
    if (io == last_io_[i]) continue;
    const std::size_t host = i / static_cast<std::size_t>(drbd_.volumes());
    const bool primary = drbd_.role(static_cast<int>(host)) == DrbdRole::primary;
    if (primary && (io == DeviceIo::waits || last_io_[i] == DeviceIo::waits)) {
      world_.observe(backend::StateChanged{.node = drbd_.config().hosts[host].name,
                                           .kind = "drbd-io",
                                           .object = std::string(devices_[i]->name()),
                                           .from = last_io_[i] == DeviceIo::waits ? "suspended" : "running",
                                           .to = io == DeviceIo::waits ? "suspended" : "running"});
    }
    last_io_[i] = io;
    devices_[i]->changed.wake_all();
  }
}

// The kernel calls its handlers; a resource without one is left as it is, frozen until the peer is back.
void DrbdResource::call_handlers() {
  for (const auto& [host, peer] : drbd_.fence_requests()) {
    Machine* machine = machines_[static_cast<std::size_t>(host)];
    if (!machine || !machine->up()) continue;
    Process& handler = machine->spawn(drbd_.config().handlers.fence_peer + " " + name());
    machine->start(handler, fence_peer(handler, *this, host, peer));
  }
  for (const int host : drbd_.pri_lost_requests()) {
    Machine* machine = machines_[static_cast<std::size_t>(host)];
    const std::string& handler = drbd_.config().handlers.pri_lost_after_sb;
    if (machine && machine->up() && !handler.empty()) run_shell(*machine, handler);
  }
  const auto synced = [](const DrbdChange& c) {
    return c.kind == "drbd-disk" && c.from == "Inconsistent" && c.to == "UpToDate";
  };
  for (const DrbdChange& change : std::exchange(recent_, {})) {
    Machine* machine = machines_[static_cast<std::size_t>(change.host)];
    if (!synced(change) || !machine || !machine->up()) continue;
    if (drbd_.config().handlers.unfence_peer.empty()) continue;
    Process& handler = machine->spawn(drbd_.config().handlers.unfence_peer + " " + name());
    machine->start(handler, unfence_peer(handler, *this, change.host));
  }
}

void DrbdResource::look_at_network() {
  const Network& network = world_.network();
  const auto named = network.find_network(network_);
  act_void([&](Drbd& drbd, SimTime now) {
    for (int from = 0; from < drbd.hosts(); ++from) {
      for (int to = 0; to < drbd.hosts(); ++to) {
        const Machine* a = machines_[static_cast<std::size_t>(from)];
        const Machine* b = machines_[static_cast<std::size_t>(to)];
        if (from == to || !a || !b) continue;
        const NetworkId first{std::size_t{0}};
        const bool passes = network.passes({endpoint(a->id()), endpoint(b->id()), named.value_or(first)});
        drbd.set_way(now, from, to,
                     passes && !cut_[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)]);
      }
    }
  });
}

// --- All of them ---

void DrbdModules::add(const DrbdResourceConfig& config, const DrbdWorld& tuning) {
  resources_.emplace_back(world_, config, tuning);
}

DrbdResource* DrbdModules::find(std::string_view resource) {
  const auto found = std::find_if(resources_.begin(), resources_.end(),
                                  [&](const DrbdResource& r) { return r.name() == resource; });
  return found == resources_.end() ? nullptr : &*found;
}

BlockDevice* DrbdModules::find_device(const Machine& machine, std::string_view path) {
  for (DrbdResource& resource : resources_) {
    const auto host = resource.host(machine);
    if (!host) continue;
    for (int volume = 0; volume < resource.drbd_.volumes(); ++volume) {
      auto& device = resource.devices_[static_cast<std::size_t>(*host * resource.drbd_.volumes() + volume)];
      // udev's other name for it: /dev/drbd/by-res/r0/0
      const std::string by_name = "/dev/drbd/by-res/" + resource.name() + "/" + std::to_string(volume);
      if (device->name() == path || path == by_name) return device.get();
    }
  }
  return nullptr;
}

Result<std::vector<DrbdModules::Link>> DrbdModules::links(std::string_view name, std::string_view node,
                                                          std::string_view peer) {
  std::vector<Link> found;
  for (DrbdResource& resource : resources_) {
    if (!name.empty() && resource.name() != name) continue;
    const auto& hosts = resource.drbd_.config().hosts;
    for (std::size_t a = 0; a < hosts.size(); ++a) {
      for (std::size_t b = 0; b < hosts.size(); ++b) {
        if (a == b || hosts[a].name != node || (!peer.empty() && hosts[b].name != peer)) continue;
        found.push_back({&resource, std::min(a, b), std::max(a, b)});
      }
    }
  }
  if (!found.empty()) return found;
  return failure({}, "no DRBD resource" + (name.empty() ? "" : " '" + std::string(name) + "'") +
                         " connects node '" + std::string(node) + "'" +
                         (peer.empty() ? "" : " with '" + std::string(peer) + "'") +
                         ": check the names in the .res file");
}

void DrbdModules::cut(const Link& link, bool cut) {
  link.resource->cut_[link.a][link.b] = link.resource->cut_[link.b][link.a] = cut;
  link.resource->look_at_network();
}

void DrbdModules::machine_down(Machine& machine) {
  for (DrbdResource& resource : resources_) {
    const auto host = resource.host(machine);
    if (host) resource.act_void([&](Drbd& drbd, SimTime now) { drbd.host_down(now, *host); });
  }
}

void DrbdModules::machine_frozen(Machine& machine) {
  for (DrbdResource& resource : resources_) {
    const auto host = resource.host(machine);
    if (host)
      resource.act_void([&](Drbd& drbd, SimTime now) { drbd.host_frozen(now, *host, machine.frozen()); });
  }
}

void DrbdModules::network_changed() {
  for (DrbdResource& resource : resources_) resource.look_at_network();
}

}  // namespace fencepost::models
