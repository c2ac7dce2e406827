// What remembers the text a value was read from: its line, and the parts of it that have no type here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::cib {

// The line an element starts on, counted from 1; 0 means "made here, not read". Where a thing stood is not
// part of what it is, so lines always compare equal.
struct Line {
  int number = 0;
  friend constexpr bool operator==(Line, Line) { return true; }
};

struct Attribute {
  std::string name;
  std::string value;
  bool operator==(const Attribute&) const = default;
};

// What an element held that is not modelled: kept word for word, so that writing gives it back.
struct Extras {
  std::vector<Attribute> attributes;
  std::vector<std::string> elements;  // each the XML text of one child element

  bool empty() const { return attributes.empty() && elements.empty(); }
  const std::string* attribute(std::string_view name) const;
  bool operator==(const Extras&) const = default;
};

// The text with a point for every character that an id cannot hold, as Pacemaker makes ids of names:
// "status-1-fail-count-db.monitor_10000".
std::string as_xml_id(std::string text);

// One thing in the input that decisions here know nothing about.
struct NotModelled {
  Where where;
  std::string what;  // "attribute 'colour' of primitive 'db'", "element 'acls'"
};

// error: real Pacemaker would log a configuration error, and `fencepost run` refuses. warning: worth telling.
enum class Severity { warning, error };

struct Problem {
  Severity severity = Severity::error;
  Where where;
  std::string message;  // what is wrong and what to do about it
};

std::string to_string(const Problem& problem);

}  // namespace fencepost::cib
