// A tape holds everything that one life of an engine was told: who it is, and each event with its time.
// Played back to a new engine it gives the same effects, and beside each event stands the fingerprint of
// those that it had, so that a difference shows at the very step.
//
// A step is written before its effects are performed: a node that is killed has done nothing that its tape
// does not explain. A tape holds the whole configuration with its passwords: it is readable by root alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/live/descriptor.h"
#include "engine/node/node.h"

namespace fencepost::live {

class TapeWriter {
 public:
  static Result<std::unique_ptr<TapeWriter>> create(const std::string& path,
                                                    const node::NodeOptions& options);

  // In two halves, since the engine takes the event away.
  void event(node::Now now, const node::Event& event);
  void effects(const node::Effects& effects);
  // What could not be written, once.
  std::optional<Error> trouble();

 private:
  TapeWriter(Descriptor file, std::string path, std::shared_ptr<const node::Nodelist> nodelist);
  void put(std::string_view frame);

  Descriptor file_;
  std::string path_;
  std::shared_ptr<const node::Nodelist> nodelist_;
  node::Now now_{};
  std::string event_;
  std::optional<Error> trouble_;
  bool failed_ = false;
};

// Plays a tape, also one that is still being written: what is not there yet is fed later.
class TapePlayer {
 public:
  struct Step {
    node::Now now;
    node::Event event;
    const node::Effects* effects = nullptr;  // until the next step
    bool same = true;                        // as recorded
  };

  void feed(std::string_view bytes) { bytes_.append(bytes); }
  // Nothing: all that was fed is played. An Error: this is no tape, or one of another version.
  Result<std::optional<Step>> next();

  // From the first step on.
  const node::NodeOptions& options() const { return options_; }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t different() const { return different_; }

 private:
  std::optional<std::string_view> frame();
  Result<void> begin(std::string_view head);

  std::string bytes_;
  std::size_t at_ = 0;
  node::NodeOptions options_;
  std::unique_ptr<node::Node> engine_;
  std::uint64_t steps_ = 0, different_ = 0;
};

}  // namespace fencepost::live
