#include "engine/cib/well_formed.h"

#include <expat.h>

#include <memory>
#include <type_traits>

namespace fencepost::cib {
namespace {

using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)>;

// In words of what to do.
std::string describe(XML_Error error) {
  switch (error) {
    case XML_ERROR_INVALID_TOKEN:
      return "this character may not stand here: write & as &amp; and < as &lt;";
    case XML_ERROR_UNDEFINED_ENTITY:
      return "there is no such entity: write & as &amp;";
    case XML_ERROR_BAD_CHAR_REF:
      return "this reference is to no character that XML allows: leave it out";
    case XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
      return "something follows the end of the outermost element: leave it out";
    default:
      return std::string("this is not well-formed XML (") + XML_ErrorString(error) + "): repair it here";
  }
}

}  // namespace

std::optional<Problem> find_malformed_xml(std::string_view xml, const std::string& file_name) {
  const Parser parser(XML_ParserCreate("UTF-8"), &XML_ParserFree);
  // All at once: a value that goes on in the next piece would be looked at again from its beginning.
  constexpr std::size_t kChunk = std::size_t{1} << 30;
  for (std::size_t start = 0; start < xml.size(); start += kChunk) {
    const std::string_view chunk = xml.substr(start, kChunk);
    const bool is_last = start + chunk.size() == xml.size();
    if (XML_Parse(parser.get(), chunk.data(), static_cast<int>(chunk.size()), is_last) == XML_STATUS_OK)
      continue;
    const Where where{file_name, static_cast<int>(XML_GetCurrentLineNumber(parser.get())),
                      static_cast<int>(XML_GetCurrentColumnNumber(parser.get())) + 1};
    return Problem{Severity::error, where, describe(XML_GetErrorCode(parser.get()))};
  }
  return std::nullopt;
}

}  // namespace fencepost::cib
