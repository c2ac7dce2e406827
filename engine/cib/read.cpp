#include "engine/cib/read.h"

#include <pugixml.hpp>

#include "engine/cib/element_reader.h"
#include "engine/cib/upgrade.h"
#include "engine/cib/utf8.h"
#include "engine/cib/well_formed.h"

namespace fencepost::cib {
namespace {

using mapping::ElementReader;
using mapping::Reading;

// What stops libxml2 too, or what no honest CIB has.
std::optional<Error> refuse_text(std::string_view xml, const std::string& file_name) {
  const auto at = [&](std::size_t offset) {
    return TextPosition(xml).where(file_name, static_cast<std::ptrdiff_t>(offset));
  };
  if (xml.find_first_not_of(" \t\r\n") == xml.npos) {
    return Error{{file_name, 0, 0}, "there is nothing in it: a CIB starts with <cib>"};
  }
  if (xml.size() > std::size_t{1} << 31)
    return Error{{file_name, 0, 0}, "a CIB of more than 2 GiB is not read"};
  if (const auto bad = find_invalid_utf8(xml)) {
    return Error{at(*bad), "this is not UTF-8: convert the file, for example with iconv -t UTF-8"};
  }
  if (const auto nul = xml.find('\0'); nul != xml.npos) {
    return Error{at(nul), "there is a NUL byte: XML is text"};
  }
  if (const auto entity = xml.find("<!ENTITY"); entity != xml.npos) {
    return Error{at(entity), "entity declarations are not accepted: write the text itself instead"};
  }
  return std::nullopt;
}

// In words of what to do.
std::string describe(pugi::xml_parse_status status) {
  switch (status) {
    case pugi::status_out_of_memory:
      return "there is not enough memory to read it";
    case pugi::status_bad_attribute:
    case pugi::status_bad_start_element:
      return "this element's start is not well-formed XML: write <name attribute=\"value\" …>";
    case pugi::status_bad_end_element:
    case pugi::status_end_element_mismatch:
      return "this end tag does not close the element that is open: check the tags above it";
    case pugi::status_bad_comment:
      return "this comment is not closed: end it with -->";
    case pugi::status_no_document_element:
      return "there is no element: a CIB starts with <cib>";
    default:
      return "this is not well-formed XML";
  }
}

// A text that just ends too early is read as far as it goes, as crm_simulate does: a tag cut short is left
// out, and elements that are still open end there.
bool ends_too_early(const pugi::xml_parse_result& result, std::string_view xml) {
  return result.status == pugi::status_end_element_mismatch &&
         static_cast<std::size_t>(result.offset) + 1 >= xml.size();
}

std::string_view without_cut_tag(std::string_view xml) {
  const std::size_t start = xml.rfind('<');
  const bool is_cut = start != xml.npos && start > 0 && xml.find('>', start) == xml.npos;
  return is_cut ? xml.substr(0, start) : xml;
}

// The elements of a text. They point into the buffer.
struct Dom {
  std::string buffer;
  pugi::xml_document document;

  pugi::xml_parse_result parse(std::string_view xml) {
    buffer = xml;
    return document.load_buffer_inplace(buffer.data(), buffer.size(), pugi::parse_default,
                                        pugi::encoding_utf8);
  }
};

std::optional<Error> parse(std::string_view xml, Dom& dom, Reading& reading) {
  const auto parsed = dom.parse(xml);
  if (parsed) return std::nullopt;
  const std::string_view whole_tags = without_cut_tag(xml);
  const auto again = whole_tags.size() < xml.size() ? dom.parse(whole_tags) : parsed;
  const Where where = reading.position.where(reading.file_name, parsed.offset);
  if (!ends_too_early(again, whole_tags)) return Error{where, describe(parsed.status)};
  reading.problems.push_back({Severity::error, where, "the file ends inside an element: it is not complete"});
  return std::nullopt;
}

void read_configuration(pugi::xml_node element, Reading& reading, Document& document) {
  auto configuration = std::make_shared<Configuration>();
  if (element) ElementReader(element, reading, 0).read_into(element, *configuration);
  configuration->has_references = reading.references > 0;
  document.cib.configuration = std::move(configuration);
}

void read_cib(pugi::xml_node root, Reading& reading, Document& document) {
  ElementReader io(root, reading, 0);
  mapping::map_header(io, document.cib);
  io.leave_out({"configuration", "status"});
  io.finish(&document.cib.extras);
  read_configuration(root.child("configuration"), reading, document);
  if (const auto status = root.child("status")) io.read_into(status, document.cib.status);
}

std::optional<Error> read_root(pugi::xml_node root, Reading& reading, Document& document) {
  const std::string_view name = root.name();
  if (name == "cib") {
    read_cib(root, reading, document);
  } else if (name == "configuration") {
    read_configuration(root, reading, document);
  } else {
    return Error{reading.where(root),
                 "<" + std::string(name) + "> is no CIB: expected <cib> or <configuration>"};
  }
  if (!reading.too_deep) return std::nullopt;
  return Error{
      reading.where(reading.too_deep),
      "elements are nested more than 256 deep, or refer to each other without end: no CIB needs that"};
}

}  // namespace

Result<Document> read_own(std::string_view xml, const std::string& file_name) {
  if (auto error = refuse_text(xml, file_name)) return tl::unexpected(std::move(*error));
  Reading reading{file_name, TextPosition(xml)};
  Dom dom;
  if (auto error = parse(xml, dom, reading)) return tl::unexpected(std::move(*error));

  reading.root = dom.document.document_element();
  Document document;
  if (auto error = read_root(reading.root, reading, document)) return tl::unexpected(std::move(*error));
  document.not_modelled = std::move(reading.not_modelled);
  document.problems = std::move(reading.problems);
  upgrade(document.cib);
  return document;
}

Result<Document> read(std::string_view xml, const std::string& file_name) {
  Result<Document> document = read_own(xml, file_name);
  if (document && document->problems.empty()) {  // the reader tells its own more exactly
    if (auto malformed = find_malformed_xml(xml, file_name))
      document->problems.push_back(std::move(*malformed));
  }
  return document;
}

}  // namespace fencepost::cib
