// Reads CIB XML: a whole <cib>, or a bare <configuration>. The only door of the XML library is behind this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/cib/cib.h"

namespace fencepost::cib {

struct Document {
  Cib cib;
  std::vector<NotModelled> not_modelled;
  std::vector<Problem> problems;  // what reading itself stumbled over; see also check()
};

// As lenient as crm_simulate: old schemas are upgraded, unknown things are kept and listed. An Error means
// that nothing can be made of it.
Result<Document> read(std::string_view xml, const std::string& file_name);
// The same for a text that we have written ourselves: nobody needs to look whether it is XML.
Result<Document> read_own(std::string_view xml, const std::string& file_name);

// .xml, .bz2, or "-" for standard input.
Result<Document> read_file(const std::string& path);

// What crm_verify would complain about: dangling references, ids used twice, texts that are no scores, …
std::vector<Problem> check(const Cib& cib, const std::string& file_name);

}  // namespace fencepost::cib
