// The tables and views of a recording. docs/record.md tells what they mean, with example queries.
#pragma once

namespace fencepost::reporters {

// PRAGMA application_id of a recording, "FPst"; `file` and we tell one from another database by it.
inline constexpr int kApplicationId = 0x46507374;
// PRAGMA user_version: grows when a table or column changes its meaning or goes.
inline constexpr int kSchemaVersion = 1;

extern const char* const kSchema;

}  // namespace fencepost::reporters
