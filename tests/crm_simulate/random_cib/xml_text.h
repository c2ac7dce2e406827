// XML with one element a line, children deeper than their parents: what the shrinker can take apart.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fencepost::crm_simulate {

using Pairs = std::vector<std::pair<std::string, std::string>>;

class XmlText {
 public:
  void begin(const std::string& tag, const Pairs& attributes = {}) {
    line("<" + tag + text_of(attributes) + ">");
    open_.push_back(tag);
  }
  void end() {
    const std::string tag = open_.back();
    open_.pop_back();
    line("</" + tag + ">");
  }
  void empty(const std::string& tag, const Pairs& attributes) {
    line("<" + tag + text_of(attributes) + "/>");
  }

  // A set of named values; none: nothing.
  void values(const std::string& tag, const std::string& id, const Pairs& all) {
    if (all.empty()) return;
    begin(tag, {{"id", id}});
    for (const auto& one : all) value(id, one);
    end();
  }
  void value(const std::string& set, const std::pair<std::string, std::string>& one) {
    std::string id = set + "-" + one.first;
    for (char& c : id)
      if (c == '#' || c == ':') c = '.';
    empty("nvpair", {{"id", id}, {"name", one.first}, {"value", one.second}});
  }

  std::string take() { return std::move(text_); }

 private:
  static std::string text_of(const Pairs& attributes) {
    std::string text;
    for (const auto& [name, value] : attributes) text += " " + name + "=\"" + value + "\"";
    return text;
  }
  void line(const std::string& text) { text_ += std::string(open_.size(), ' ') + text + "\n"; }

  std::vector<std::string> open_;
  std::string text_;
};

}  // namespace fencepost::crm_simulate
