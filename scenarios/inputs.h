// The files a scenario is made of: itself, its CIB, corosync.conf, DRBD resources. Read once from disk, kept,
// and put into the recording, which can thus be replayed anywhere.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "reporters/recorder.h"
#include "scenarios/document.h"

namespace fencepost::scenarios {

using InputFile = reporters::InputFile;

class Inputs {
 public:
  // From disk; what a scenario names is relative to the scenario.
  static Result<Inputs> from_disk(const std::string& scenario_path);
  // From a recording.
  static Inputs from_recording(std::string scenario_path, std::vector<InputFile> files);

  const std::string& scenario_path() const { return scenario_path_; }
  const std::string& scenario_text() const { return files_.front().content; }
  // The file that a value names, relative to the file in which the value stands.
  Result<std::string> content(const Value& name);
  std::string path_of(const Value& name) const;  // for messages
  const std::vector<InputFile>& files() const { return files_; }

 private:
  std::string name_of(const Value& name) const;  // relative to the scenario

  std::string scenario_path_;
  std::vector<InputFile> files_;  // the scenario first
  bool disk_ = true;
};

// Why not, in words people know: "No such file or directory".
Result<std::string> read_text_file(const std::string& path);

}  // namespace fencepost::scenarios
