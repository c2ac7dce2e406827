// What we get wrong stops the run, on the spot, in every build. What people get wrong is a Result.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fencepost {

[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "fencepost: internal error: '%s' does not hold at %s:%d; please report this\n",
               condition, file, line);
  std::abort();
}

}  // namespace fencepost

#define HA_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::fencepost::assertion_failed(#condition, __FILE__, __LINE__))
