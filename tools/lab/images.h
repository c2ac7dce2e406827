// Images with a filesystem behind loop devices, one for all nodes of a lab: what DRBD would be.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/live/descriptor.h"
#include "tools/lab/support.h"

namespace fencepost::lab {

struct BlockDevice {
  std::string path;  // as the nodes have it
  unsigned major = 0, minor = 0;
};

class Images {
 public:
  // Makes them below `directory`, with what has to lie on them. Gone with this object and all that use them.
  static Result<std::unique_ptr<Images>> make(const std::string& directory,
                                              const std::vector<Support::Image>& wanted);
  const std::vector<BlockDevice>& devices() const { return devices_; }

 private:
  std::vector<live::Descriptor> open_;  // a loop device clears itself when nobody has it open
  std::vector<BlockDevice> devices_;
};

bool loop_devices_work();

}  // namespace fencepost::lab
