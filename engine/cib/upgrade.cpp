#include "engine/cib/upgrade.h"

namespace fencepost::cib {

void upgrade(Cib&) {}

}  // namespace fencepost::cib
