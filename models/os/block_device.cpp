#include "models/os/block_device.h"

#include <algorithm>

#include "models/machine.h"
#include "models/os/drbd_modules.h"
#include "models/os/iscsi.h"
#include "models/os/storage_world.h"
#include "models/os/volume_groups.h"
#include "models/world.h"

namespace fencepost::models {

Disk::Disk(std::string owner, std::string name)
    : owner_(std::move(owner)), name_(std::move(name)), version_{data_.begin(), 0} {}

void Disk::write(std::int64_t count, bool acknowledged) {
  version_.position += count;
  if (acknowledged) data_.acknowledge(version_);
}

void Disk::say(std::string name, std::string text) {
  version_ = data_.say(version_, std::move(name), std::move(text));
}

std::string Disk::read(std::string_view name) const { return std::string(data_.read(version_, name)); }

void Disk::stall(bool stalled) {
  stalled_ = stalled;
  changed.wake_all();
}

void Disk::fail(bool failed) {
  failed_ = failed;
  changed.wake_all();
}

BlockDevice* BlockDevices::find(Machine& machine, std::string_view path) {
  if (BlockDevice* drbd = world_.part<DrbdModules>().find_device(machine, path)) return drbd;
  bool is_volume = false;
  if (BlockDevice* volume = machine.part<VolumeGroups>().find(path, is_volume); volume || is_volume)
    return volume;
  if (BlockDevice* lun = world_.part<IscsiTargets>().find(machine, path)) return lun;
  return find_disk(machine, path);
}

Disk* BlockDevices::find_disk(Machine& machine, std::string_view path) {
  const std::vector<std::string>& images = world_.part<StorageWorld>().config().images;
  const bool image = std::find(images.begin(), images.end(), path) != images.end();
  if (!image && (!path.starts_with("/dev/") || path.starts_with("/dev/drbd"))) return nullptr;
  if (world_.part<IscsiTargets>().is_disk(path)) return nullptr;
  const std::string owner = image ? "" : machine.name();
  auto& disk = disks_[{owner, std::string(path)}];
  if (!disk) disk = std::make_unique<Disk>(owner, std::string(path));
  return disk.get();
}

}  // namespace fencepost::models
