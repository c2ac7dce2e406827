// The cell that a lab lives in: one process in network, mount, pid, uts and ipc namespaces of its own, and
// everything else below it. When that process ends, however it ends, the kernel ends all of it: processes,
// links, mounts. What can outlive it, an empty directory and control groups, the next lab removes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"

namespace fencepost::lab {

// What a lab finds when it begins.
struct Cell {
  std::string directory;  // in memory, empty, gone at the end
  std::string freezer;    // a control group that can be frozen; empty: the machine has none
};

// Why this machine can have no lab: "needs root", "may not make namespaces".
std::optional<std::string> why_no_lab();

// Runs `inside` in a new cell and returns what it returned. SIGINT and SIGTERM go to it, which ends in order;
// the death of this process ends it at once.
Result<int> in_a_cell(const std::function<int(const Cell&)>& inside);

// A folder for whoever rehearses on named hosts; gone at the end, or with the next lab or desk.
class Desk {
 public:
  static Result<std::unique_ptr<Desk>> lay();
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  const Cell& cell() const { return cell_; }

 private:
  struct Holder;
  explicit Desk(std::unique_ptr<Holder> holder);
  Cell cell_;
  std::unique_ptr<Holder> holder_;
};

// What labs that were killed left on the machine. Labs that live are left alone.
void remove_leftovers();

}  // namespace fencepost::lab
