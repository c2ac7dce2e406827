// Private to engine/cib.
#pragma once

#include "engine/cib/cib.h"

namespace fencepost::cib {

// What configurations written for schemas before pacemaker-3.0 say, in today's words. Newer ones stay as they
// are.
void upgrade(Cib& cib);

}  // namespace fencepost::cib
