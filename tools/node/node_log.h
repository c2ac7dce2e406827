// What a node says while it runs: a line a record on standard error, for systemd's journal or a file.
#pragma once

#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "reporters/describe.h"

namespace fencepost::tools {

// Priorities of syslog, as sd-daemon(3) prefixes carry them.
enum class LogLevel { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

class NodeLog final : public backend::Observer {
 public:
  // `prefixed`: with "<5>" before each line, for systemd; else with the monotonic time.
  NodeLog(bool prefixed, reporters::Weight least) : prefixed_(prefixed), least_(least) {}

  void name_nodes(std::vector<std::string> names) { node_names_ = std::move(names); }
  void say(LogLevel level, const std::string& text) const;
  void observe(const backend::Record& record) override;

 private:
  bool prefixed_;
  reporters::Weight least_;
  std::vector<std::string> node_names_;
};

}  // namespace fencepost::tools
