#include "reporters/query.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/assert.h"
#include "reporters/schema.h"
#include "reporters/sqlite.h"

namespace fencepost::reporters {
namespace {

// What a query may take. A recording of a day is answered in a thousandth of it.
constexpr int kInstructionsPerCall = 1'000'000;
constexpr int kCallsMax = 500;

constexpr std::array<std::string_view, 13> kNotRepeatable{
    "random",       "randomblob",        "date",          "time",     "datetime",
    "julianday",    "strftime",          "unixepoch",     "timediff", "current_time",
    "current_date", "current_timestamp", "load_extension"};

// Reading only, and only what every run answers alike.
int allow(void*, int what, const char*, const char* name, const char*, const char*) {
  if (what == SQLITE_SELECT || what == SQLITE_READ || what == SQLITE_RECURSIVE) return SQLITE_OK;
  if (what != SQLITE_FUNCTION || name == nullptr) return SQLITE_DENY;
  return std::ranges::find(kNotRepeatable, std::string_view{name}) == kNotRepeatable.end() ? SQLITE_OK
                                                                                           : SQLITE_DENY;
}

int give_up(void* calls) { return ++*static_cast<int*>(calls) > kCallsMax ? 1 : 0; }

// A bound authorizer and step limit, for as long as this lives.
class Guard {
 public:
  explicit Guard(sqlite3* database) : database_(database) {
    sqlite3_set_authorizer(database, allow, nullptr);
    sqlite3_progress_handler(database, kInstructionsPerCall, give_up, &calls_);
  }
  ~Guard() {
    sqlite3_set_authorizer(database_, nullptr, nullptr);
    sqlite3_progress_handler(database_, 0, nullptr, nullptr);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  sqlite3* database_;
  int calls_ = 0;
};

std::string tables_and_views(sqlite3* database) {
  std::string names;
  Statement list{database, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name"};
  while (list.step()) names += (names.empty() ? "" : ", ") + list.text(0);
  return names;
}

Error cannot(sqlite3* database, int code, const Where& where) {
  const std::string said = sqlite3_errmsg(database);
  if (code == SQLITE_AUTH || said.starts_with("not authorized"))
    return {where, "a check may only SELECT, and may ask neither chance nor today's date (" + said + ")"};
  if (code == SQLITE_INTERRUPT)
    return {where,
            "this query has no end in sight: look for a join without a condition, or a recursion without a "
            "limit"};
  if (said.starts_with("no such table")) return {where, said + "; there are " + tables_and_views(database)};
  return {where, said +
                     "; docs/record.md describes the tables, `fencepost run SCENARIO --db run.db` makes one "
                     "to try it on"};
}

Result<StatementPtr> prepared(sqlite3* database, const std::string& sql, const Where& where) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(database, sql.c_str(), -1, &raw, &rest);
  StatementPtr statement{raw};
  if (code != SQLITE_OK) return tl::unexpected<Error>(cannot(database, code, where));
  if (raw == nullptr) return failure(where, "there is no query here: write SELECT … FROM …");
  if (std::string_view{rest}.find_first_not_of(" \t\r\n;") != std::string_view::npos)
    return failure(where, "a check is one SELECT; make another check of what follows the semicolon");
  return statement;
}

std::string row_text(sqlite3_stmt* statement) {
  std::string text;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
    text += std::string(text.empty() ? "" : ", ") + sqlite3_column_name(statement, i) + "=" +
            (value == nullptr ? "NULL" : value);
  }
  return text;
}

}  // namespace

Result<void> check_query(const std::string& sql, const Where& where) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE, nullptr);
  const DatabasePtr database{raw};
  HA_ASSERT(opened == SQLITE_OK);
  HA_ASSERT(sqlite3_exec(raw, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK);
  const Guard guard(raw);
  const auto statement = prepared(raw, sql, where);
  if (!statement) return tl::unexpected<Error>(statement.error());
  return {};
}

Result<Answer> ask(sqlite3* recording, const std::string& sql, const Where& where) {
  const Guard guard(recording);
  const auto statement = prepared(recording, sql, where);
  if (!statement) return tl::unexpected<Error>(statement.error());
  Answer answer;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement->get())) == SQLITE_ROW)
    if (++answer.rows == 1) answer.first = row_text(statement->get());
  if (code != SQLITE_DONE) return tl::unexpected<Error>(cannot(recording, code, where));
  return answer;
}

}  // namespace fencepost::reporters
