// How an operation ended: what the executor says of it and what its agent answered.
#pragma once

#include <string>

namespace fencepost::cib {

// op-status. Other numbers may be read; they are kept.
enum class OpStatus : int {
  pending = -1,
  done = 0,
  cancelled = 1,
  timeout = 2,
  not_supported = 3,
  error = 4,
  error_hard = 5,
  error_fatal = 6,
  not_installed = 7,
  not_connected = 8,
  invalid = 9,
  no_fence_device = 10,
  no_secrets = 11,
};

// rc-code, the agent's answer. Other numbers may be read; they are kept.
enum class AgentRc : int {
  ok = 0,
  unknown_error = 1,
  invalid_parameter = 2,
  unimplemented = 3,
  insufficient_privileges = 4,
  not_installed = 5,
  not_configured = 6,
  not_running = 7,
  promoted = 8,
  failed_promoted = 9,
  degraded = 190,
  degraded_promoted = 191,
  unknown = 193,
};

// "not installed" for 5: Pacemaker's words for an agent's answer, "unknown" for one without a meaning.
std::string rc_text(int rc);

}  // namespace fencepost::cib
