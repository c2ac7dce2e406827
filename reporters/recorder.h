// Writes a run into an SQLite file while it goes on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/backend/record.h"
#include "engine/base/result.h"
#include "reporters/outage.h"
#include "reporters/query.h"

namespace fencepost::reporters {

struct InputFile {
  std::string name;  // as the scenario names it; empty: the scenario itself
  std::string content;
  bool operator==(const InputFile&) const = default;
};

struct RunInfo {
  std::string scenario;
  std::string path;
  std::string about;
  std::uint64_t seed = 0;
  std::string profile;
  std::vector<std::string> nodes;  // names, by node id
  std::vector<InputFile> inputs;
};

struct ExpectationResult {
  std::string text;
  std::string verdict;  // held, broken, undecided
  std::string why;
};

struct RunResult {
  SimTime end;
  std::string verdict;
  std::string fingerprint;
  std::vector<Outage> outages;
  std::vector<ExpectationResult> expectations;
};

// The file is written beside its place, as PATH.partial, and takes its place in finish(): what stands at PATH
// is whole. A partial file that a crash left can be read; its run has the status 'running'.
class Recorder : public backend::Observer {
 public:
  // Refuses to replace a file that is no recording.
  static Result<std::unique_ptr<Recorder>> create(const std::string& path, const RunInfo& info);
  // A recording that is only to be asked.
  static Result<std::unique_ptr<Recorder>> in_memory(const RunInfo& info);
  ~Recorder() override;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void begin(SimTime t0);
  // After a failure (disk full), observes nothing more; finish() tells.
  void observe(const backend::Record& record) override;
  bool failed() const;
  // What was observed so far survives a crash of this process.
  void flush();
  // Of a live run: what the engine of a node was told in one of its lives (engine/live/tape.h).
  Result<void> keep_tape(const std::string& node, int life, const std::string& content);
  Result<void> finish(const RunResult& result);
  // Of a recording in memory that is finished.
  Result<Answer> ask(const std::string& sql, const Where& where) const;

 private:
  struct Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<Recorder>> open(std::unique_ptr<Impl> impl, const RunInfo& info);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fencepost::reporters
