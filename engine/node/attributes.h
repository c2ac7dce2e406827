// The attribute manager: transient attributes on their way to the CIB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/node/step.h"

namespace fencepost::node {

class Attributes {
 public:
  // Writes after the dampening and the time a write takes. A newer value replaces one still waiting, and
  // waits no longer for it.
  void request(Step& step, const AttributeRequested& request);
  // For another node, by the DC: fail counts, shutdown.
  void write(Step& step, std::vector<PutTransient> changes);
  void fired(Step& step, std::uint64_t which);

  // What the group agreed on.
  void seen(const Step& step, const PutTransient& change, const cib::Cib& cib);
  // This node joined: what it knows of itself may have been forgotten while it was away.
  void rejoined(Step& step, const cib::Cib& cib);
  void forget_own() { own_.clear(); }

 private:
  struct Waiting {
    std::vector<PutTransient> changes;
  };

  void arm(Step& step, Duration dampening, std::uint64_t place);

  std::map<std::string, std::string> own_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::map<std::string, std::uint64_t> dampened_;  // by attribute: its place in waiting_
  std::uint64_t last_ = 0;
  SimTime last_write_{};
};

}  // namespace fencepost::node
