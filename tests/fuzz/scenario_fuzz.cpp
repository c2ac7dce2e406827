// Whatever a scenario holds, reading it ends in a scenario or in errors that name a place.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/assert.h"
#include "scenarios/scenario.h"

using namespace fencepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const auto scenario = scenarios::read_scenario(
      scenarios::Inputs::from_recording("fuzz.yaml", {{"fuzz.yaml", std::move(text)}}));
  if (scenario) return 0;

  HA_ASSERT(!scenario.error().empty());
  for (const Error& error : scenario.error()) HA_ASSERT(!error.where.file.empty() && !error.message.empty());
  return 0;
}
