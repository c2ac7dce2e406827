// A YAML (or JSON) document as a tree that remembers where everything stood. The only door of the YAML
// library is behind this.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::scenarios {

struct Entry;

struct Value {
  enum class Kind { nothing, text, list, map };

  Kind kind = Kind::nothing;
  std::string text;                         // of a scalar, as written
  std::vector<Value> items;                 // of a list
  std::vector<Entry> entries;               // of a map, in document order; no key twice
  std::shared_ptr<const std::string> file;  // that it stands in
  int line = 0;
  int column = 0;

  Where where() const { return {file ? *file : "", line, column}; }
  const Value* find(std::string_view key) const;
  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  bool is_text() const { return kind == Kind::text; }
};

struct Entry {
  Value key;  // a text
  Value value;
};

const char* kind_name(Value::Kind kind);  // "a list"

Result<Value> read_document(const std::string& text, const std::string& file_name);

// `over` laid over `base`: maps are merged key by key, everything else is replaced.
Value merged(const Value& base, const Value& over);

// The value as one line of flow YAML: {at: 60s, verb: nfs_hang}
std::string to_flow(const Value& value);

}  // namespace fencepost::scenarios
