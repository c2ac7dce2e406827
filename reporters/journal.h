// The record of a node that runs for months: the same files as a run's, one after another, of bounded size
// and number.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/backend/record.h"
#include "engine/base/result.h"
#include "reporters/recorder.h"

namespace fencepost::reporters {

struct JournalOptions {
  std::string folder;  // /var/lib/fencepost/journal; made if it is missing
  std::uint64_t bytes_each = std::uint64_t{64} << 20;
  int files = 8;                // the one being written included
  Duration retry_after = 1min;  // when it could not be written
};

// journal-000017.sqlite; the one being written is journal-000018.sqlite.partial.
class Journal final : public backend::Observer {
 public:
  using Tell = std::function<void(const std::string&)>;

  // What a crash left is kept, as far as it was written.
  static Result<std::unique_ptr<Journal>> open(JournalOptions options, RunInfo info, Tell tell);
  ~Journal() override;  // finishes the file

  // Trouble is told, and costs the cluster nothing: what cannot be written is not written.
  void observe(const backend::Record& record) override;
  // What was observed survives a crash of this process from here on. To be called about every second.
  void flush();

 private:
  Journal(JournalOptions options, RunInfo info, Tell tell);
  Result<void> begin(SimTime at);
  void end();
  void forget_old_files() const;

  JournalOptions options_;
  RunInfo info_;
  Tell tell_;
  std::uint64_t number_ = 0;  // of the file being written
  std::uint64_t in_file_ = 0;
  std::string path_;
  std::unique_ptr<Recorder> recorder_;
  SimTime last_{}, failed_at_{};
  bool failing_ = false;
};

}  // namespace fencepost::reporters
