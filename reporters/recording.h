// Reads a recording back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "reporters/recorder.h"

namespace fencepost::reporters {

struct RecordedTransition {
  std::int64_t seq = 0;
  std::string dc;
  int id = 0;
  double calculated = 0;  // seconds since t=0
  std::string reason, status, abort_reason;
  std::string graph_dot, graph_xml, input_cib;
};

struct RecordedLine {
  std::int64_t seq = 0;
  std::int64_t t_ns = 0;
  std::string node, kind, subject, text;
  bool operator==(const RecordedLine&) const = default;
};

// What the engine of a node was told in one of its lives.
struct RecordedTape {
  std::string node;
  int life = 0;
  std::string content;
};

class Recording {
 public:
  // Fails on a file that is no recording, or is of a schema that this version does not read.
  static Result<Recording> open(const std::string& path);
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;
  ~Recording();

  RunInfo info;
  std::string version;
  bool complete = false;  // false: the run was cut short
  std::string verdict, fingerprint;
  std::int64_t t0_ns = 0;

  std::vector<RecordedTransition> transitions() const;
  std::vector<RecordedTape> tapes() const;  // of a live run
  // In order; until `take` says false.
  void lines(const std::function<bool(const RecordedLine&)>& take) const;

 private:
  Recording();
  struct Database;
  std::unique_ptr<Database> database_;
};

// The first line in which two recordings differ; what one of them lacks is nothing.
struct Difference {
  std::optional<RecordedLine> before, now;
};
std::optional<Difference> first_difference(const Recording& before, const Recording& now);

}  // namespace fencepost::reporters
