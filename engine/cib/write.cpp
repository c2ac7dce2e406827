#include "engine/cib/write.h"

#include "engine/cib/element_writer.h"

namespace fencepost::cib {
namespace mapping {
namespace {

const char* escape(char c) {
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
      return "&#10;";
    case '\r':
      return "&#13;";
    case '\t':
      return "&#9;";
    default:
      return nullptr;
  }
}

}  // namespace

void ElementWriter::attribute(std::string_view name, std::string_view value) {
  out_.append(" ").append(name).append("=\"");
  std::size_t plain = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char* escaped = escape(value[i]);
    if (!escaped) continue;
    out_.append(value.substr(plain, i - plain)).append(escaped);
    plain = i + 1;
  }
  out_.append(value.substr(plain)).append("\"");
}

}  // namespace mapping

std::string write(const Cib& cib, Part part) {
  using mapping::ElementWriter;
  std::string out;
  if (part == Part::configuration) {
    ElementWriter::whole(out, "configuration", *cib.configuration);
  } else if (part == Part::status) {
    ElementWriter::whole(out, "status", cib.status);
  } else {
    ElementWriter root(out, "cib", 0, &cib.extras);
    mapping::map_header(root, cib);
    root.element("configuration", *cib.configuration);
    root.element("status", cib.status);
    root.close();
  }
  return out;
}

}  // namespace fencepost::cib
