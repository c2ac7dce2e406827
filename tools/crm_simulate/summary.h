// "Transition Summary": what a decision changes, one line each.
#pragma once

#include "engine/policy/decision.h"
#include "tools/crm_simulate/text_list.h"

namespace fencepost::crm_simulate {

void print_summary(TextList& list, const policy::Decision& decision);

}  // namespace fencepost::crm_simulate
