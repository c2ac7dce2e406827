// Text as XML writes it. Reading XML is engine/cib's.
#pragma once

#include <string>
#include <string_view>

namespace fencepost {

namespace detail {

// Line ends and tabs of an attribute would be read back as blanks (XML 1.0, 3.3.3).
inline const char* xml_escape(char c, bool is_attribute) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\n':
      return is_attribute ? "&#10;" : nullptr;
    case '\r':
      return "&#13;";
    case '\t':
      return is_attribute ? "&#9;" : nullptr;
    default:
      return nullptr;
  }
}

inline void append_xml(std::string& out, std::string_view text, bool is_attribute) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char* escaped = xml_escape(text[i], is_attribute);
    if (!escaped) continue;
    out.append(text.substr(plain, i - plain)).append(escaped);
    plain = i + 1;
  }
  out.append(text.substr(plain));
}

}  // namespace detail

// ` name="value"`, with the blank before it.
inline void append_xml_attribute(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=\"");
  detail::append_xml(out, value, true);
  out.append("\"");
}

// What stands between tags.
inline std::string xml_text(std::string_view text) {
  std::string out;
  detail::append_xml(out, text, false);
  return out;
}

}  // namespace fencepost
