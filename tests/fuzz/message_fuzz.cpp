// Whatever a peer sends, taking it ends in a message or an error; and a message that was taken is sent on as
// it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/live/codec.h"
#include "engine/live/fragments.h"

using namespace fencepost;

namespace {

const node::Nodelist kNodes = {{"n1", 1}, {"n2", 2}, {"n3", 3}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  live::Reassembly reassembly;
  // An error is as good an answer as any.
  if (const auto whole = reassembly.add({1, 1}, bytes); whole && *whole)
    static_cast<void>(live::decode(**whole, kNodes));

  const auto message = live::decode(bytes, kNodes);
  if (!message) return 0;
  const std::string again = live::encode(**message, kNodes);
  const auto twice = live::decode(again, kNodes);
  HA_ASSERT(twice.has_value() && live::encode(**twice, kNodes) == again);
  return 0;
}
