// Questions to a recording that people write, in SQL.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"

struct sqlite3;

namespace fencepost::reporters {

struct Answer {
  std::int64_t rows = 0;
  std::string first;  // "resource=db, seconds=12.5"; empty if there is none
};

// A single SELECT over the tables and views of docs/record.md, that gives the same answer on every run:
// nothing is written, and neither chance nor today's date is asked. Errors name `where` and the remedy.
Result<void> check_query(const std::string& sql, const Where& where);
Result<Answer> ask(sqlite3* recording, const std::string& sql, const Where& where);

}  // namespace fencepost::reporters
