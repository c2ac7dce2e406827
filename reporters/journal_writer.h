// A journal that is written on a thread of its own: a disk that hangs must not hold up an engine.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "reporters/journal.h"

namespace fencepost::reporters {

struct JournalWriterOptions {
  std::size_t waiting_max = 20'000;  // records; what comes while so many wait is not written, and counted
  Duration flush_every = 1s;         // so much may a crash cost
  Duration end_within = 5s;  // a disk that still hangs when the node ends is not waited for any longer
};

class JournalWriter final : public backend::Observer {
 public:
  // `tell` is the journal's, and told of what was lost; on the writer's own thread.
  JournalWriter(std::unique_ptr<Journal> journal, Journal::Tell tell, JournalWriterOptions options = {});
  ~JournalWriter() override;  // writes what waits
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  void observe(const backend::Record& record) override;

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // with a thread that may outlive this object
  std::thread thread_;
};

}  // namespace fencepost::reporters
