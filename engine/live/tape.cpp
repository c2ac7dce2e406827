#include "engine/live/tape.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/version.h"
#include "engine/live/codec.h"
#include "engine/node/profile.h"
#include "engine/sim/fingerprint.h"

namespace fencepost::live {
namespace {

using nlohmann::json;

constexpr int kTapeVersion = 1;
constexpr std::size_t kFrameMax = std::size_t{1} << 30;

// Frames: the length of the rest as four bytes, then numbers and text as the machine has them. A tape is
// played where it was made.
template <class T>
void append(std::string& to, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T take(std::string_view& from) {
  T value{};
  HA_ASSERT(from.size() >= sizeof value);
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return value;
}
constexpr std::size_t kStepHead = 3 * sizeof(std::int64_t);

std::string head_of(const node::NodeOptions& options) {
  json nodes = json::array();
  for (const node::NodelistEntry& each : *options.nodelist)
    nodes.push_back({{"name", each.name}, {"id", each.corosync_id}});
  return json{{"tape", kTapeVersion},
              {"version", kVersion},
              {"protocol", kProtocolVersion},
              {"self", options.self.index()},
              {"nodes", nodes},
              {"profile", options.profile->name},
              {"seed", options.seed},
              {"cpus", options.cpus},
              {"repeats", options.journal_repeats},
              {"watchdog_ns", options.watchdog_timeout.count()}}
      .dump();
}

Error no_tape(const std::string& why) { return {{"tape", 0, 0}, why}; }

}  // namespace

// --- Writing ---

TapeWriter::TapeWriter(Descriptor file, std::string path, std::shared_ptr<const node::Nodelist> nodelist)
    : file_(std::move(file)), path_(std::move(path)), nodelist_(std::move(nodelist)) {}

Result<std::unique_ptr<TapeWriter>> TapeWriter::create(const std::string& path,
                                                       const node::NodeOptions& options) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0600));
  if (!file) return failure({path, 0, 0}, std::string("no tape can be made here: ") + std::strerror(errno));
  std::unique_ptr<TapeWriter> tape(new TapeWriter(std::move(file), path, options.nodelist));
  tape->put(head_of(options));
  if (const auto trouble = tape->trouble()) return tl::unexpected(*trouble);
  return tape;
}

void TapeWriter::event(node::Now now, const node::Event& event) {
  now_ = now;
  event_ = encode_event(event, *nodelist_);
}

void TapeWriter::effects(const node::Effects& effects) {
  std::string frame;
  append(frame, std::int64_t{now_.time.time_since_epoch().count()});
  append(frame, std::int64_t{now_.wall.since_epoch});
  append(frame, sim::hash64(encode_effects(effects, *nodelist_)));
  put(frame + event_);
}

// A tape with a hole explains nothing after it, so the first failure is its end.
void TapeWriter::put(std::string_view frame) {
  if (failed_) return;
  std::string whole;
  append(whole, static_cast<std::uint32_t>(frame.size()));
  whole += frame;
  for (std::string_view rest = whole; !rest.empty();) {
    const ssize_t wrote = ::write(file_.get(), rest.data(), rest.size());
    if (wrote > 0) {
      rest.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno != EINTR) {
      failed_ = true;
      trouble_ = Error{{path_, 0, 0}, std::string("the tape ends here: ") + std::strerror(errno)};
      return;
    }
  }
}

std::optional<Error> TapeWriter::trouble() { return std::exchange(trouble_, std::nullopt); }

// --- Playing ---

std::optional<std::string_view> TapePlayer::frame() {
  std::string_view rest = std::string_view(bytes_).substr(at_);
  if (rest.size() < sizeof(std::uint32_t)) return std::nullopt;
  const auto size = take<std::uint32_t>(rest);
  if (rest.size() < size) return std::nullopt;
  at_ += sizeof(std::uint32_t) + size;
  return rest.substr(0, size);
}

Result<void> TapePlayer::begin(std::string_view text) {
  const json head = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!head.is_object() || head.value("tape", 0) != kTapeVersion)
    return tl::unexpected(no_tape("this is no tape of a node, or one of another version"));
  if (head.value("protocol", 0) != kProtocolVersion)
    return tl::unexpected(no_tape("a tape of version " + head.value("version", std::string("unknown")) +
                                  " of Fencepost, which speaks another protocol: play it there"));
  auto nodelist = std::make_shared<node::Nodelist>();
  for (const json& each : head.value("nodes", json::array()))
    nodelist->push_back({each.value("name", std::string()), each.value("id", 0u)});
  const std::size_t self = head.value("self", nodelist->size());
  if (self >= nodelist->size())
    return tl::unexpected(no_tape("a tape of a node that is not in its nodelist"));
  node::Profile profile = head.value("profile", std::string()) == node::fencepost_profile().name
                              ? node::fencepost_profile()
                              : node::pacemaker_profile();
  options_.self = node::NodeId{self};
  options_.nodelist = std::move(nodelist);
  options_.profile = std::make_shared<const node::Profile>(std::move(profile));
  options_.seed = head.value("seed", std::uint64_t{0});
  options_.cpus = head.value("cpus", 2);
  options_.journal_repeats = head.value("repeats", false);
  options_.watchdog_timeout = Duration{head.value("watchdog_ns", std::int64_t{0})};
  engine_ = std::make_unique<node::Node>(options_);
  return {};
}

Result<std::optional<TapePlayer::Step>> TapePlayer::next() {
  if (at_ > (std::size_t{1} << 20)) {  // what was played is not kept
    bytes_.erase(0, at_);
    at_ = 0;
  }
  auto bytes = frame();
  if (bytes && !engine_) {
    if (const auto begun = begin(*bytes); !begun) return tl::unexpected(begun.error());
    bytes = frame();
  }
  if (!bytes) return std::optional<Step>{};
  if (bytes->size() < kStepHead || bytes->size() > kFrameMax)
    return tl::unexpected(no_tape("a step of a size that none has"));
  Step step;
  step.now.time = SimTime{Duration{take<std::int64_t>(*bytes)}};
  step.now.wall = {take<std::int64_t>(*bytes)};
  const auto fingerprint = take<std::uint64_t>(*bytes);
  auto event = decode_event(*bytes, *options_.nodelist);
  if (!event) return tl::unexpected(event.error());
  step.event = *std::move(event);
  step.effects = &engine_->step(step.now, step.event);
  step.same = sim::hash64(encode_effects(*step.effects, *options_.nodelist)) == fingerprint;
  ++steps_;
  if (!step.same) ++different_;
  return std::optional<Step>{std::move(step)};
}

}  // namespace fencepost::live
