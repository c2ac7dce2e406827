// What an expectation can speak of, noted down while the run goes on. Good runs of monitors are not: an idle
// year costs nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/backend/record.h"

namespace fencepost::scenarios {

struct Seen {
  enum class Kind : std::uint8_t {
    action,     // what: "fs:stop", result: "ok", "timeout" or the rc
    start,      // what: "fs:stop"
    fence,      // what: the node that a device took; result: why it was asked for
    fence_try,  // what: the node; a device failed
    role,       // what: "drbd Promoted"
    fault,      // what: the verb
    blocked,    // what: the command; result: what it waits for
    dc,         // what: the node
    down,       // what: the resource
    served,     // what: the resource
    violation,  // what: the invariant; result: what was seen
  };
  Kind kind = Kind::action;
  SimTime at;
  std::string node, what, result;
};

class Witness : public backend::Observer {
 public:
  void observe(const backend::Record& record) override;

  const std::vector<Seen>& seen() const { return seen_; }
  // "Stopped" if nothing is known.
  std::string role(const std::string& resource, const std::string& node, SimTime at) const;
  int transitions(SimTime since) const;

 private:
  void note(Seen::Kind kind, SimTime at, std::string_view node, std::string_view what,
            std::string_view result = {});
  void fenced(const std::string& target, SimTime at);
  void hear(const node::JournalEntry& entry, SimTime at);
  void see(const backend::Observation& observation, SimTime at);

  std::vector<Seen> seen_;
  // By target. One fencing is noted once: when a device took the node or, if it was off already, when the
  // cluster is told that it is fenced.
  // A device that reports success for a node which was on all the time lies, and nobody was fenced.
  struct Fencing {
    std::string reason;  // of the latest request
    bool noted = false;
    bool over = false;
    bool was_off = false;  // at the request, or since
  };
  std::map<std::string, Fencing> fencing_;
  std::set<std::string> off_;
  std::vector<SimTime> transitions_;
};

bool is_failure(const Seen& action);  // of an action's result

}  // namespace fencepost::scenarios
