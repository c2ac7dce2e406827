// An NFS server as its clients meet it, and what a client's mount options make of its silence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace fencepost::models {

// nfs(5): hard, soft, timeo, retrans. Over TCP.
struct NfsOptions {
  bool hard = true;
  Duration timeo = 60s;  // 600 tenths of a second
  int retrans = 2;
  bool read_only = false;
};
// Of a mount's option string; words that make no difference here are ignored, as the kernel takes them.
Result<NfsOptions> nfs_options(std::string_view options);

// A soft mount gives up with an I/O error after a major timeout: timeo, and retrans more with a backoff of
// timeo each, which is 60 + 2 x 60 = 180 s by default (nfs(5); the sum is assumed).
Duration gives_up_after(const NfsOptions& options);

// A request that was cut off is sent again by TCP after 0.2, 0.4, 0.8 … s, at most 120 s apart (Linux
// TCP_RTO_MIN, TCP_RTO_MAX): so long after the cut the first one gets through if the way is open again after
// `outage`.
Duration tcp_resumes_after(Duration outage);

}  // namespace fencepost::models
