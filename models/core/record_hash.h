// Records as fields of the fingerprint, and which of them are news.
#pragma once

#include "engine/backend/record.h"
#include "engine/sim/fingerprint.h"

namespace fencepost::models {

void add_to(sim::Fingerprint& fingerprint, const backend::Record& record);

// False for what goes on all day long: runs of recurring monitors whose result is that of the run before.
bool is_news(const node::JournalEntry& entry);

}  // namespace fencepost::models
