#include "engine/cib/outcome.h"

namespace fencepost::cib {

// As crm_simulate 2.1.5 shows them.
std::string rc_text(int rc) {
  switch (rc) {
    case 0:
      return "ok";
    case 1:
      return "error";
    case 2:
      return "invalid parameter";
    case 3:
      return "unimplemented feature";
    case 4:
      return "insufficient privileges";
    case 5:
      return "not installed";
    case 6:
      return "not configured";
    case 7:
      return "not running";
    case 8:
      return "promoted";
    case 9:
      return "promoted (failed)";
    case 190:
      return "OCF_DEGRADED";
    case 191:
      return "promoted (degraded)";
    default:
      return "unknown";
  }
}

}  // namespace fencepost::cib
