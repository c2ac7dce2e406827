#include "engine/cib/rule.h"

#include <tuple>

namespace fencepost::cib {

bool Rule::operator==(const Rule& other) const {
  const auto tied = [](const Rule& r) {
    return std::tie(r.id, r.id_ref, r.boolean_op, r.score, r.score_attribute, r.role, r.parts, r.extras);
  };
  return tied(*this) == tied(other);
}

}  // namespace fencepost::cib
