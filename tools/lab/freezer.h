// Control groups that stand still: the freezer of cgroup v1, where there is one, else that of cgroup v2. What
// v1 freezes does not even die of SIGKILL, as a process that waits in the kernel does not; what v2 freezes
// dies.
#pragma once

#include <sys/types.h>

#include <string>

namespace fencepost::lab {

// Where such groups can be made on this machine; empty: nowhere.
std::string freezers();
// Whether what stands still survives SIGKILL.
bool freezes_past_kill();

void set_frozen(const std::string& group, bool frozen);
void put_into(const std::string& group, pid_t process);
// Lets all go, kills nobody, and removes it and the groups below it as soon as they are empty: within 2 s.
void remove_group(const std::string& group);

}  // namespace fencepost::lab
