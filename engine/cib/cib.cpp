#include "engine/cib/cib.h"

#include <tuple>

namespace fencepost::cib {

bool operator==(const Cib& a, const Cib& b) {
  const auto header = [](const Cib& c) {
    return std::tie(c.version, c.have_quorum, c.dc_uuid, c.no_quorum_panic, c.validate_with,
                    c.crm_feature_set, c.execution_date, c.extras);
  };
  const bool same_configuration = a.configuration == b.configuration || *a.configuration == *b.configuration;
  return header(a) == header(b) && same_configuration && a.status == b.status;
}

}  // namespace fencepost::cib
