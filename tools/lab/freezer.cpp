#include "tools/lab/freezer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

namespace fencepost::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFirst = "/sys/fs/cgroup/freezer";
constexpr const char* kSecond[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};  // alone, or beside v1

bool is_second(const std::string& group) { return ::access((group + "/cgroup.freeze").c_str(), F_OK) == 0; }

}  // namespace

bool freezes_past_kill() {
  // The root of v1's hierarchy holds its processes in `tasks`; an empty folder does not.
  return ::access((std::string(kFirst) + "/tasks").c_str(), W_OK) == 0;
}

std::string freezers() {
  if (freezes_past_kill()) return kFirst;
  for (const std::string each : kSecond)
    if (::access((each + "/cgroup.controllers").c_str(), F_OK) == 0 && ::access(each.c_str(), W_OK) == 0)
      return each;
  return "";
}

void set_frozen(const std::string& group, bool frozen) {
  if (is_second(group))
    std::ofstream(group + "/cgroup.freeze") << (frozen ? "1" : "0");
  else
    std::ofstream(group + "/freezer.state") << (frozen ? "FROZEN" : "THAWED");
}

void put_into(const std::string& group, pid_t process) {
  std::ofstream(group + (is_second(group) ? "/cgroup.procs" : "/tasks")) << process;
}

// Groups below others go first; what is frozen is let go, so that it can die.
void remove_group(const std::string& group) {
  std::error_code error;
  std::vector<fs::path> groups{group};
  for (const auto& entry : fs::recursive_directory_iterator(group, error))
    if (entry.is_directory(error)) groups.push_back(entry.path());
  for (const fs::path& each : groups) set_frozen(each.string(), false);
  std::ranges::reverse(groups);
  for (const fs::path& each : groups)
    for (int tries = 0; tries < 200 && ::rmdir(each.c_str()) != 0 && errno == EBUSY; ++tries) usleep(10'000);
}

}  // namespace fencepost::lab
