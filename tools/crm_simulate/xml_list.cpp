#include "tools/crm_simulate/xml_list.h"

#include "engine/base/xml_text.h"

namespace fencepost::crm_simulate {

void XmlList::write_head(Element& element, std::size_t depth, const char* closing) {
  text_ += std::string(2 * depth, ' ') + "<" + element.tag;
  for (const auto& [name, value] : element.attributes) append_xml_attribute(text_, name, value);
  text_ += closing;
  element.written = true;
}

void XmlList::write_heads(std::size_t below) {
  for (std::size_t depth = 0; depth < below; ++depth)
    if (!open_[depth].written) write_head(open_[depth], depth, ">\n");
}

void XmlList::text(const std::string& tag, const std::string& text) {
  write_heads(open_.size());
  text_ += std::string(2 * open_.size(), ' ') + "<" + tag + ">" + text + "</" + tag + ">\n";
}

// An element learns only at its end whether it holds others; those around it are known to do so.
void XmlList::end() {
  write_heads(open_.size() - 1);
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
