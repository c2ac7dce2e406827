#include "tools/node/node_log.h"

#include <cstdio>

#include "engine/live/clock.h"

namespace fencepost::tools {

void NodeLog::say(LogLevel level, const std::string& text) const {
  // One write a line, so that lines of two processes in one file do not mix.
  std::string line;
  if (prefixed_) {
    line = "<" + std::to_string(static_cast<int>(level)) + ">";
  } else {
    char when[32];
    std::snprintf(when, sizeof when, "%.6f ", to_seconds(live::monotonic_now().time_since_epoch()));
    line = when;
  }
  line += text + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void NodeLog::observe(const backend::Record& record) {
  const reporters::Description description = reporters::describe(record, node_names_);
  if (description.weight < least_) return;
  const LogLevel level = description.weight == reporters::Weight::headline ? LogLevel::notice
                         : description.weight == reporters::Weight::normal ? LogLevel::info
                                                                           : LogLevel::debug;
  say(level, description.subject.empty() ? description.text : description.subject + ": " + description.text);
}

}  // namespace fencepost::tools
