#include "engine/cib/write.h"

#include "engine/base/xml_text.h"
#include "engine/cib/element_writer.h"

namespace fencepost::cib {
namespace mapping {
void ElementWriter::attribute(std::string_view name, std::string_view value) {
  append_xml_attribute(out_, name, value);
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
