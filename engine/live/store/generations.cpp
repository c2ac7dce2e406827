#include "engine/live/store/generations.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "engine/base/assert.h"
#include "engine/cib/cib.h"
#include "engine/cib/read.h"
#include "engine/cib/write.h"
#include "engine/live/store/file.h"
#include "engine/sim/fingerprint.h"

namespace fencepost::live {
namespace {

namespace fs = std::filesystem;

// A generation is a CIB that every tool can read, cib-42.xml, and a last line that vouches for it.
constexpr std::string_view kPrefix = "cib-";
constexpr std::string_view kSuffix = ".xml";
constexpr std::string_view kSealBegin = "<!-- fencepost generation ";
constexpr std::string_view kSealEnd = " -->\n";

std::string name_of(std::uint64_t generation) {
  return std::string(kPrefix) + std::to_string(generation) + std::string(kSuffix);
}

// The checksum is seeded with the generation: a file under another's name is not whole.
std::string seal(std::uint64_t generation, std::string_view xml) {
  return std::string(kSealBegin) + std::to_string(generation) + " of " + std::to_string(xml.size()) +
         " bytes " + sim::hex(sim::hash64(xml, generation)) + std::string(kSealEnd);
}

std::optional<std::uint64_t> generation_of(const std::string& name) {
  std::string_view text = name;
  if (!text.starts_with(kPrefix) || !text.ends_with(kSuffix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  text.remove_suffix(kSuffix.size());
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  // "cib-007.xml" is somebody else's: two names must never mean one generation.
  if (code != std::errc{} || end != text.data() + text.size() || name != name_of(number)) return std::nullopt;
  return number;
}

// Newest first.
Result<std::vector<std::uint64_t>> generations_in(const std::string& folder) {
  std::vector<std::uint64_t> found;
  std::error_code code;
  for (fs::directory_iterator each(folder, code), end; !code && each != end; each.increment(code)) {
    if (const auto generation = generation_of(each->path().filename().string())) found.push_back(*generation);
  }
  if (code) return failure({folder, 0, 0}, "cannot be listed (" + code.message() + "): check the folder");
  std::sort(found.rbegin(), found.rend());
  return found;
}

Result<cib::Cib> read_generation(const std::string& folder, std::uint64_t generation) {
  const std::string path = folder + "/" + name_of(generation);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  const std::string text = bytes.str();
  if (!file) return failure({path, 0, 0}, "cannot be read");

  const std::size_t end = text.rfind(kSealBegin);
  if (end == std::string::npos) return failure({path, 0, 0}, "has no checksum: it was cut off");
  const std::string_view xml = std::string_view(text).substr(0, end);
  if (std::string_view(text).substr(end) != seal(generation, xml))
    return failure({path, 0, 0}, "does not match its checksum: it was damaged");
  auto document = cib::read(xml, path);
  if (!document) return tl::unexpected(document.error());
  return std::move(document->cib);
}

}  // namespace

Result<Generations> Generations::open(StoreOptions options) {
  HA_ASSERT(options.generations >= 2);  // one to fall back to
  std::error_code code;
  fs::create_directories(options.folder, code);
  if (code)
    return failure({options.folder, 0, 0},
                   "cannot be made (" + code.message() + "): name another folder, or run as root");
  const auto generations = generations_in(options.folder);
  if (!generations) return tl::unexpected(generations.error());

  Generations store(std::move(options));
  if (!generations->empty()) store.generation_ = generations->front();
  for (const std::uint64_t each : *generations) {
    auto cib = read_generation(store.options_.folder, each);
    if (cib) {
      store.stored_ = std::make_shared<const cib::Cib>(*std::move(cib));
      if (!store.damage_.empty())
        store.damage_.push_back("the configuration of generation " + std::to_string(each) +
                                " is used instead; the other nodes' is taken if it is newer");
      return store;
    }
    store.damage_.push_back(to_string(cib.error()));
  }
  if (generations->empty()) return store;
  return failure({store.options_.folder, 0, 0},
                 "no stored configuration is whole (" + store.damage_.front() +
                     "): put a good one there, or empty the folder to take over the other nodes'");
}

Result<void> Generations::write(const cib::Cib& cib) {
  const std::uint64_t generation = generation_ + 1;
  std::string text = cib::write(cib);
  text += seal(generation, text);
  auto written = write_whole(options_.folder, name_of(generation), text);
  if (!written) return written;
  generation_ = generation;
  forget_old_generations();
  return {};
}

void Generations::forget_old_generations() const {
  const auto generations = generations_in(options_.folder);
  if (!generations) return;  // they are in nobody's way; the next write tries again
  const auto keep = static_cast<std::size_t>(options_.generations);
  for (std::size_t i = keep; i < generations->size(); ++i) {
    std::error_code ignored;  // as above
    fs::remove(options_.folder + "/" + name_of((*generations)[i]), ignored);
  }
}

}  // namespace fencepost::live
