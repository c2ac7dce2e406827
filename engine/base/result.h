// What people get wrong is a value: where it is, what is wrong, and what to do about it.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace fencepost {

// A place in somebody's input. Line and column count from 1; 0 means "not known".
struct Where {
  std::string file;
  int line = 0;
  int column = 0;

  auto operator<=>(const Where&) const = default;
};

struct Error {
  Where where;
  std::string message;  // "'ten' is no score: use a whole number or INFINITY"

  bool operator==(const Error&) const = default;
};

inline std::string to_string(const Where& where) {
  if (where.file.empty()) return "";
  std::string text = where.file;
  if (where.line > 0) text += ":" + std::to_string(where.line);
  if (where.line > 0 && where.column > 0) text += ":" + std::to_string(where.column);
  return text;
}

inline std::string to_string(const Error& error) {
  const std::string place = to_string(error.where);
  return place.empty() ? error.message : place + ": " + error.message;
}

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(Where where, std::string message) {
  return tl::unexpected<Error>(Error{std::move(where), std::move(message)});
}

}  // namespace fencepost
