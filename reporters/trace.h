// The lab's trace: one JSON object a line, so that `lab compare` can score a prediction
// (shared/lab/README.md).
#pragma once

#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "reporters/outage.h"

namespace fencepost::reporters {

struct TraceMeta {
  std::string name;
  std::string about;
  std::vector<std::string> nodes;
  std::string
      json_extra;  // a JSON object with more members of the meta line (corosync, agents …); may be empty
};

class TraceWriter : public backend::Observer {
 public:
  TraceWriter(std::ostream& out, std::vector<std::string> node_names);
  ~TraceWriter() override;

  // t=0. Writes the meta line and the situation: roles and DCs as observed so far. Nothing before is written.
  void begin(SimTime t0, const TraceMeta& meta);
  void observe(const backend::Record& record) override;
  // What is known only at the end.
  void finish(const std::vector<Outage>& outages);

 private:
  struct Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace fencepost::reporters
