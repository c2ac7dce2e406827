// The CIB on disk: one file a generation, each with a checksum. Whatever happens while one is written, those
// before it stay as they were.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace fencepost::cib {
struct Cib;
}

namespace fencepost::live {

struct StoreOptions {
  std::string folder;    // /var/lib/fencepost/cib; made if it is missing
  int generations = 20;  // so many are kept
};

class Generations {
 public:
  // Takes the newest generation that is whole. Fails only if the folder cannot be used, or if there are
  // generations and none of them is whole: a node must not join with an empty configuration by accident.
  static Result<Generations> open(StoreOptions options);

  // What was found; null on a new node.
  std::shared_ptr<const cib::Cib> stored() const { return stored_; }
  // What is wrong with generations newer than that one, a line each.
  const std::vector<std::string>& damage() const { return damage_; }
  std::uint64_t generation() const { return generation_; }

  // Returns when the CIB would survive a power cut. After an error nothing is lost; try again later.
  Result<void> write(const cib::Cib& cib);

 private:
  explicit Generations(StoreOptions options) : options_(std::move(options)) {}
  void forget_old_generations() const;

  StoreOptions options_;
  std::uint64_t generation_ = 0;
  std::shared_ptr<const cib::Cib> stored_;
  std::vector<std::string> damage_;
};

}  // namespace fencepost::live
