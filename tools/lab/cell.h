// The cell that a lab lives in: one process in network, mount, pid, uts and ipc namespaces of its own, and
// everything else below it. When that process ends, however it ends, the kernel ends all of it: processes,
// links, mounts. What can outlive it, an empty directory and control groups, the next lab removes.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/base/result.h"

namespace fencepost::lab {

// What a lab finds when it begins.
struct Cell {
  std::string directory;  // in memory, empty, gone at the end
  std::string freezer;    // a control group that can be frozen (cgroup v1); empty: the machine has none
};

// Why this machine can have no lab: "needs root", "may not make namespaces".
std::optional<std::string> why_no_lab();

// Whether a machine can stand still as a frozen one does.
bool can_freeze();

// Runs `inside` in a new cell and returns what it returned. SIGINT and SIGTERM go to it, which ends in order;
// the death of this process ends it at once.
Result<int> in_a_cell(const std::function<int(const Cell&)>& inside);

// What labs that were killed left on the machine. Labs that live are left alone.
void remove_leftovers();

}  // namespace fencepost::lab
