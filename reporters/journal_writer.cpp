#include "reporters/journal_writer.h"

#include <string>
#include <utility>

namespace fencepost::reporters {

struct JournalWriter::Shared {
  std::unique_ptr<Journal> journal;  // the thread's alone
  Journal::Tell tell;
  JournalWriterOptions options;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<backend::Record> waiting;
  std::size_t lost = 0;
  bool ending = false, ended = false;
};

JournalWriter::JournalWriter(std::unique_ptr<Journal> journal, Journal::Tell tell,
                             JournalWriterOptions options)
    : shared_(std::make_shared<Shared>()) {
  shared_->journal = std::move(journal);
  shared_->tell = std::move(tell);
  shared_->options = options;
  thread_ = std::thread([shared = shared_] { work(shared); });
}

JournalWriter::~JournalWriter() {
  std::unique_lock lock(shared_->mutex);
  shared_->ending = true;
  shared_->changed.notify_all();
  const bool ended =
      shared_->changed.wait_for(lock, shared_->options.end_within, [this] { return shared_->ended; });
  lock.unlock();
  // In the kernel, with a disk: the process ends without it.
  ended ? thread_.join() : thread_.detach();
}

void JournalWriter::observe(const backend::Record& record) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->waiting.size() >= shared_->options.waiting_max) {
    ++shared_->lost;
    return;
  }
  shared_->waiting.push_back(record);
  shared_->changed.notify_all();
}

void JournalWriter::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    shared->changed.wait_for(lock, shared->options.flush_every,
                             [&] { return !shared->waiting.empty() || shared->ending; });
    const std::deque<backend::Record> batch = std::exchange(shared->waiting, {});
    const std::size_t lost = std::exchange(shared->lost, 0);
    const bool last = shared->ending;
    lock.unlock();
    for (const backend::Record& record : batch) shared->journal->observe(record);
    if (lost > 0)
      shared->tell("the disk was too slow: " + std::to_string(lost) +
                   " records of the journal were not written");
    if (last)
      shared->journal.reset();
    else
      shared->journal->flush();
    lock.lock();
    if (!last) {
      // Together once a flush is due, unless somebody waits for the end.
      shared->changed.wait_for(lock, shared->options.flush_every, [&] { return shared->ending; });
      continue;
    }
    shared->ended = true;
    shared->changed.notify_all();
    return;
  }
}

}  // namespace fencepost::reporters
