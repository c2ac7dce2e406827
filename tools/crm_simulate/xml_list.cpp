#include "tools/crm_simulate/xml_list.h"

namespace fencepost::crm_simulate {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

void XmlList::write_head(Element& element, std::size_t depth, const char* closing) {
  text_ += std::string(2 * depth, ' ') + "<" + element.tag;
  for (const auto& [name, value] : element.attributes)
    text_ += std::string(" ") + name + "=\"" + escaped(value) + "\"";
  text_ += closing;
  element.written = true;
}

// An element learns only at its end whether it holds others; those around it are known to do so.
void XmlList::end() {
  for (std::size_t depth = 0; depth + 1 < open_.size(); ++depth)
    if (!open_[depth].written) write_head(open_[depth], depth, ">\n");
  Element& last = open_.back();
  const std::size_t depth = open_.size() - 1;
  if (last.written) {
    text_ += std::string(2 * depth, ' ') + "</" + last.tag + ">\n";
  } else {
    write_head(last, depth, "/>\n");
  }
  open_.pop_back();
}

}  // namespace fencepost::crm_simulate
