#include "models/os/volume_groups.h"

#include <algorithm>

#include "models/machine.h"
#include "models/os/mount_table.h"
#include "models/os/storage_world.h"
#include "models/world.h"

namespace fencepost::models {
namespace {

const VolumeGroupConfig* find_config(Machine& machine, std::string_view group) {
  const auto& all = machine.world().part<StorageWorld>().config().volume_groups;
  const auto found = std::ranges::find(all, group, &VolumeGroupConfig::name);
  return found == all.end() ? nullptr : &*found;
}

// "vg0" of "/dev/vg0/db" and of "/dev/mapper/vg0-db"; empty if it is neither.
std::string_view group_in(std::string_view path) {
  for (const auto& [prefix, separator] : {std::pair{std::string_view("/dev/mapper/"), '-'}, {"/dev/", '/'}}) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view rest = path.substr(prefix.size());
    const std::size_t end = rest.find(separator);
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
  }
  return {};
}

}  // namespace

VolumeGroups::Answer VolumeGroups::activate(const std::string& group) {
  if (is_active(group)) return Answer::done;
  const VolumeGroupConfig* config = find_config(machine_, group);
  BlockDevice* device =
      config ? machine_.world().part<BlockDevices>().find(machine_, config->device) : nullptr;
  if (config && (!device || !device->open())) return Answer::device_not_there;
  active_[group] = device;
  machine_.part<ResourceTruth>().refresh();
  return Answer::done;
}

VolumeGroups::Answer VolumeGroups::deactivate(const std::string& group) {
  const auto known = active_.find(group);
  if (known == active_.end()) return Answer::done;
  const auto uses = [&](const MountPtr& mount) { return group_in(mount->request.from) == group; };
  if (std::ranges::any_of(machine_.part<MountTable>().mounts(), uses)) return Answer::in_use;
  if (known->second) known->second->close();
  active_.erase(known);
  machine_.part<ResourceTruth>().refresh();
  return Answer::done;
}

BlockDevice* VolumeGroups::find(std::string_view path, bool& ours) const {
  const std::string_view group = group_in(path);
  ours = !group.empty() && find_config(machine_, group) != nullptr;
  const auto known = active_.find(group);
  return known == active_.end() ? nullptr : known->second;
}

}  // namespace fencepost::models
