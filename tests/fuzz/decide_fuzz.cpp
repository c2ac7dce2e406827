// Whatever cluster a CIB describes, a decision about it ends, and so does the pretence of carrying it out;
// the same CIB gives the same answer.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/cib/read.h"
#include "tools/crm_simulate/simulate.h"

using namespace fencepost;

namespace {

constexpr WallSeconds kClock{1'750'000'000};

crm_simulate::Options everything(crm_simulate::OutputFormat format) {
  crm_simulate::Options options;
  options.simulate = true;
  options.show_attributes = options.show_failcounts = true;
  options.show_scores = options.show_utilization = true;
  options.save_dot = options.save_graph = options.save_output = "wanted";
  options.format = format;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = cib::read({reinterpret_cast<const char*>(data), size}, "fuzz.xml");
  if (!document) return 0;

  const auto text = everything(crm_simulate::OutputFormat::text);
  const auto answer = crm_simulate::simulate(document, text, kClock);
  const auto again = crm_simulate::simulate(document, text, kClock);
  HA_ASSERT(answer.both == again.both && answer.graph == again.graph && answer.dot == again.dot);
  crm_simulate::simulate(document, everything(crm_simulate::OutputFormat::xml), kClock);
  return 0;
}
