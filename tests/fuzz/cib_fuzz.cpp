// Whatever a file holds, reading it ends in a CIB or an error; and a CIB that was read can be written and
// read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"

using namespace fencepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = cib::read({reinterpret_cast<const char*>(data), size}, "fuzz.xml");
  if (!document) return 0;

  cib::check(document->cib, "fuzz.xml");  // its complaints do not matter here
  const std::string text = cib::write(document->cib);
  const auto again = cib::read(text, "again.xml");
  HA_ASSERT(again.has_value());
  HA_ASSERT(cib::write(again->cib) == text);
  return 0;
}
