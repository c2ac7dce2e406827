// A rehearsal's watcher on a named host: `fencepost lab-host`, which nobody but `run --hosts` starts. It
// starts the cluster stack, tells over its output what happens (tapes, logs, roles as their signs show them,
// its clock), and does what comes over its input. When that ends, however it ends, it cleans up.
#pragma once

#include <string>

namespace fencepost::lab {

inline constexpr const char* kHostHome = "/var/lib/fencepost-lab";

// What it says; each is a line, some with bytes after it:
//   T NANOSECONDS             its monotonic clock, 20 times a second
//   R RESOURCE ROLE           a role has changed
//   F NAME OFFSET LENGTH      so much of a file, from there
//   N TEXT                    something for people
// What it is told:
//   F NAME LENGTH             a file, which replaces what was there
//   H WORDS                   `files/host` with these words
//   reset                     the machine, at once, without writing anything back
int watch_host(const std::string& node, const std::string& group);

}  // namespace fencepost::lab
