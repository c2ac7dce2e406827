// LVM: volume groups, and where they are activated.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "models/os/block_device.h"
#include "models/part.h"

namespace fencepost::models {

// What one machine has activated. An active volume holds the device below it open.
class VolumeGroups final : public MachinePart {
 public:
  explicit VolumeGroups(Machine& machine) : machine_(machine) {}

  enum class Answer : std::uint8_t { done, device_not_there, in_use };
  // A group that the scenario does not describe has nothing below it, and its volumes are disks of the
  // machine.
  Answer activate(const std::string& group);
  Answer deactivate(const std::string& group);
  bool is_active(std::string_view group) const { return active_.contains(group); }

  // "/dev/vg0/db" or "/dev/mapper/vg0-db": the device below, while the group is active. Null: it is no such
  // path, or not active here; `ours` tells the two apart.
  BlockDevice* find(std::string_view path, bool& ours) const;

 private:
  Machine& machine_;
  std::map<std::string, BlockDevice*, std::less<>> active_;  // by group: the physical volume
};

}  // namespace fencepost::models
