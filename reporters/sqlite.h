// The door to SQLite: a database, its statements, and errors as values. Only reporters/*.cpp include this.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace fencepost::reporters {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using DatabasePtr = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementPtr = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// Binds values from ?1 on, runs, and is ready again. Text is only read during run().
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    code_ = sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    statement_.reset(raw);
  }

  template <class... Values>
  int run(const Values&... values) {
    if (!statement_) return code_;
    int place = 0;
    (bind(++place, values), ...);
    const int code = sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    return code == SQLITE_ROW ? SQLITE_DONE : code;
  }
  // For queries: bind once, then step while it returns true.
  bool step() {
    code_ = statement_ ? sqlite3_step(statement_.get()) : code_;
    return code_ == SQLITE_ROW;
  }
  template <class... Values>
  void bind_all(const Values&... values) {
    if (!statement_) return;
    sqlite3_reset(statement_.get());
    int place = 0;
    (bind(++place, values), ...);
  }
  int code() const { return code_; }

  std::string text(int column) const {
    const void* bytes = sqlite3_column_blob(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return bytes == nullptr ? std::string{} : std::string(static_cast<const char*>(bytes), size);
  }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  void bind(int place, std::string_view text) {
    sqlite3_bind_text(statement_.get(), place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind(int place, const std::string& text) { bind(place, std::string_view{text}); }
  void bind(int place, const char* text) { bind(place, std::string_view{text}); }
  void bind(int place, std::int64_t value) { sqlite3_bind_int64(statement_.get(), place, value); }
  void bind(int place, int value) { sqlite3_bind_int64(statement_.get(), place, value); }
  void bind(int place, bool value) { sqlite3_bind_int64(statement_.get(), place, value ? 1 : 0); }
  void bind(int place, std::nullopt_t) { sqlite3_bind_null(statement_.get(), place); }
  template <class T>
  void bind(int place, const std::optional<T>& value) {
    value ? bind(place, *value) : bind(place, std::nullopt);
  }

  StatementPtr statement_;
  int code_ = SQLITE_OK;
};

}  // namespace fencepost::reporters
