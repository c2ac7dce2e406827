// What Pacemaker 2.1.5 would have written into pacemaker.log about a record: for patterns that were made for
// the real log (a lab script's `when: {log: …}`). The words are those seen in logs of real clusters
// (docs/scenarios.md has the table).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/backend/record.h"

namespace fencepost::reporters {

class PacemakerLog {
 public:
  explicit PacemakerLog(std::vector<std::string> node_names) : names_(std::move(node_names)) {}

  // The lines of one record, in order; most have none or one. What really happened in the world is in no log.
  std::vector<std::string> lines(const backend::Record& record);

 private:
  struct Writer;

  std::vector<std::string> names_;
  std::map<std::size_t, std::string> state_;                               // of each node's controller
  std::map<std::pair<std::string, std::string>, std::string> attributes_;  // by node and name
};

}  // namespace fencepost::reporters
