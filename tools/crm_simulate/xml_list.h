// Elements inside elements, two blanks further in each, as Pacemaker's tools print XML.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fencepost::crm_simulate {

constexpr const char* kApiVersion = "2.25";  // of Pacemaker 2.1.5's XML output

using XmlAttributes = std::vector<std::pair<const char*, std::string>>;

class XmlList {
 public:
  void begin(const std::string& tag, const XmlAttributes& attributes = {}) {
    open_.push_back({tag, attributes, false});
  }
  void end();
  void empty(const std::string& tag, const XmlAttributes& attributes = {}) {
    begin(tag, attributes);
    end();
  }
  void text(const std::string& tag, const std::string& text);  // <tag>text</tag>; needs no escapes
  std::string take() { return std::move(text_); }

 private:
  struct Element {
    std::string tag;
    XmlAttributes attributes;
    bool written = false;
  };
  void write_heads(std::size_t depth);  // of those around what comes at this depth
  void write_head(Element& element, std::size_t depth, const char* closing);

  std::vector<Element> open_;
  std::string text_;
};

inline std::string yes_or_no(bool value) { return value ? "true" : "false"; }

}  // namespace fencepost::crm_simulate
