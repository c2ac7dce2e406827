#include "scenarios/document.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

namespace fencepost::scenarios {
namespace {

// Deeper than any scenario, shallower than any stack.
constexpr int kDepthMax = 64;

class Copier {
 public:
  explicit Copier(const std::string& file_name) : file_(std::make_shared<const std::string>(file_name)) {}

  Value copy(const YAML::Node& node, int depth = 0) {
    Value value;
    value.file = file_;
    value.line = node.Mark().line + 1;
    value.column = node.Mark().column + 1;
    if (depth > kDepthMax) {
      complain(value, "this is nested more than " + std::to_string(kDepthMax) + " levels deep");
      return value;
    }
    if (node.IsScalar()) {
      value.kind = Value::Kind::text;
      value.text = node.Scalar();
    } else if (node.IsSequence()) {
      value.kind = Value::Kind::list;
      for (const YAML::Node& item : node) value.items.push_back(copy(item, depth + 1));
    } else if (node.IsMap()) {
      value.kind = Value::Kind::map;
      for (const auto& entry : node) add_entry(value, entry.first, entry.second, depth);
    }
    return value;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void add_entry(Value& map, const YAML::Node& key, const YAML::Node& content, int depth) {
    Entry entry{copy(key, depth + 1), copy(content, depth + 1)};
    if (!entry.key.is_text()) return complain(entry.key, "a key must be a word");
    if (map.find(entry.key.text) != nullptr)
      return complain(entry.key, "'" + entry.key.text + "' is given twice; keep one");
    map.entries.push_back(std::move(entry));
  }

  void complain(const Value& at, std::string message) {
    if (!error_) error_ = Error{at.where(), std::move(message)};
  }

  std::shared_ptr<const std::string> file_;
  std::optional<Error> error_;
};

bool is_plain(const std::string& text) {
  return !text.empty() && text.front() != ' ' && text.back() != ' ' && text.back() != ':' &&
         std::string("-?!&*|>@%`").find(text.front()) == std::string::npos &&
         text.find_first_of(",[]{}#\"'\n\t") == std::string::npos && text.find(": ") == std::string::npos;
}

std::string quoted(const std::string& text) {
  if (is_plain(text)) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const auto entry =
      std::ranges::find_if(entries, [&](const Entry& candidate) { return candidate.key.text == key; });
  return entry == entries.end() ? nullptr : &entry->value;
}

const char* kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::nothing:
      return "nothing";
    case Value::Kind::text:
      return "a plain value";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::map:
      return "a map of names to values";
  }
  return "";
}

Result<Value> read_document(const std::string& text, const std::string& file_name) {
  try {
    Copier copier(file_name);
    Value value = copier.copy(YAML::Load(text));
    if (copier.error()) return tl::unexpected<Error>(*copier.error());
    return value;
  } catch (const YAML::Exception& problem) {
    return failure({file_name, problem.mark.line + 1, problem.mark.column + 1},
                   "this is neither YAML nor JSON: " + problem.msg);
  }
}

Value merged(const Value& base, const Value& over) {
  if (!base.is_map() || !over.is_map()) return over;
  Value out = over;
  for (const Entry& entry : base.entries) {
    const auto mine =
        std::ranges::find_if(out.entries, [&](const Entry& e) { return e.key.text == entry.key.text; });
    if (mine == out.entries.end())
      out.entries.push_back(entry);
    else
      mine->value = merged(entry.value, mine->value);
  }
  return out;
}

std::string to_flow(const Value& value) {
  std::string out;
  switch (value.kind) {
    case Value::Kind::nothing:
      return "null";
    case Value::Kind::text:
      return quoted(value.text);
    case Value::Kind::list:
      for (const Value& item : value.items) out += (out.empty() ? "" : ", ") + to_flow(item);
      return "[" + out + "]";
    case Value::Kind::map:
      for (const Entry& entry : value.entries)
        out += (out.empty() ? "" : ", ") + quoted(entry.key.text) + ": " + to_flow(entry.value);
      return "{" + out + "}";
  }
  return out;
}

}  // namespace fencepost::scenarios
